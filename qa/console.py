"""What all commands share: their options, the library they speak to, how they print, and how they end."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

# Only typer and the error tree here: `qa --help` must not pay for the library, and `qa cite` only for its catalog.
# What a command needs is imported inside it.
import typer
from typer.core import TyperGroup

from qa.errors import NotFound, QAError, UsageError

if TYPE_CHECKING:
    from qa.answers import Answer
    from qa.library import Library
    from qa.remote import RemoteLibrary
    from qa.saving import Target
    from qa.settings import Settings

NOTHING, ERROR, STOPPED, _NO_READER = 1, 2, 130, 141
_LONGEST_INPUT = 200_000
_STOPPED_SAYING = "Stopped; what was done is kept, and the next sync goes on from there."


class Commands(TyperGroup):
    """The one place where errors become a sentence and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()  # so that a reader who has gone is noticed here
        except NotFound as error:
            leave(str(error), NOTHING)
        except QAError as error:
            leave(str(error), ERROR)
        except KeyboardInterrupt:
            leave(_STOPPED_SAYING, STOPPED)
        except OSError as error:
            # Python flushes once more at exit, which would fail again
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            if isinstance(error, BrokenPipeError):
                raise typer.Exit(_NO_READER) from None
            leave(f"It cannot be written: {error.strerror}.", ERROR)
        return result


def leave(sentence: str, code: int) -> NoReturn:
    """End with a sentence on stderr and an exit code."""
    from qa.terminal import one_line

    typer.echo(one_line(sentence), err=True)
    raise typer.Exit(code)


def folder_name(text: str) -> Path:
    """Read a folder's name: an empty one, as of a variable that is not set, would mean the current folder."""
    if not text.strip():
        raise typer.BadParameter("it is empty: name a folder.")
    return Path(text)


FolderOption = Annotated[
    Path | None,
    typer.Option(
        "--folder",
        metavar="FOLDER",
        parser=folder_name,
        help="The folder of documents.  [default: QA_FOLDER, or seeds]",
    ),
]
IndexOption = Annotated[
    Path | None, typer.Option("--index", help="Where the index is kept.  [default: QA_INDEX, or .qa in the folder]")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
CountOption = Annotated[int, typer.Option("-k", "--count", help="How many passages.")]
WithinOption = Annotated[
    list[str] | None, typer.Option("--within", metavar="GLOB", help="Only in paths that match; may be said again.")
]
ExportOption = Annotated[
    Path | None,
    typer.Option("--export", metavar="FILE", help="Write the answer there too: .md .html .json .jsonld .csl.json."),
]
OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Let --export take the place of a file.")]
LinkFilesOption = Annotated[bool, typer.Option("--link-files", help="Link from --export to the documents' files.")]
RERANK = "Let the reader, or QA_RERANKER, rank the best passages anew.  [default: {}]"
HostOption = Annotated[
    str | None,
    typer.Option("--host", help="Where to listen; beyond loopback only with QA_API_KEY.  [default: 127.0.0.1]"),
]
PortOption = Annotated[int | None, typer.Option("--port", help="The port, 0 for any free one.  [default: 7860]")]


def settings_of(folder: Path | None, index: Path | None, **more: Any) -> Settings:
    """Read the settings; what was said on the command line counts first."""
    from qa.settings import read_settings

    return read_settings(folder=folder, index=index, **more)


def library_of(folder: Path | None, index: Path | None) -> Library | RemoteLibrary:
    """Open the library, or speak to the process that holds its index."""
    from qa.connecting import connect

    settings = settings_of(folder, index)
    return connect(settings.folder, settings=settings)


def tell_trouble(library: Library | RemoteLibrary) -> None:
    """Say on stderr what did not work, though there is an answer."""
    from qa.terminal import one_line

    if library.trouble:
        typer.echo(one_line(library.trouble), err=True)


def target_of(
    place: Path | None, folder: Path | None, index: Path | None, *, overwrite: bool, link_files: bool
) -> Target | None:
    """See that an answer can be written there, before it is asked for."""
    if place is None:
        return None
    from qa.saving import Target

    settings = settings_of(folder, index)
    index = settings.index or settings.folder / ".qa"
    return Target.of(place, folder=settings.folder, index=index, overwrite=overwrite, link_files=link_files)


def save(target: Target | None, library: Library | RemoteLibrary, answer: Answer) -> None:
    """Write an answer to a file, and say so on stderr."""
    if target is None:
        return
    from qa.remote import RemoteLibrary
    from qa.terminal import one_line

    page = library.page() if isinstance(library, RemoteLibrary) else None
    typer.echo(one_line(target.write(library, [answer], page=page)), err=True)


def words_of(argument: str) -> str:
    """Return an argument, or what stands on standard input for `-`."""
    words = sys.stdin.read(_LONGEST_INPUT) if argument == "-" else argument
    try:
        words.encode()
    except UnicodeEncodeError as error:  # bytes of the command line that are no UTF-8
        raise UsageError("The question cannot be read: write it in UTF-8.") from error
    return words


def show(value: Any, as_json: bool, lines: Iterable[str]) -> None:
    """Print for programs or for people."""
    if as_json:
        from qa.plain import plain

        # bytes, so that it is UTF-8 whatever the terminal speaks
        sys.stdout.flush()
        sys.stdout.buffer.write(json.dumps(plain(value), ensure_ascii=False, indent=2).encode() + b"\n")
        sys.stdout.buffer.flush()
    else:
        for line in lines:
            typer.echo(line)
