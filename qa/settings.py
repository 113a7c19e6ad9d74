"""The knobs: frozen values, read once from the environment and from flags."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from qa.errors import SettingsError


class Settings(BaseSettings):
    """What can be set; each is the variable QA_<NAME> or an argument of the same name."""

    model_config = SettingsConfigDict(env_prefix="QA_", frozen=True, extra="forbid")

    folder: Path = Path("seeds")
    """The folder of documents."""
    index: Path | None = None
    """Where the index is kept; None: in `.qa` inside the folder."""
    embedder: str = "bundled"
    """`bundled`, or a llama-index embedding: `ollama:MODEL`, `module:Class?argument=value`."""
    reranker: str | None = None
    """Who ranks anew in the reader's place: `fastembed:MODEL`, `module:Class?argument=value`; None: the reader."""
    reader: Literal["bundled", "off"] = "bundled"
    """Who reads the best passages to rank them anew and to choose the sentences of an answer; `off`: nobody."""
    llm: str = "extractive"
    """Who writes the answer: `openai-like:MODEL@URL`, `llamacpp:FILE.gguf`, `module:Class?argument=value`.

    `extractive` quotes sentences word for word.
    """
    llm_seconds: float = Field(default=180, gt=0, le=3600)
    """How long a language model may take for an answer, in seconds; then the documents are quoted instead."""
    confidence: float = Field(default=0.5, ge=0, le=1)
    """How likely it must be that the documents have an answer, or there is none; 0 answers always."""
    unsupported: Literal["mark", "drop"] = "mark"
    """What happens to a written sentence that does not follow from what it cites: it is marked, or left out."""
    chroma_url: str | None = None
    """A Chroma server to keep the vectors in; None: Chroma inside this process."""
    api_key: str | None = Field(default=None, min_length=8, repr=False)
    """The key that clients of our server must send; needed on every host but loopback."""
    host: str = "127.0.0.1"
    port: int = Field(default=7860, ge=0, le=65535)
    max_file_mb: float = Field(default=100, gt=0)
    """Larger files are reported and left out, in MB of 1,000,000 bytes."""
    archives: bool = False
    """Read what is in ZIP archives."""
    readonly: bool = False
    """Switch off what changes the user's folder: uploads and deletions."""
    keep_questions: bool = False
    """Note for which question a citation was given; a question may say more about who asks than they like."""
    keep_conversations: bool = True
    """Keep what is asked on the page in the index."""
    threads: int | None = Field(default=None, ge=1, le=256)
    """Threads of the embedder and of the reader, and processes that read files; None: one for each core."""


def cores() -> int:
    """Count the cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows cannot say
        return os.cpu_count() or 1


def read_settings(**given: Any) -> Settings:
    """Read the environment; what is given, and is not None, goes before it. Raises SettingsError."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "?"
        raise SettingsError(f"The setting {name} (QA_{name.upper()}) is not usable: {first['msg']}.") from error
