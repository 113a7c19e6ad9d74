"""Search by words: BM25 over passages, in tantivy. Derived from the catalog; ids in, ids out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import tantivy

from qa.errors import IndexDamaged, LibraryBusy, StorageError
from qa.words import parted

_HEAP = 64_000_000
_MOST_TERMS = 64
_MOST_PHRASES = 8
_FEW = 200
_QUOTED = re.compile(r'"([^"]+)"|“([^“”]+)”|„([^„“”]+)[“”]|«([^«»]+)»')
_COMMONEST = frozenset("the of a in to and is was".split())
"""Left out of a search: they stand in nearly every passage, so they take most of the time and say next to nothing."""
_JOINED = re.compile(r"\w+(?:[-.:/,+#~]\w+)*")
# Words that ask, and words that only join others: they say nothing about what is asked for.
_EMPTY = """
a an the of in on at to for from by with about as into is are was were be been being do does did have has had
can could may might must shall should will would what which who whom whose when where why how many much long
often it its this that these those there they them their he she his her him you your we our us i me my and or
but not no if than then so please tell say said know any some all most more ok okay thanks
"""

_STEMMED = frozenset(
    "arabic danish dutch finnish french german greek hungarian italian norwegian portuguese romanian russian spanish"
    " swedish turkish".split()
)
_STEM = 5


@dataclass(frozen=True, slots=True)
class Match:
    """A passage by its number, and how well its words match (BM25, above 0)."""

    passage: int
    score: float


@dataclass(frozen=True, slots=True)
class Words:
    """What is indexed of a passage; equal to what the catalog holds."""

    passage: int
    document: int
    text: str


class Lexical:
    """The word index in a folder of its own; one process at a time."""

    def __init__(self, path: Path) -> None:
        """Open or make it. Raises IndexDamaged, StorageError."""
        self._path = path
        self._analyzer = _analyzer()
        with _sentences():
            path.mkdir(parents=True, exist_ok=True)
            self._index = tantivy.Index(_schema(), path=str(path))
            self._index.register_tokenizer("words", self._analyzer)
        self._writer: tantivy.IndexWriter | None = None
        self.empty = frozenset(self.terms(_EMPTY))
        """The terms that say nothing by themselves."""

    def search(self, query: str, *, count: int, documents: Collection[int] | None = None) -> list[Match]:
        """Return the best passages that have any of the query's words, in some documents or in all.

        Words that stand together, in quotation marks or as one code, count once more where they do so in a passage.
        """
        return self._search(query, count, "document", documents)

    def scores(self, query: str, passages: Collection[int]) -> list[Match]:
        """Return how well the query's words match each of these passages that has any of them."""
        return self._search(query, max(1, len(passages)), "passage", passages)

    def _search(self, query: str, count: int, field: str, chosen: Collection[int] | None) -> list[Match]:
        terms = list(dict.fromkeys(self.asked(query)))
        terms = [term for term in terms if term not in _COMMONEST] or terms
        if not terms or (chosen is not None and not chosen):
            return []
        q, schema, must = tantivy.Query, self._index.schema, tantivy.Occur.Must
        asked = [q.term_query(schema, "words", term) for term in terms]
        asked += [
            q.phrase_query(schema, "words", list(phrase))
            for phrase in dict.fromkeys(self.quoted(query) + self.codes(query))
        ]
        words = q.boolean_query([(tantivy.Occur.Should, each) for each in asked])
        if chosen is not None:
            words = q.boolean_query([(must, words), (must, q.const_score_query(self._one_of(field, chosen), 0.0))])
        with _sentences():
            searcher = self._index.searcher()
            hits = searcher.search(words, count, count=False).hits
            numbers = searcher.fast_field_values("passage", [address for _, address in hits])
        return [Match(int(number or 0), float(score)) for number, (score, _) in zip(numbers, hits, strict=True)]

    def _one_of(self, field: str, numbers: Collection[int]) -> tantivy.Query:
        q, schema = tantivy.Query, self._index.schema
        if len(numbers) > _FEW:
            return q.term_set_query(schema, field, list(numbers))
        # the same, and several times as quick where they are few: a set looks through all the numbers that there are
        return q.boolean_query([(tantivy.Occur.Should, q.term_query(schema, field, number)) for number in numbers])

    def terms(self, text: str) -> list[str]:
        """Return the index's own terms of a text: small letters, no accents, English stems.

        Where nothing parts words, pairs of letters.
        """
        return list(self._analyzer.analyze(parted(text)))

    def asked(self, query: str) -> list[str]:
        """Return the terms of a question that are searched for, in their order: of a very long one the first."""
        return self.terms(query)[:_MOST_TERMS]

    def quoted(self, query: str) -> list[tuple[str, ...]]:
        """Return the terms of each phrase in quotation marks, of two words or more."""
        return self._together(phrase[0] for phrase in _QUOTED.finditer(query))

    def codes(self, query: str) -> list[tuple[str, ...]]:
        """Return the terms of each code that is indexed as several words: E-1042, axis_name, 2023-11-22, os.path."""
        return self._together(word[0] for word in _JOINED.finditer(query) if _is_code(word[0]))

    def _together(self, phrases: Iterable[str]) -> list[tuple[str, ...]]:
        """Return the terms of some phrases, as far as they are several."""
        found = dict.fromkeys(tuple(self.terms(phrase)) for phrase in phrases)
        return [terms for terms in found if 1 < len(terms) <= _MOST_TERMS][:_MOST_PHRASES]

    def stands(self, word: str) -> bool:
        """Tell whether any part of a word stands in some passage; a name with digits, as E-1042, only as a whole."""
        terms = self.terms(word)
        if _is_code(word) and any(letter.isalpha() for letter in word) and len(terms) > 1:
            phrase = tantivy.Query.phrase_query(self._index.schema, "words", list(terms))
            with _sentences():
                return bool(self._index.searcher().search(phrase, 1, count=False).hits)
        said = [term for term in terms if term not in self.empty]
        return not said or any(self.rarity(said).values())

    def rarity(self, terms: Iterable[str]) -> dict[str, int]:
        """Count in how many passages each term stands."""
        with _sentences():
            searcher = self._index.searcher()
            return {term: int(searcher.doc_freq("words", term)) for term in terms}

    def holding(self, terms: Sequence[str], *, count: int) -> list[int]:
        """Return the passages, at most so many, in which terms stand on end."""
        q, schema = tantivy.Query, self._index.schema
        on_end = len(terms) > 1
        query = q.phrase_query(schema, "words", list(terms)) if on_end else q.term_query(schema, "words", terms[0])
        with _sentences():
            searcher = self._index.searcher()
            hits = searcher.search(query, count, count=False).hits
            return [int(n or 0) for n in searcher.fast_field_values("passage", [address for _, address in hits])]

    def add(self, words: Iterable[Words]) -> None:
        """Add passages; they are found after `commit`."""
        with _sentences():
            writer = self._writing()
            for each in words:
                document = tantivy.Document()
                document.add_unsigned("passage", each.passage)
                document.add_unsigned("document", each.document)
                document.add_text("words", parted(each.text))
                writer.add_document(document)

    def remove(self, documents: Iterable[int]) -> None:
        """Take documents out; they are gone after `commit`."""
        with _sentences():
            writer = self._writing()
            for number in documents:
                # by query: a term given as a Python int is taken as signed and finds nothing
                writer.delete_documents_by_query(tantivy.Query.term_query(self._index.schema, "document", number))

    def commit(self) -> None:
        """Make what was added and removed last, and visible."""
        if self._writer is not None:
            with _sentences():
                self._writer.commit()
                self._index.reload()

    def close(self) -> None:
        """Let the writer and its threads go; what was not committed is dropped."""
        if self._writer is not None:
            writer, self._writer = self._writer, None
            with _sentences():
                writer.wait_merging_threads()

    def count(self) -> int:
        """Count the passages."""
        with _sentences():
            return int(self._index.searcher().num_docs)

    def waste(self) -> tuple[int, int]:
        """Return how many passages that were taken out the files still hold, and how many they hold in all."""
        with _sentences():
            segments = json.loads((self._path / "meta.json").read_text())["segments"]
        gone = (each["deletes"]["num_deleted_docs"] for each in segments if each["deletes"])
        return sum(gone), sum(each["max_doc"] for each in segments)

    def _writing(self) -> tantivy.IndexWriter:
        if self._writer is None:
            self._writer = self._index.writer(_HEAP, 1)
        return self._writer


def _is_code(word: str) -> bool:
    """Tell codes from words that are merely joined, as so-called or U.S. are."""
    parts = re.split(r"[-.:/,+#~]", word)
    dotted = len(parts) > 1 and not set(word) & set("-,") and all(len(part) > 1 for part in parts)
    return dotted or "_" in word or (len(parts) > 1 and any(letter.isdigit() for letter in word))


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("passage", indexed=True, fast=True)
    builder.add_unsigned_field("document", indexed=True)
    builder.add_text_field("words", stored=False, tokenizer_name="words", index_option="position")
    return builder.build()


def _analyzer() -> tantivy.TextAnalyzer:
    return _words().filter(tantivy.Filter.ascii_fold()).filter(tantivy.Filter.stemmer("english")).build()


def _words() -> tantivy.TextAnalyzerBuilder:
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    return builder.filter(tantivy.Filter.remove_long(60)).filter(tantivy.Filter.lowercase())


def stems(language: str) -> Callable[[str], list[str]]:
    """Return what cuts a text into words where the index does, less the endings that a language has.

    Where nobody here knows these, the first letters of a word stand for all its forms.
    """
    fold = tantivy.Filter.ascii_fold()
    if language not in _STEMMED:
        plain = _words().filter(fold).build()
        return lambda text: [word[:_STEM] for word in plain.analyze(parted(text))]
    analyzer = _words().filter(tantivy.Filter.stemmer(language)).filter(fold).build()
    # of Arabic it leaves one ending more: that of «قتلى», and of most adjectives
    return lambda text: [word.rstrip("ي") or word for word in analyzer.analyze(text)]


@contextmanager
def _sentences() -> Iterator[None]:
    """Say in a sentence what tantivy says in its own words."""
    try:
        yield
    except OSError as error:
        raise StorageError(f"The word index cannot be written ({error}): free some space, then sync again.") from error
    except ValueError as error:
        words = str(error)
        if "No space left" in words or "File too large" in words or "os error 28" in words:
            raise StorageError(
                "The disk is full: free some space, then sync again; nothing that was indexed is lost."
            ) from error
        if "LockBusy" in words:
            raise LibraryBusy("Another process writes to the word index: let it end, then sync again.") from error
        raise IndexDamaged(f"The word index is damaged ({words[:200]}): run `qa doctor --repair`.") from error
