"""The same object as a library, spoken to over HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote as quoted

from qa.errors import QAError, ServerError
from qa.globs import Within
from qa.plain import plain, restore
from qa.pluggable import Pluggable
from qa.status import LibraryFile, Status
from qa.streams import events

if TYPE_CHECKING:  # httpx, and what the types below load, is paid for only by who finds a server to speak to
    from datetime import date

    import httpx

    from qa.answers import Answer, Event
    from qa.audit import Audit
    from qa.citations import CitationInContext
    from qa.conversations import Conversation
    from qa.followups import History
    from qa.forgetting import Forgotten
    from qa.progress import Progress
    from qa.resolving import Resolved
    from qa.search import Hit
    from qa.spans import Span
    from qa.syncing import SyncReport
    from qa.talks import Talk
    from qa.verifying import Checking, Verification

T = TypeVar("T")
_ANSWERS_WITHIN = 2.0
"""How long a server may take to say that it is there, in seconds."""
_LOOK_EVERY = 0.5
"""How often a long sync elsewhere is asked how far it is, in seconds."""


class RemoteLibrary(Pluggable):
    """A library that another process holds: the same methods, objects and errors as `Library`."""

    def __init__(self, url: str, key: str | None = None) -> None:
        """Take where it answers, and the key it asks for."""
        import httpx

        self.url = url
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        # no time limit to read: models think and syncs embed for as long as it takes; who dies closes its sockets
        # trust_env off: what is asked here is not for the proxy that the environment may name
        timeout = httpx.Timeout(None, connect=_ANSWERS_WITHIN)
        self._client = httpx.Client(base_url=url, headers=headers, timeout=timeout, trust_env=False)

    def answers(self) -> bool:
        """Tell whether anybody is there."""
        try:
            self._send("GET", "/healthz", timeout=_ANSWERS_WITHIN)
        except QAError:
            return False
        return True

    # Asking.

    def search(self, query: str, *, count: int = 10, within: Within = None, rerank: bool | None = None) -> list[Hit]:
        """Return the best passages; `within` are globs over paths, `rerank` lets the best be read and ranked anew."""
        from qa.search import Hit

        body = {"query": query, "count": count, "within": within, "rerank": rerank}
        return restore(list[Hit], self._send("POST", "/api/search", json=body)["hits"])

    def ask(
        self,
        question: str,
        *,
        count: int = 10,
        within: Within = None,
        rerank: bool | None = None,
        history: History = None,
        conversation: str | None = None,
    ) -> Answer:
        """Answer from the documents, every sentence with the words it rests on; `history` is what was said before."""
        from qa.answers import Answer

        body = {"question": question, "count": count, "within": within, "rerank": rerank, "history": _said(history)}
        body["conversation"] = conversation
        return restore(Answer, self._send("POST", "/api/ask", json=body))

    def stream(
        self,
        question: str,
        *,
        count: int = 10,
        within: Within = None,
        rerank: bool | None = None,
        history: History = None,
        conversation: str | None = None,
    ) -> Iterator[Event]:
        """Answer as `ask` does, step by step; the last event holds the whole answer."""
        body = {"question": question, "count": count, "within": within, "rerank": rerank, "history": _said(history)}
        body |= {"conversation": conversation, "stream": True}
        with self._sentences(), self._client.stream("POST", "/api/ask", json=body) as response:
            if response.is_error:
                response.read()
                self._check(response)
            yield from events(response.iter_bytes())

    # Conversations.

    def begin_conversation(self) -> Conversation:
        """Begin a conversation: `ask` adds to the one that is named."""
        from qa.conversations import Conversation

        return restore(Conversation, self._send("POST", "/api/conversations"))

    def conversations(self, query: str = "", *, count: int = 50, after: str | None = None) -> list[Conversation]:
        """List the conversations, the last first; with a query those that have its words."""
        from qa.conversations import Conversation

        asked = {"q": query, "count": count} | ({"after": after} if after else {})
        return restore(list[Conversation], self._send("GET", "/api/conversations", params=asked)["conversations"])

    def conversation(self, id: str) -> Talk:
        """Return a conversation, what its answers cite looked up again. Raises NotFound."""
        from qa.talks import Talk

        return restore(Talk, self._send("GET", f"/api/conversations/{quoted(id, safe='')}"))

    def forget_conversation(self, id: str) -> None:
        """Delete a conversation. Raises NotFound."""
        self._send("DELETE", f"/api/conversations/{quoted(id, safe='')}")

    # Citations and documents.

    def export(
        self,
        answers: Answer | Sequence[Answer],
        format: str = "markdown",
        *,
        url: str | None = None,
        files: str | None = None,
        on: date | None = None,
    ) -> str:
        """Write answers as `markdown`, `html`, `json`, `annotations` or `csl`, each citation looked up again."""
        from qa.exports import export

        look_up = partial(self.citation, context=0)
        return export(answers, format, url=url, files=files, on=on, text=self.text, look_up=look_up)

    def page(self) -> str | None:
        """Return where the page is, if there is one, and not the API alone."""
        return self.url if self._client.get("/page/page.svg").is_success else None

    def citation(self, id: str, *, context: int = 300) -> CitationInContext:
        """Look a citation up again, with so many characters around it."""
        from qa.citations import CitationInContext

        found = self._send("GET", f"/api/citations/{quoted(id, safe='')}", params={"context": context})
        return restore(CitationInContext, found)

    def audit(self, status: str | None = None, *, count: int | None = None, after: str | None = None) -> Audit:
        """List the citations that were given and are not valid any more, or that have a status."""
        from qa.audit import MOST, Audit, joined

        def page(after: str | None) -> Audit:
            asked = {"status": status, "count": MOST if count is None else count, "after": after}
            some = {name: value for name, value in asked.items() if value is not None}
            return restore(Audit, self._send("GET", "/api/citations", params=some))

        return joined(page, after) if count is None else page(after)

    def resolve(self, quote: str, *, prefix: str = "", suffix: str = "", document: str | None = None) -> Resolved:
        """Find a quote in the library, as a citation, with the other places where it stands."""
        from qa.resolving import Quote, Resolved

        Quote.read(quote, prefix, suffix)
        body = {"quote": quote, "prefix": prefix, "suffix": suffix, "document": document}
        return restore(Resolved, self._send("POST", "/api/citations/resolve", json=body))

    def verify(self, text: str, *, progress: Callable[[Checking], None] | None = None) -> Verification:
        """Say of each sentence of a text whether the documents support it, and where; how far it is nobody tells."""
        from qa.drafts import check
        from qa.verifying import Verification

        check(text)
        return restore(Verification, self._send("POST", "/api/citations/verify", json={"text": text}))

    def documents(self) -> list[LibraryFile]:
        """List the files, one entry each."""
        return [self._file(each) for each in self._send("GET", "/api/documents")["documents"]]

    def document(self, id: str) -> LibraryFile:
        """Return the file with this document id (16 hex digits or more) or path."""
        return self._file(self._send("GET", f"/api/documents/{quoted(id)}"))

    def text(self, id: str, span: Span | None = None) -> str:
        """Return the text of a document by its id, or the words of a span of it."""
        start, end = (span.start, span.end) if span is not None else (0, None)
        words = []
        while True:  # a long text comes in parts
            asked = {"start": start} if end is None else {"start": start, "end": end}
            part = self._send("GET", f"/api/documents/{quoted(id)}/text", params=asked)
            words.append(part["text"])
            start = part["end"]
            if not part["text"] or start >= min(part["length"] if end is None else end, part["length"]):
                return "".join(words)

    # Changing the folder.

    def add(self, path: str, data: bytes) -> str:
        """Write a file into the folder and read it; a name that is taken gets a number. Return its path."""
        return str(self._send("POST", "/api/documents", files={"files": (path, data)})["paths"][0])

    def delete(self, path: str) -> None:
        """Delete a file of the folder itself, and all that is known of it."""
        self._send("DELETE", "/api/documents", params={"path": path})

    def forget(self, path: str | None, *, delete_file: bool = False) -> Forgotten:
        """Erase what is known of a file that is gone, or of all below a folder; None: of all that are gone."""
        from qa.forgetting import Forgotten

        body = {"path": path, "delete_file": delete_file}
        return restore(Forgotten, self._send("POST", "/api/forget", json=body))

    # Keeping the index equal to the folder.

    def sync(self, *, wait: bool = True, progress: Callable[[Progress], None] | None = None) -> SyncReport:
        """Make the index equal the folder; without `wait` return once it can be searched."""
        from qa.syncing import SyncReport

        ask = partial(self._send, "POST", "/api/sync", json={"wait": wait})
        return restore(SyncReport, self._watching(ask, progress) if progress else ask())

    def status(self) -> Status:
        """Say how the library stands."""
        return restore(Status, self._send("GET", "/api/status"))

    @property
    def trouble(self) -> str | None:
        """Say in a sentence what does not work there though all else goes on."""
        return self.status().trouble

    def close(self) -> None:
        """Close the connection; the other process goes on."""
        self._client.close()

    def __enter__(self) -> RemoteLibrary:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Inside.

    def _send(self, method: str, path: str, **what: Any) -> Any:
        with self._sentences():
            response = self._client.request(method, path, **what)
            self._check(response)
            return response.json() if response.content else None

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        """Say in a sentence what goes wrong between us and the server."""
        import httpx

        try:
            yield
        except (httpx.HTTPError, ValueError) as error:
            raise ServerError(
                f"The process that holds the index does not answer at {self.url}: it may have just ended; try again."
            ) from error

    def _check(self, response: httpx.Response) -> None:
        from qa.problems import error_of

        if response.is_error:
            raise error_of(response.json())

    def _file(self, found: dict[str, Any]) -> LibraryFile:
        return LibraryFile(**found, _read=lambda: self.text(found["id"]) if found["id"] else "")

    def _watching(self, ask: Callable[[], T], progress: Callable[[Progress], None]) -> T:
        """Do something long there, and tell meanwhile how far it is."""
        from qa.progress import Progress

        with ThreadPoolExecutor(1, "qa-remote") as pool:
            asked = pool.submit(ask)
            while not asked.done():
                now = self.status()
                if now.phase != "idle":
                    progress(Progress(now.phase, now.done, now.total, now.done / now.rate if now.rate else 0.0))
                time.sleep(_LOOK_EVERY)
            return asked.result()


def _said(history: History) -> list[dict[str, Any]]:
    """Return what was said before as JSON. Raises UsageError, TooLarge."""
    from qa.followups import read_history

    return [plain(turn) for turn in read_history(history)]
