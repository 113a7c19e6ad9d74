"""The HTTP door: the app of a library, its errors and who is let in; its documentation at /docs; no page."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from anyio import CapacityLimiter
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as AnyHTTPException

from qa import __version__
from qa.errors import NotFound, QAError, TooLarge, UsageError
from qa.guard import BodyLimit, Guard, LastResort
from qa.library import Library
from qa.problems import MEDIA_TYPE, problem, unexpected
from qa.routes import MOST_DRAWN, MOST_VERIFYING, routes
from qa.schemas import Problem

_TITLE = "Chapter & Verse"
_UNREAD = "There was an error parsing the body"
"""What FastAPI says of a body that is no text."""
_ABOUT = "Ask a folder of documents; every sentence of the answer cites the exact words it rests on."


def create_app(
    library: Library, *, hosts: frozenset[str] | None, key: str | None = None, local_key: str | None = None
) -> FastAPI:
    """Make the app of a library; a page may be mounted at "/".

    `hosts` are the Host headers that are ours (`guard.own_hosts`; None: any, where a key guards it). With `key`, every
    request must bring it or `local_key`, which is for processes of this machine's user.
    """
    app = FastAPI(
        title=_TITLE,
        description=_ABOUT,
        version=__version__,
        docs_url=None,  # both of FastAPI's pages load scripts from the network
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
        responses={
            422: {"model": Problem, "description": "What was sent is not what is taken."},
            "default": {"model": Problem, "description": "An error, in one sentence."},
        },
        # newer versions of FastAPI send traces where the environment says so
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.state.library = library
    app.state.verifying = CapacityLimiter(MOST_VERIFYING)
    app.state.drawing = CapacityLimiter(MOST_DRAWN)
    app.include_router(routes)
    app.add_exception_handler(QAError, _answer_error)
    app.add_exception_handler(RequestValidationError, _answer_error)
    app.add_exception_handler(AnyHTTPException, _answer_error)
    app.add_middleware(BodyLimit, upload_mb=library.settings.max_file_mb)
    app.add_middleware(Guard, hosts=hosts, key=key, local_key=local_key)
    app.add_middleware(LastResort)  # added last: it comes first
    return app


def _answer_error(request: Request, error: Exception) -> JSONResponse:
    headers = error.headers if isinstance(error, AnyHTTPException) else None
    said = _said(error)
    http = error.status_code if isinstance(error, AnyHTTPException) else None
    http = 422 if isinstance(error, RequestValidationError) else http
    details = problem(said, instance=request.url.path, status=http)
    return JSONResponse(details, details["status"], headers, media_type=MEDIA_TYPE)


def _said(error: Exception) -> QAError:
    """Return any error as one of ours, with a sentence."""
    if isinstance(error, QAError):
        return error
    if isinstance(error, RequestValidationError):
        return UsageError(_first(error.errors()[0]))
    if isinstance(error, AnyHTTPException) and error.detail == _UNREAD:
        return UsageError("The body cannot be read: send JSON in UTF-8, with `Content-Type: application/json`.")
    if isinstance(error, AnyHTTPException):
        kinds: dict[int, type[QAError]] = {404: NotFound, 413: TooLarge}
        sentence = error.detail if "." in error.detail else f"{HTTPStatus(error.status_code).phrase}: {error.detail}."
        return kinds.get(error.status_code, UsageError)(sentence)
    return unexpected()


def _first(error: Mapping[str, Any]) -> str:
    """Say what is wrong with a request, in one sentence that names the field."""
    where = ".".join(str(part) for part in error["loc"][1:])
    match error["type"]:
        case "json_invalid":
            return f"The body is not JSON: {error['ctx']['error']} at character {error['loc'][-1]}."
        case "missing":
            return f"«{where}» is missing." if where else "The body is missing: send JSON, with its content type."
        case "model_attributes_type":
            return "The body is not a JSON object: send one, with `Content-Type: application/json`."
        case "extra_forbidden":
            return f"There is no «{where}» here: /docs lists what can be sent."
    return f"«{where}» is not usable: {error['msg']}." if where else f"The body is not usable: {error['msg']}."
