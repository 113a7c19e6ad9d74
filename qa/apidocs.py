"""The page at /docs: what /openapi.json says, for a reader, without a request to anywhere else."""

from __future__ import annotations

import secrets
from functools import cache
from pathlib import Path


def docs_page() -> tuple[str, str]:
    """Return the page, and the policy to send with it: nothing but what stands in it may run or load."""
    nonce = secrets.token_urlsafe(16)
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return _template().replace("NONCE", nonce), policy


@cache
def _template() -> str:
    return Path(__file__).with_name("apidocs.html").read_text("utf-8")
