"""The page: gradio's layout around our own HTTP API, mounted beside it on the same port."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.responses import FileResponse
from starlette.datastructures import MutableHeaders
from starlette.routing import Mount

from qa.errors import NotFound
from qa.library import Library

if TYPE_CHECKING:
    from gradio import Blocks, Theme
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HERE = Path(__file__).parent
_FILES = {
    "page.svg": "image/svg+xml",
    "page.css": "text/css",
    "page.js": "text/javascript",
    "page_answer.js": "text/javascript",
    "page_paper.js": "text/javascript",
    "page_shelf.js": "text/javascript",
    "page_source.js": "text/javascript",
    "page_table.js": "text/javascript",
    "page_talk.js": "text/javascript",
    "page_text.js": "text/javascript",
    "page_tools.js": "text/javascript",
}
_HEAD = """
<link rel="icon" href="/page/page.svg">
<link rel="stylesheet" href="/page/page.css">
<script type="module" src="/page/page.js"></script>
"""
_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; manifest-src 'self'; base-uri 'self'; "
    "form-action 'none'; frame-ancestors 'none'"
)
"""Gradio sets style attributes, so styles are allowed inline; scripts only with this answer's nonce, and no `eval`."""


def mount(app: FastAPI, library: Library) -> FastAPI:
    """Put the page at `/`. Call it last: gradio takes every path that no route before it has."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read while gradio is imported, and again for each page
    import gradio  # takes seconds: paid only by who opens the page

    for name, kind in _FILES.items():
        app.add_api_route(f"/page/{name}", _file(name, kind), include_in_schema=False)
    app.add_api_route("/page/examples", library.examples, include_in_schema=False)
    gradio.mount_gradio_app(
        app,
        _layout(readonly=library.settings.readonly),
        "/",
        theme=_theme(),
        head=_HEAD,
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        mcp_server=False,
        enable_monitoring=False,
        pwa=False,
    )
    app.state.page = True
    gradios = app.router.routes[-1]
    assert isinstance(gradios, Mount)
    gradios.app = _Shell(gradios.app)
    return app


def _file(name: str, kind: str) -> Any:
    def serve() -> FileResponse:
        return FileResponse(_HERE / name, media_type=kind, headers={"Cache-Control": "no-cache"})

    return serve


def _layout(*, readonly: bool) -> Blocks:
    """Lay the page out: `page.js` fills the empty columns with what the API says."""
    import gradio

    page: Blocks = gradio.Blocks(title="Chapter & Verse", analytics_enabled=False)
    with page, gradio.Column(elem_id="qa-page"):
        with gradio.Row(elem_id="qa-header"):
            gradio.Markdown("# Chapter & Verse", elem_id="qa-name")
            gradio.Column(elem_id="qa-state")
        with gradio.Row(elem_id="qa-main"):
            with gradio.Column(elem_id="qa-talk"):
                gradio.Column(elem_id="qa-turns")
                with gradio.Row(elem_id="qa-ask"):
                    gradio.Textbox(
                        elem_id="qa-question",
                        label="Question",
                        placeholder="Ask these documents…",
                        lines=1,
                        max_lines=6,
                        interactive=True,
                        container=True,
                    )
                    gradio.Button("Ask", elem_id="qa-send", variant="primary")
            with gradio.Column(elem_id="qa-side"):
                gradio.Column(elem_id="qa-source")
                gradio.Column(elem_id="qa-library")
                if not readonly:
                    gradio.Column(elem_id="qa-add")
    return page


def _theme() -> Theme:
    """Return a theme of system fonts: gradio's own would fetch theirs from elsewhere."""
    from gradio.themes import Base

    return Base(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"])


class _Shell:
    """Serves of gradio only what the page is made of: its files, and the page itself under a strict policy.

    The page asks our API for everything, so gradio's uploads, file and proxy routes and queue stay shut.
    """

    def __init__(self, gradios: ASGIApp) -> None:
        self._gradios = gradios

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that no route of ours has taken. Raises NotFound."""
        path = scope["path"]
        if scope["type"] != "http" or not (path in _PAGE or path.startswith(("/assets/", "/static/"))):
            raise NotFound("There is nothing here: the page is at /, the API below /api, its description at /docs.")
        if path != "/":
            await self._gradios(scope, receive, send)
            return
        # what follows the question mark means nothing to us, and would to gradio
        await self._gradios({**scope, "query_string": b""}, receive, _Strict(send))


_PAGE = {"/", "/theme.css", "/favicon.ico", "/manifest.json"}


class _Strict:
    """Passes the page on with a nonce in its scripts, and a policy that runs no others."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._nonce = secrets.token_urlsafe(16)
        self._start: Message | None = None
        self._html = b""

    async def __call__(self, message: Message) -> None:
        """Take a part of gradio's response; send all of it once it is whole."""
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._html += message.get("body", b"")
        if message.get("more_body") or self._start is None:
            return
        html = self._html.replace(b"<script", f'<script nonce="{self._nonce}"'.encode())
        headers = MutableHeaders(raw=list(self._start["headers"]))
        headers["Content-Length"] = str(len(html))
        headers["Content-Security-Policy"] = _POLICY.format(nonce=self._nonce)
        headers["Referrer-Policy"] = "same-origin"
        headers["X-Content-Type-Options"] = "nosniff"
        await self._send({**self._start, "headers": headers.raw})
        await self._send({"type": "http.response.body", "body": html})
