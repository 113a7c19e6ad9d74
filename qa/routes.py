"""Every route under /api: what comes in is handed to the library, and what it gives goes out; no logic."""

from __future__ import annotations

import os
import threading
from collections.abc import Generator
from dataclasses import fields
from datetime import date
from itertools import chain
from typing import Annotated, Any, get_type_hints

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Body, Depends, HTTPException, Query, Request, Response, UploadFile
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, StreamingResponse
from pydantic import BaseModel, create_model
from starlette.routing import Match
from starlette.types import Receive, Scope, Send

from qa import exports
from qa.answers import Answer
from qa.apidocs import docs_page
from qa.audit import Audit
from qa.citations import CitationInContext
from qa.conversations import Conversation
from qa.errors import NotFound, UsageError
from qa.folder import shown
from qa.forgetting import Forgotten
from qa.library import Library
from qa.plain import plain
from qa.resolving import Resolved
from qa.retelling import retell
from qa.schemas import (
    Added,
    AskBody,
    ExportBody,
    ForgetBody,
    Hits,
    ResolveBody,
    SearchBody,
    SyncBody,
    Text,
    VerifyBody,
)
from qa.shelf import Folder
from qa.spans import Span
from qa.status import LibraryFile, Status
from qa.streams import lines
from qa.syncing import SyncReport
from qa.talks import Talk
from qa.verifying import Verification

MOST_TEXT = 200_000
"""The most characters of a text in one response."""

MOST_VERIFYING, MOST_DRAWN = 2, 2
"""Verifications at once; the others wait, and hold no thread."""
_METHODS = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]


Listed: Any = create_model(  # a LibraryFile as its JSON: without the function that reads it
    "Document",
    **{each.name: get_type_hints(LibraryFile)[each.name] for each in fields(LibraryFile) if each.name[0] != "_"},
)


class Documents(BaseModel):
    """Files of the folder; where only some were asked for, how many there are, and the folders that they are in."""

    documents: list[Listed]
    total: int | None = None
    folders: list[Folder] | None = None


# `async`, so that getting at the library costs no hop to another thread
async def _of_app(request: Request) -> Library:
    library: Library = request.app.state.library
    return library


Lib = Annotated[Library, Depends(_of_app)]
routes = APIRouter()


def _json(value: Any, status: int = 200) -> JSONResponse:
    """Answer with exactly the JSON of the objects; the models only document it."""
    return JSONResponse(plain(value), status)


# Asking.

_STREAMED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The answer; with `stream`, server-sent events: `passages` (what was found; a second one, "
        "ranked anew, takes its place), `delta`, `sentence`, `citation`, `replace` (the text so far is withdrawn), "
        "`answer` (the whole, last), `error` (problem details, ends it).",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


@routes.post("/api/ask", response_model=Answer, responses=_STREAMED, tags=["Asking"])
def ask(body: AskBody, library: Lib, request: Request) -> Response:
    """Answer a question from the documents, every sentence with the words it rests on."""
    history = [each.model_dump() for each in body.history]
    options: dict[str, Any] = {"count": body.count, "within": body.within, "rerank": body.rerank, "history": history}
    options["conversation"] = body.conversation
    if not body.stream:
        return _json(library.ask(body.question, **options))
    stop = threading.Event()
    events = library.stream(body.question, **options, stop=stop)
    first = next(events)  # what is wrong with the question itself is told before the stream begins
    return _ServerSent(lines(chain([first], events), request.url.path), stop)


class _ServerSent(StreamingResponse):
    """A stream of events that ends its source when the client goes away."""

    def __init__(self, lines: Generator[str, None, None], stop: threading.Event) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(lines, media_type="text/event-stream", headers=headers)
        self._lines, self._stop = lines, stop

    async def listen_for_disconnect(self, receive: Receive) -> None:
        """Wait until the client has gone; whoever waits for a model then need not wait until it says something."""
        await super().listen_for_disconnect(receive)
        self._stop.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._lines.close()  # Starlette leaves it to the garbage collector, and an answerer would go on for nobody


# Conversations.


class Conversations(BaseModel):
    """Conversations, the last first."""

    conversations: list[Conversation]


@routes.get("/api/conversations", response_model=Conversations, tags=["Conversations"])
def conversations(library: Lib, q: str = "", count: int = 50, after: str | None = None) -> Response:
    """List conversations; with `q` those that have its words; `after` is the id of the last one that is known."""
    return _json({"conversations": library.conversations(q, count=count, after=after)})


@routes.post("/api/conversations", status_code=201, response_model=Conversation, tags=["Conversations"])
def begin(library: Lib) -> Response:
    """Begin a conversation: it is named by its first question."""
    return _json(library.begin_conversation(), 201)


@routes.get("/api/conversations/{id}", response_model=Talk, tags=["Conversations"])
def conversation(id: str, library: Lib) -> Response:
    """Tell what was asked and answered, what is cited looked up again."""
    return _json(library.conversation(id))


@routes.delete("/api/conversations/{id}", status_code=204, response_class=Response, tags=["Conversations"])
def forget_conversation(id: str, library: Lib) -> Response:
    """Delete a conversation."""
    library.forget_conversation(id)
    return Response(status_code=204)


@routes.post("/api/search", response_model=Hits, tags=["Asking"])
def search(body: SearchBody, library: Lib) -> Response:
    """Find the best passages, by words and by meaning."""
    hits = library.search(body.query, count=body.count, within=body.within, rerank=body.rerank)
    return _json({"hits": hits})


# Citations.


@routes.post("/api/citations/resolve", response_model=Resolved, tags=["Citations"])
def resolve(body: ResolveBody, library: Lib) -> Response:
    """Find a quote in the library, as a citation, with the other places where it stands."""
    return _json(library.resolve(body.quote, prefix=body.prefix, suffix=body.suffix, document=body.document))


@routes.post("/api/citations/verify", response_model=Verification, tags=["Citations"])
async def verify(body: VerifyBody, library: Lib, request: Request) -> Response:
    """Say of each sentence of a text whether the documents support it, and where."""
    # they take long: so many at once, and the others wait without holding a thread that could answer somebody else
    limiter: CapacityLimiter = request.app.state.verifying
    return await to_thread.run_sync(lambda: _json(library.verify(body.text)), limiter=limiter)


@routes.get("/api/citations", response_model=Audit, tags=["Citations"])
def audit(library: Lib, status: str | None = None, count: int = 100, after: str | None = None) -> Response:
    """List the citations that were given and have a status now; without one, all that are not valid any more."""
    return _json(library.audit(status, count=count, after=after))


@routes.get("/api/citations/{id:path}", response_model=CitationInContext, tags=["Citations"])
def citation(id: str, library: Lib, context: int = 300) -> Response:
    """Look a citation up again, with so many characters before and after it, and whether it still holds."""
    return _json(library.citation(id, context=context))


@routes.post("/api/export", response_class=Response, tags=["Citations"])
def export(body: ExportBody, library: Lib, request: Request) -> Response:
    """Write answers as a file that carries their citations, each looked up anew."""
    answers = _exported(body, library)
    url = str(request.base_url) if getattr(request.app.state, "page", False) else None
    words = exports.export(answers, body.format, url=url, on=date.today(), text=library.text)
    return Response(exports.encode(words), headers=exports.attachment("answers", body.format))


def _exported(body: ExportBody, library: Library) -> list[Answer]:
    match body.answers, body.conversation:
        case None, str(id_):
            return library.conversation(id_).left()
        case list(told), None:
            with library.lookups() as look_up:
                return retell([each.model_dump() for each in told], look_up)
    raise UsageError("What is to be exported is not clear: send either `answers` or the id of a `conversation`.")


# Documents.


@routes.get("/api/documents", response_model=Documents, tags=["Documents"])
def documents(library: Lib, q: str = "", count: int | None = None) -> Response:
    """List the files of the folder: all of them, or with a `count` the first that have the words of `q`."""
    if q or count is not None:
        return _json(library.find_documents(q, count=500 if count is None else count).to_dict())
    return _json({"documents": [each.to_dict() for each in library.documents()]})


# A path may stand for an id, with its slashes; the routes with an ending come first.
@routes.get("/api/documents/{id:path}/text", response_model=Text, tags=["Documents"])
def text(
    id: str, library: Lib, start: Annotated[int, Query(ge=0)] = 0, end: Annotated[int | None, Query(ge=0)] = None
) -> Response:
    """Read the text of a document or a part of it, at most 200,000 characters at once."""
    if end is not None and end < start:
        raise UsageError("The start must not be after the end.")
    file = library.document(id)
    if file.id is None:
        raise NotFound(f"The file could not be read: {file.reason}")
    first = min(start, file.characters)
    last = max(first, min(file.characters if end is None else end, file.characters, first + MOST_TEXT))
    words = library.text(file.id, Span(first, last))
    return _json({"id": file.id, "start": first, "end": last, "length": file.characters, "text": words})


@routes.get("/api/documents/{id:path}/file", response_class=FileResponse, tags=["Documents"])
def file(id: str, library: Lib) -> Response:
    """Download the file itself."""
    place = library.original(id)
    # a document may be a page with scripts: opened here it must not run as ours
    safe = {"Content-Security-Policy": "sandbox; default-src 'none'", "X-Content-Type-Options": "nosniff"}
    name = shown(os.fsencode(place.name))
    return FileResponse(place, filename=name, headers=safe, content_disposition_type="attachment")


@routes.get("/api/documents/{id:path}/pages/{number:int}", response_class=Response, tags=["Documents"])
async def page(
    id: str, number: int, library: Lib, request: Request, cite: str | None = None, width: int = 1_000
) -> Response:
    """Draw a page of a PDF as a PNG, so many pixels wide; the words of a citation (`cite`) are marked there.

    `X-Marked` says on how many lines: on none where nobody knows where they stand, as on a page that is a picture.
    """

    def answer() -> Response:
        drawn = library.page(id, number, cite=cite, width=width)
        headers = {"Cache-Control": "no-store", "X-Marked": str(len(drawn.boxes))}
        return Response(drawn.png, media_type="image/png", headers=headers)

    # each is drawn by a process of its own: so many at once, and the others wait without holding a thread
    limiter: CapacityLimiter = request.app.state.drawing
    return await to_thread.run_sync(answer, limiter=limiter)


@routes.get("/api/documents/{id:path}", response_model=Listed, tags=["Documents"])
def document(id: str, library: Lib) -> Response:
    """Tell what is known of a file, by its document's id or its path."""
    return _json(library.document(id).to_dict())


@routes.post("/api/documents", status_code=201, response_model=Added, tags=["Documents"])
def upload(files: list[UploadFile], library: Lib) -> Response:
    """Write files into the folder and read them; a name that is taken gets a number."""
    return _json({"paths": [library.add(each.filename or "", each.file.read()) for each in files]}, 201)


@routes.delete("/api/documents", status_code=204, response_class=Response, tags=["Documents"])
def delete(path: str, library: Lib) -> Response:
    """Delete a file from the folder itself, and all that is known of it."""
    library.delete(path)
    return Response(status_code=204)


@routes.post("/api/forget", response_model=Forgotten, tags=["Documents"])
def forget(body: ForgetBody, library: Lib) -> Response:
    """Erase what is known of a file or a folder that is gone, so that nothing of it is left in the index."""
    return _json(library.forget(body.path, delete_file=body.delete_file))


# Upkeep.


@routes.post("/api/sync", response_model=SyncReport, tags=["Upkeep"])
def sync(library: Lib, body: Annotated[SyncBody | None, Body()] = None) -> Response:
    """Make the index equal the folder."""
    return _json(library.sync(wait=bool(body and body.wait)))


@routes.get("/api/status", response_model=Status, tags=["Upkeep"])
def status(library: Lib) -> Response:
    """Tell how the library stands, and how far a sync is."""
    return _json(library.status())


@routes.get("/healthz", tags=["Upkeep"])
async def healthz() -> dict[str, str]:
    """Tell that the server runs; needs no key."""
    return {"status": "ok"}


@routes.get("/docs", include_in_schema=False)
async def docs() -> HTMLResponse:
    """Show this interface to a reader, without a request to anywhere else."""
    page, policy = docs_page()
    return HTMLResponse(page, headers={"Content-Security-Policy": policy})


@routes.api_route("/api", methods=_METHODS, include_in_schema=False)
@routes.api_route("/api/{rest:path}", methods=_METHODS, include_in_schema=False)
async def unknown(request: Request) -> None:
    """Refuse what is no route of ours: a page at / would answer it otherwise."""
    known = [route for route in routes.routes if route.matches(request.scope)[0] is Match.PARTIAL]
    methods = sorted({method for route in known for method in getattr(route, "methods", None) or ()})
    if methods:
        raise HTTPException(405, f"This address takes {' and '.join(methods)} only.", {"Allow": ", ".join(methods)})
    raise HTTPException(404, "There is no such address here: /docs lists them all.")
