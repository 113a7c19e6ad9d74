"""The command line: a command for each thing a library does; no logic."""

from __future__ import annotations

import json
import sys
from contextlib import closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

# Only what `--help` needs: what a command needs is imported inside it, and `qa cite` pays only for its catalog.
import typer

from qa.console import (
    ERROR,
    NOTHING,
    RERANK,
    STOPPED,
    Commands,
    CountOption,
    ExportOption,
    FolderOption,
    HostOption,
    IndexOption,
    JsonOption,
    LinkFilesOption,
    OverwriteOption,
    PortOption,
    WithinOption,
    folder_name,
    leave,
    library_of,
    save,
    settings_of,
    show,
    target_of,
    tell_trouble,
    words_of,
)
from qa.errors import UsageError

if TYPE_CHECKING:
    from qa.settings import Settings

app = typer.Typer(
    cls=Commands,
    help="Ask a folder of documents; every sentence of the answer cites the exact words it rests on.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # rich would double the time that --help takes
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def _start(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal that lacks a letter gets its number, not an error
            stream.reconfigure(errors="backslashreplace")
    if version:
        from qa import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.command()
def sync(
    place: Annotated[Path | None, typer.Argument(metavar="[FOLDER]", show_default=False, parser=folder_name)] = None,
    folder: FolderOption = None,
    index: IndexOption = None,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Return once it can be searched by words.")] = False,
    json: JsonOption = False,
) -> None:
    """Make the index equal the folder."""
    from qa.remote import RemoteLibrary
    from qa.server import Beside
    from qa.terminal import report_lines, sync_bar

    with library_of(place or folder, index) as library:
        beside = nullcontext() if isinstance(library, RemoteLibrary) else Beside(library, command="qa sync")
        with sync_bar() as bar, beside:
            report = library.sync(wait=not no_wait, progress=bar)
    show(report, json, report_lines(report))


@app.command(short_help="Answer a question, with the words it rests on.")
def ask(
    question: Annotated[str, typer.Argument(help="The question; - reads it from standard input.")],
    count: CountOption = 10,
    within: WithinOption = None,
    rerank: Annotated[bool | None, typer.Option("--rerank/--no-rerank", help=RERANK.format("on"))] = None,
    export: ExportOption = None,
    overwrite: OverwriteOption = False,
    link_files: LinkFilesOption = False,
    folder: FolderOption = None,
    index: IndexOption = None,
    json: JsonOption = False,
) -> None:
    """Answer a question from the documents, every sentence with the words it rests on."""
    from qa.terminal import answer_lines

    target = target_of(export, folder, index, overwrite=overwrite, link_files=link_files)
    with library_of(folder, index) as library:
        answer = library.ask(words_of(question), count=count, within=within, rerank=rerank)
        tell_trouble(library)
        show(answer, json, answer_lines(answer))
        save(target, library, answer)
    if answer.refused:
        raise typer.Exit(NOTHING)


@app.command(short_help="Find the best passages.")
def search(
    query: Annotated[str, typer.Argument(help="What to look for; - reads it from standard input.")],
    count: CountOption = 10,
    within: WithinOption = None,
    rerank: Annotated[bool | None, typer.Option("--rerank/--no-rerank", help=RERANK.format("off"))] = None,
    folder: FolderOption = None,
    index: IndexOption = None,
    json: JsonOption = False,
) -> None:
    """Find the best passages, by words and by meaning."""
    from qa.terminal import hit_lines

    with library_of(folder, index) as library:
        hits = library.search(words_of(query), count=count, within=within, rerank=rerank)
        tell_trouble(library)
    show({"hits": hits}, json, hit_lines(hits, within=within))
    if not hits:
        raise typer.Exit(NOTHING)


@app.command(short_help="Look a citation up again.")
def cite(
    id: Annotated[str, typer.Argument(metavar="ID", help="The id of a citation, as 3f2a9c1b7d4e0c5a.1042-1188.")],
    context: Annotated[int, typer.Option("--context", help="How many characters before and after.")] = 300,
    folder: FolderOption = None,
    index: IndexOption = None,
    json: JsonOption = False,
) -> None:
    """Look a citation up again: its words, what is around them, and whether they still stand there."""
    from qa.library import Library
    from qa.terminal import citation_lines

    settings = settings_of(folder, index)
    # the catalog takes readers at any time: no need to ask who holds the index
    with Library.open(settings.folder, settings=settings) as library:
        citation = library.citation(id, context=context)
    show(citation, json, citation_lines(citation))
    if citation.status in ("deleted", "changed"):
        raise typer.Exit(NOTHING)


@app.command(short_help="Erase what is known of a file that is gone.")
def forget(
    path: Annotated[
        str | None, typer.Argument(metavar="[PATH]", help="A file or a folder, as `qa status` has it.")
    ] = None,
    all_deleted: Annotated[bool, typer.Option("--all-deleted", help="Whatever is gone from the folder.")] = False,
    delete_file: Annotated[bool, typer.Option("--delete-file", help="Delete it from the folder first.")] = False,
    folder: FolderOption = None,
    index: IndexOption = None,
    json: JsonOption = False,
) -> None:
    """Erase what is known of a file, or of a folder, that is gone: afterwards no part of the index holds its words."""
    from qa.terminal import forgotten_lines

    if (path is None) is not all_deleted:
        raise UsageError("Name one file or folder, or say --all-deleted.")
    with library_of(folder, index) as library:
        forgotten = library.forget(path, delete_file=delete_file)
    show(forgotten, json, forgotten_lines(forgotten))


@app.command(short_help="List the citations that no longer hold.")
def audit(
    status: Annotated[str | None, typer.Option("--status", help="Only those: valid, moved, changed, deleted.")] = None,
    folder: FolderOption = None,
    index: IndexOption = None,
    json: JsonOption = False,
) -> None:
    """List the citations that answers have given and that no longer stand as they were given: what became of each."""
    from qa.terminal import audit_lines

    with library_of(folder, index) as library:
        found = library.audit(status)
    show(found, json, audit_lines(found))
    if any(each.status in ("deleted", "changed") for each in found.citations):
        raise typer.Exit(NOTHING)


@app.command(short_help="Check a text, sentence by sentence.")
def verify(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The text to check; - reads standard input.")],
    folder: FolderOption = None,
    index: IndexOption = None,
    json: JsonOption = False,
) -> None:
    """Say of each sentence of a text whether the documents support it, with the words that do."""
    from qa.drafts import read_draft
    from qa.proofs import verification_lines
    from qa.terminal import sync_bar

    text = read_draft(file)
    with library_of(folder, index) as library:
        with sync_bar() as bar:
            found = library.verify(text, progress=bar)
        tell_trouble(library)
    show(found, json, verification_lines(found))
    if not found.holds:
        raise typer.Exit(NOTHING)


@app.command(short_help="Tell how the library stands.")
def status(folder: FolderOption = None, index: IndexOption = None, json: JsonOption = False) -> None:
    """Tell how the library stands, and which files could not be read."""
    from qa.terminal import status_lines

    with library_of(folder, index) as library:
        now = library.status()
        files = [] if json else library.documents()
    show(now, json, status_lines(now, files))


@app.command(short_help="Examine the index, and repair it.")
def doctor(
    repair: Annotated[bool, typer.Option("--repair", help="Make damaged parts anew.")] = False,
    folder: FolderOption = None,
    index: IndexOption = None,
    json: JsonOption = False,
) -> None:
    """Say how each part of the index is; with --repair make damaged ones anew, from the catalog and the folder."""
    from qa.connecting import open_alone
    from qa.terminal import finding_lines

    settings = settings_of(folder, index)
    with open_alone(settings.folder, settings=settings) as library:
        findings = library.doctor(repair=repair)
    show({"findings": findings}, json, finding_lines(findings))
    if not all(finding.ok for finding in findings):
        raise typer.Exit(NOTHING)


@app.command("eval", short_help="Score the library on questions with known answers.")
def evaluate(
    place: Annotated[Path, typer.Argument(metavar="DIR", parser=folder_name, help="Where queries*.jsonl is.")],
    count: CountOption = 10,
    limit: Annotated[
        int | None, typer.Option("-n", "--limit", help="Ask only so many questions, evenly spread.")
    ] = None,
    search_only: Annotated[bool, typer.Option("--search-only", help="Find passages, and leave answers out.")] = False,
    rerank: Annotated[
        bool | None, typer.Option("--rerank/--no-rerank", help=RERANK.format("on for answers, off for searches"))
    ] = None,
    runs: Annotated[
        Path | None, typer.Option("--runs", metavar="FILE", help="Write what came of each question.")
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--folder",
            metavar="FOLDER",
            parser=folder_name,
            help="The documents.  [default: corpus.jsonl or documents/ in DIR]",
        ),
    ] = None,
    index: Annotated[
        Path | None, typer.Option("--index", help="Keep the index there.  [default: a temporary folder]")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Score the library on a set of questions with known answers: what it finds, cites, answers and refuses."""
    from qa import evaluate as evaluation
    from qa.terminal import score_lines, sync_bar

    try:
        questions = evaluation.read_set(place, folder=folder)
        with evaluation.run_file(runs, questions) as each, sync_bar() as bar:
            report = evaluation.evaluate(
                questions,
                count=count,
                limit=limit,
                search_only=search_only,
                rerank=rerank,
                index=index,
                progress=bar,
                each=each,
            )
    except KeyboardInterrupt:
        leave("Stopped before the end: there are no scores.", STOPPED)
    show(report, json, score_lines(report))
    if report.failed == report.questions:
        raise typer.Exit(ERROR)


@app.command(short_help="Serve the HTTP API.")
def serve(
    host: HostOption = None,
    port: PortOption = None,
    folder: FolderOption = None,
    index: IndexOption = None,
    json: JsonOption = False,
) -> None:
    """Serve the HTTP API, and keep the index equal to the folder."""
    _serve(settings_of(folder, index, host=host, port=port), "qa serve", page=False, as_json=json)


@app.command(short_help="Serve the page and the HTTP API.")
def ui(
    host: HostOption = None,
    port: PortOption = None,
    folder: FolderOption = None,
    index: IndexOption = None,
    json: JsonOption = False,
) -> None:
    """Serve the page and the HTTP API, and keep the index equal to the folder."""
    _serve(settings_of(folder, index, host=host, port=port), "qa ui", page=True, as_json=json)


def main() -> None:
    """Run the command line."""
    app(prog_name="qa")


def _serve(settings: Settings, command: str, *, page: bool, as_json: bool) -> None:
    from qa import server
    from qa.connecting import open_alone

    def ready(url: str) -> None:
        what = "The page is at" if page else "The API is at"
        said = f"{what} {url} (its documentation at {url}/docs). Ctrl-C ends it."
        typer.echo(json.dumps({"url": url}) if as_json else said)
        sys.stdout.flush()

    server.check_exposure(settings.host, settings.api_key)
    library = open_alone(settings.folder, settings=settings)
    with closing(library):
        server.serve(
            library,
            host=settings.host,
            port=settings.port,
            key=settings.api_key,
            page=page,
            command=command,
            on_ready=ready,
        )
