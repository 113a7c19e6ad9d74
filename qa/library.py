"""The whole house behind one object: a folder of documents, its index, and what can be asked of them."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from qa import shelf
from qa.audit import Audit, audit
from qa.citations import CitationInContext
from qa.errors import NotFound, ReadOnly, SettingsError, TooLarge, UsageError
from qa.folder import check_folder, inside, write_new
from qa.giving import Giving
from qa.globs import Within, globs
from qa.importing import alone
from qa.index import Index
from qa.keeping import Keeper
from qa.lookup import look_up, lookups
from qa.pluggable import Pluggable
from qa.providers import Providers
from qa.resolving import Resolved, resolve
from qa.settings import Settings, read_settings
from qa.spans import Span
from qa.status import LibraryFile, Status, read_status

if TYPE_CHECKING:  # they load tantivy, Chroma and numpy: looking a citation up needs none of these
    from datetime import date

    from qa.answers import Answer, Event
    from qa.asking import Sift
    from qa.conversations import Conversation
    from qa.doctor import Finding
    from qa.embedders import Embedder
    from qa.followups import History
    from qa.forgetting import Forgotten
    from qa.parsers.sheets import Drawn
    from qa.progress import Progress
    from qa.rerankers import Reranker
    from qa.search import Hit
    from qa.syncing import SyncReport
    from qa.talks import Talk
    from qa.verifying import Checking, Verification

MOST = 100
"""The most hits that can be asked for."""
MOST_LISTED = 10_000
"""The most files that can be asked for at once; `documents` returns all."""


class Library(Pluggable):
    """A folder and its index. Open it with `Library.open`; use it from any thread; close it when done."""

    def __init__(self, folder: Path, index: Index, settings: Settings) -> None:
        self.folder = folder
        self.index = index.path
        self.settings = settings
        self._index = index
        self._keeper = Keeper(folder, index, settings)
        self._giving = Giving(index.catalog, keep_questions=settings.keep_questions)

    @classmethod
    def open(
        cls,
        folder: str | os.PathLike[str],
        *,
        index: str | os.PathLike[str] | None = None,
        settings: Settings | None = None,
        embedder: Embedder | None = None,
        reranker: Reranker | None = None,
        llm: Any = None,
    ) -> Library:
        """Open a folder; nothing is read or embedded yet. Raises FolderError, SettingsError.

        `embedder` is a `qa.embedders.Embedder` or any embedding of llama-index, `reranker` a `qa.rerankers.Reranker`,
        `llm` an LLM of llama-index.
        """
        settings = settings or read_settings()
        place = check_folder(Path(folder))
        chosen = Path(index) if index else settings.index
        path = chosen.resolve() if chosen else place / ".qa"
        if path == place:
            raise SettingsError("The index cannot be the folder of the documents itself: name another place for it.")
        return cls(place, Index(path, place, settings, Providers(settings, embedder, reranker, llm)), settings)

    # Asking.

    def search(self, query: str, *, count: int = 10, within: Within = None, rerank: bool | None = None) -> list[Hit]:
        """Return the best passages; `within` are globs over paths, `rerank` lets the best be read and ranked anew.

        It is the reader that does so, or the reranker that is named; None means off here, on for `ask` if there is one.
        Raises UsageError, EmptyLibrary, LibraryBusy, RerankerError.
        """
        with alone:
            from qa.questions import check
            from qa.reranking import best
            from qa.search import show

        _check(count)
        chosen = globs(within)
        engines = self._index.engines()
        return show(
            engines.catalog,
            best(check(query), engines, count=count, within=chosen, rerank=bool(rerank)),
            within=chosen,
        )

    def ask(
        self,
        question: str,
        *,
        count: int = 10,
        within: Within = None,
        rerank: bool | None = None,
        history: History = None,
        sift: Sift | None = None,
        conversation: str | None = None,
    ) -> Answer:
        """Answer from the documents, every sentence with the words it rests on. Raises as `search` does, UnusableLlm.

        `history` is what was said before, the oldest first: `{"role": "user" or "assistant", "content": "…"}` each;
        `conversation` is the id of one that it becomes a turn of.
        `sift` may drop and order the passages that were found for a question: what is left is answered from.
        """
        how: dict[str, Any] = {"history": history, "sift": sift, "conversation": conversation}
        events = self.stream(question, count=count, within=within, rerank=rerank, **how)
        answer: Answer = [event.value for event in events][-1]
        return answer

    def stream(
        self,
        question: str,
        *,
        count: int = 10,
        within: Within = None,
        rerank: bool | None = None,
        history: History = None,
        sift: Sift | None = None,
        conversation: str | None = None,
        stop: threading.Event | None = None,
    ) -> Iterator[Event]:
        """Answer as `ask` does, step by step; the last event holds the whole answer.

        `stop`, set by any thread, ends what a language model writes; so does closing the iterator.
        """
        with alone:
            from qa.asking import Request, ask
            from qa.followups import read_history
            from qa.writing import Writer

        _check(count)
        settings = self.settings
        rerank = self._index.providers.ranks_anew() if rerank is None else rerank
        request = Request(question, count, globs(within), rerank, read_history(history), sift, settings.confidence)
        if conversation is not None:
            self._index.own().conversations.check(conversation)
        llm = self._index.providers.llm()
        writer = Writer(llm, settings.llm_seconds, drop=settings.unsupported == "drop") if llm else None
        events = ask(request, self._index.engines(), writer, stop)
        return self._giving.remembering(events, question, conversation, request.history)

    def check_llm(self) -> None:
        """See that the language model that is named can be opened; nothing is asked of it. Raises UnusableLlm."""
        self._index.providers.llm()

    # Conversations.

    def begin_conversation(self) -> Conversation:
        """Begin a conversation: `ask` adds to the one that is named. Raises ReadOnly, LibraryBusy, StorageError."""
        if not self.settings.keep_conversations:
            raise ReadOnly("Keeping conversations is switched off (QA_KEEP_CONVERSATIONS).")
        return self._index.own().conversations.begin(time.time())

    def conversations(self, query: str = "", *, count: int = 50, after: str | None = None) -> list[Conversation]:
        """List the conversations, the last first; with a query those that have its words. Raises UsageError."""
        return self._index.catalog().conversations.find(query, count=count, after=after)

    def conversation(self, id: str) -> Talk:
        """Return a conversation, what its answers cite looked up again. Raises NotFound."""
        with alone:
            from qa.talks import read_talk

        with self.lookups() as look_up:
            return read_talk(self._index.catalog().conversations.turns(id), look_up)

    def forget_conversation(self, id: str) -> None:
        """Delete a conversation. Raises NotFound, LibraryBusy, StorageError."""
        self._index.own().conversations.remove(id)

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
        """Write answers as `markdown`, `html`, `json`, `annotations` or `csl`, as `exports.export` does.

        Each citation is looked up again. Raises UsageError, UnknownCitation.
        """
        with alone:
            from qa.exports import export

        with self.lookups() as look_up:
            return export(answers, format, url=url, files=files, on=on, text=self.text, look_up=look_up)

    def citation(self, id: str, *, context: int = 300) -> CitationInContext:
        """Look a citation up again, with so many characters around it. Raises MalformedCitation, UnknownCitation."""
        return look_up(self._index.catalog(), self.folder, id, context=context, longest=self._longest)

    def lookups(self) -> AbstractContextManager[Callable[[str], CitationInContext]]:
        """Let many citations be looked up, in a `with`: at one moment, each file looked at once."""
        return lookups(self._index.catalog(), self.folder, longest=self._longest)

    def audit(self, status: str | None = None, *, count: int | None = None, after: str | None = None) -> Audit:
        """List the citations that were given and are not valid any more, or that have a status. Raises UsageError."""
        catalog, longest = self._index.catalog(), self._longest
        return audit(catalog, self.folder, longest=longest, status=status, count=count, after=after)

    def resolve(self, quote: str, *, prefix: str = "", suffix: str = "", document: str | None = None) -> Resolved:
        """Find a quote in the library, as a citation, with the other places where it stands. Raises NotFound."""
        catalog, words = self._index.catalog(), self._index.words_at_hand
        around = {"prefix": prefix, "suffix": suffix}
        return resolve(catalog, self.folder, words, quote, longest=self._longest, document=document, **around)

    def verify(self, text: str, *, progress: Callable[[Checking], None] | None = None) -> Verification:
        """Say of each sentence of a text whether the documents support it, and where. Raises UsageError, TooLarge."""
        with alone:
            from qa.verifying import verify

        verification = verify(text, self._index.engines(), progress)
        self._giving.remember(verification.citations)
        return verification

    def documents(self) -> list[LibraryFile]:
        """List the files, one entry each."""
        return shelf.all_files(self._index.catalog())

    def find_documents(self, query: str = "", *, count: int = 500) -> shelf.Found:
        """Find files by words of their paths and titles, those that could not be read first. Raises UsageError."""
        if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= MOST_LISTED:
            raise UsageError(f"The count must be from 1 to {MOST_LISTED:,}.")
        return shelf.found_files(self._index.catalog(), query, count)

    def document(self, id: str) -> LibraryFile:
        """Return the file with this document id (16 hex digits or more) or path. Raises NotFound."""
        return shelf.one_file(self._index.catalog(), id)

    def text(self, id: str, span: Span | None = None) -> str:
        """Return the text of a document by its id, or the words of a span of it. Raises NotFound."""
        return shelf.text(self._index.catalog(), id, span)

    def original(self, id: str) -> Path:
        """Return the place of a document's file, which is checked to be inside the folder. Raises NotFound."""
        return shelf.original(self._index.catalog(), self.folder, id)

    def page(self, id: str, number: int = 1, *, cite: str | None = None, width: int = 1_000) -> Drawn:
        """Draw a page of a PDF as a picture, the words of a citation marked. Raises NotFound, UsageError."""
        with alone:
            from qa.pages import draw_page

        catalog = self._index.catalog()
        return draw_page(catalog, self.folder, shelf.known(catalog, id), number, cite=cite, width=width)

    # Changing the folder.

    def add(self, path: str, data: bytes) -> str:
        """Write a file into the folder and return its path; a taken name gets a number. Raises UsageError, ReadOnly."""
        self._check_writable()
        if len(data) > self._longest:
            raise TooLarge(
                f"The file is larger than {self.settings.max_file_mb:g} MB: split it, or raise QA_MAX_FILE_MB."
            )
        place = write_new(inside(self.folder, path), data)
        self.sync(wait=False)
        return place.relative_to(self.folder).as_posix()

    def delete(self, path: str) -> None:
        """Delete a file of the folder itself, and all that is known of it. Raises NotFound, ReadOnly."""
        self._check_writable()
        if container := shelf.known(self._index.catalog(), path).container:
            raise NotFound(f"That stands in {container}, and cannot be deleted alone.")
        self.original(path).unlink()
        self.sync(wait=False)

    def forget(self, path: str | None, *, delete_file: bool = False) -> Forgotten:
        """Erase what is known of a file that is gone, or of all below a folder; None: of all that are gone.

        `delete_file` deletes it first. Raises UsageError if it is still there, NotFound, ReadOnly, LibraryBusy.
        """
        self._check_writable()
        return self._keeper.forget(path, delete_file=delete_file)

    @property
    def _longest(self) -> int:
        """How many bytes of a file are read."""
        return int(self.settings.max_file_mb * 1e6)

    def _check_writable(self) -> None:
        if self.settings.readonly:
            raise ReadOnly("Changing the folder is switched off (QA_READONLY).")

    # Keeping the index equal to the folder.

    def sync(self, *, wait: bool = True, progress: Callable[[Progress], None] | None = None) -> SyncReport:
        """Make the index equal the folder; without `wait` return once it can be searched, and embed behind."""
        return self._keeper.sync(wait=wait, progress=progress)

    def watch(self) -> None:
        """Sync now, and whenever something in the folder changes, until `close`; errors stand in `trouble`."""
        self._keeper.watch()

    def status(self) -> Status:
        """Say how the library stands."""
        where = {"folder": str(self.folder), "index": str(self.index)}
        return read_status(self._index.catalog(), self._keeper.progress, trouble=self.trouble, **where)

    @property
    def trouble(self) -> str | None:
        """Say in a sentence what does not work though all else goes on: a sync behind, or the reader."""
        return self._keeper.trouble or self._index.providers.trouble or self._giving.trouble

    def doctor(self, *, repair: bool = False) -> list[Finding]:
        """Examine the index; with `repair` make damaged parts anew, from the catalog and the folder, and look again."""
        with alone:
            from qa import doctor

        findings = doctor.examine(self._index)
        if repair and not all(finding.ok for finding in findings):
            doctor.repair(self._index, findings)
            self.sync()
            findings = doctor.examine(self._index)
        return findings

    def examples(self) -> list[str]:
        """Return three questions that these documents can be asked."""
        with alone:
            from qa.overview import examples

        return examples(self._index.catalog())

    def announce(self, command: str, url: str, key: str | None = None) -> None:
        """Tell other processes where this one answers the HTTP API."""
        self._index.announce(command, url, key)

    def stop(self) -> None:
        """Ask background work to end after the step it is at, so that `close`, which waits for it, is soon done."""
        self._keeper.stop()

    def close(self) -> None:
        """Stop background work, after the step it is at, and let the index go. What is done is kept."""
        self._keeper.close()

    def __enter__(self) -> Library:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _check(count: object) -> None:
    """Raise UsageError for what nothing can be searched with; callers in Python may pass anything."""
    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= MOST:
        raise UsageError(f"The count must be from 1 to {MOST}.")
