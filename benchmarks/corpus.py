"""Make a corpus of plain text from the prose on this machine: Python packages, documentation, manual pages.

Only what these cannot fill is made up.
"""

from __future__ import annotations

import argparse
import ast
import gzip
import hashlib
import random
import re
import sysconfig
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, chain
from pathlib import Path

MEGABYTE = 1_000_000
GENERATED = "generated"
_MEAN = 10_000
_SIGMA = 0.668
"""Of the logarithm of a file's size: with it the median is 0.8 of the mean, so 8 kB."""
_PASSAGE = 780
"""Bytes of a passage, and a little more: paragraphs seldom fill one to the last letter."""
_REST = 4_000
"""Bytes more, so that a few passages that are longer than that do not leave too few of them."""
_LARGEST_SHARE = 0.10
"""No source gives more than this of the corpus: some repeat one sentence a thousand times with other names."""
_REPEATED = re.compile(
    r"licen[cs]e|copying|notice|authors|third.?party|/_?vendor|requirements|entry_points|top_level", re.I
)
_LETTERS = re.compile(r"[^\W\d_]|\s")
_WORD = re.compile(r"[^\W\d_]{2,}")
_EMPTY_WORD = re.compile(
    r"\b(?:the|an?|of|to|and|or|in|on|is|are|be|that|this|it|for|from|with|as|by|not|if|you|can|will|which)\b", re.I
)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of prose and the source that it is from; the text ends without a new line."""

    source: str
    text: str


@dataclass
class Harvest:
    """What has been taken so far: paragraphs that were seen, and how often each word was."""

    limit: int
    seen: set[str] = field(default_factory=set)
    words: Counter[str] = field(default_factory=Counter)

    def paragraphs(self, source: Source) -> Iterator[Paragraph]:
        """Yield what is prose and new in a source, up to its share."""
        taken = 0
        for text in source.texts():
            for part in re.split(r"\n\s*\n", text):
                words = " ".join(part.split())
                if words in self.seen or not is_prose(words):
                    continue
                if taken > self.limit:
                    return
                self.seen.add(words)
                self.words.update(_WORD.findall(words))
                taken += len(words)
                yield Paragraph(source.name, part.strip("\n"))


def is_prose(words: str) -> bool:
    """Tell running English text from tables, code, lists of names and other languages."""
    if len(words) < 60 or ">>>" in words or not words.isprintable():
        return False
    if len(_LETTERS.sub("", words)) >= 0.2 * len(words):
        return False
    return 8 * len(_EMPTY_WORD.findall(words)) >= len(words.split())


# Where the prose comes from.


_TEXTS = (".md", ".rst", ".txt")
_CODE = ((".py", "METADATA", *_TEXTS),)
_DOCUMENTATION = ((".html",), _TEXTS)
"""Where there are web pages, the other formats say the same again."""
_MANUALS = (tuple(f".{section}" for section in range(1, 9)),)


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """A package, a folder of documentation, or the manual pages of a program; of its kinds the first found are read."""

    name: str
    places: tuple[Path, ...]
    kinds: tuple[tuple[str, ...], ...]

    def texts(self) -> Iterator[str]:
        """Yield the texts of the files, in the order of their names."""
        every = [path for place in self.places for path in _files(place)]
        found = ([path for path in every if _kind(path) in kinds] for kinds in self.kinds)
        for path in next(filter(None, found), []):
            data = path.read_bytes()
            yield from _READERS[_kind(path)](gzip.decompress(data) if path.suffix == ".gz" else data)


def harvested(harvest: Harvest, order: random.Random) -> Iterator[Paragraph]:
    """Yield the prose of every source, in a shuffled order."""
    sources = sorted(chain(_packages(), _documentation(), _manuals()))
    order.shuffle(sources)
    for source in sources:
        yield from harvest.paragraphs(source)


def _packages() -> Iterator[Source]:
    """Yield the modules and packages of this Python, and what `pip` wrote down about them."""
    for root in {Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")}:
        for path in root.iterdir():
            known = path.suffix in (".py", ".dist-info") or (path.is_dir() and not path.suffix)
            if known and path.name not in ("site-packages", "dist-packages"):
                yield Source(path.stem.split("-")[0], (path,), _CODE)


def _documentation(root: Path = Path("/usr/share/doc")) -> Iterator[Source]:
    """Yield the folders of documentation that the system's packages come with."""
    for folder in root.iterdir() if root.is_dir() else ():
        if not folder.is_symlink():
            yield Source(folder.name, (folder,), _DOCUMENTATION)


def _manuals(root: Path = Path("/usr/share/man")) -> Iterator[Source]:
    """Yield the manual pages of the system, together those of one program: `git-add` and `git-commit` are of `git`."""
    programs: dict[str, list[Path]] = defaultdict(list)
    for path in root.glob("man[1-8]/*"):
        programs[re.split(r"[-_.]", path.name)[0]].append(path)
    for program, pages in programs.items():
        yield Source(f"man {program}", tuple(sorted(pages)), _MANUALS)


def _files(place: Path) -> Iterator[Path]:
    """Yield the files in a folder, or the file itself, without links and what is the same everywhere."""
    for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
        name = path.relative_to(place.parent).as_posix()
        if not _REPEATED.search(name) and not path.is_symlink() and path.is_file():
            yield path


def _kind(path: Path) -> str:
    name = Path(path.name.removesuffix(".gz"))
    return name.suffix or name.name


def _plain(data: bytes) -> Iterator[str]:
    yield data.decode("utf-8", "ignore")


def _description(data: bytes) -> Iterator[str]:
    """Yield a package's own description: its fields end at the first empty line; the licence is one of them."""
    yield data.decode("utf-8", "ignore").partition("\n\n")[2]


def docstrings(code: bytes) -> Iterator[str]:
    """Yield the docstrings of a module, from top to bottom."""
    try:
        with warnings.catch_warnings(action="ignore"):
            waiting: list[ast.AST] = [ast.parse(code)]
    except (SyntaxError, ValueError, RecursionError):
        return
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""
            waiting.extend(reversed(node.body))


_FOREIGN = re.compile(rb"""<html[^>]*\blang\s*=\s*["']?(?!en)[a-z]""", re.I)


def web_page(page: bytes) -> Iterator[str]:
    """Yield the paragraphs of a web page, unless it says that it is in another language than English."""
    from selectolax.lexbor import LexborHTMLParser

    if not _FOREIGN.search(page[:2_000]):
        for paragraph in LexborHTMLParser(page.decode("utf-8", "ignore")).css("p"):
            yield re.sub(r"\n\s*\n", "\n", paragraph.text())


_FONT = re.compile(r"^[.'] *(?:(?P<apart>[BI]|SM|SB)|[BIR]{2}) +(?P<words>.*)$", re.M)
_REQUEST = re.compile(r"^[.'].*$", re.M)
_ESCAPE = re.compile(r"\\(?:f(?:\[[^]]*\]|\(..|.)|s[-+]?\d|\(..|\[[^]]*\]|\*(?:\(..|.)|[^-e ])")
_SIGNS = {
    r"\(aq": "'",
    r"\*(Aq": "'",
    r"\(cq": "’",
    r"\(lq": '"',
    r"\(rq": '"',
    r"\*(lq": '"',
    r"\*(rq": '"',
    r"\(em": "—",
}
_LAST_SIGNS = {r"\-": "-", r"\e": "\\", r"\ ": " "}


def manual(page: bytes) -> Iterator[str]:
    """Yield the text of a manual page, near enough: fonts are dropped, any other request ends a paragraph."""
    text = page.decode("utf-8", "ignore")
    if re.search(r"^\.(?:Dd|so)\b", text, re.M):  # written in another set of macros, or only a reference
        return
    text = _REQUEST.sub("", _FONT.sub(_words, text))
    for sign, letter in _SIGNS.items():
        text = text.replace(sign, letter)
    text = _ESCAPE.sub("", text)
    for sign, letter in _LAST_SIGNS.items():
        text = text.replace(sign, letter)
    yield re.sub(r"(?<=\S)\n(?=\S)", " ", text)  # its lines end where a font does


def _words(line: re.Match[str]) -> str:
    parts = [quoted or bare for quoted, bare in re.findall(r'"([^"]*)"|(\S+)', line["words"])]
    return (" " if line["apart"] else "").join(parts)


_READERS: dict[str, Callable[[bytes], Iterator[str]]] = {
    ".py": docstrings,
    "METADATA": _description,
    ".html": web_page,
    **dict.fromkeys(_TEXTS, _plain),
    **dict.fromkeys(*_MANUALS, manual),
}


def generated(words: Counter[str], order: random.Random) -> Iterator[Paragraph]:
    """Yield made-up prose without end: words as frequent as in the harvest, and returning as those of a topic do."""
    known = sorted(words)
    weights = list(accumulate(words[word] for word in known))
    while True:
        topic = order.choices(known, cum_weights=weights, k=400)
        for _ in range(12):
            text = " ".join(_sentence(topic, order) for _ in range(order.randint(3, 8)))
            yield Paragraph(GENERATED, text)


def _sentence(topic: Sequence[str], order: random.Random) -> str:
    length = max(4, min(45, round(order.lognormvariate(2.8, 0.45))))
    chosen = " ".join(order.choices(topic, k=length))
    return chosen[0].upper() + chosen[1:] + "."


# The corpus.


@dataclass(frozen=True, slots=True)
class Corpus:
    """What was made: the number of files, the bytes from each source, and a hash of them."""

    files: int
    sources: Counter[str]
    digest: str

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return self.sources.total()


def make_corpus(folder: Path, *, size: int, files: int, seed: int = 0) -> Corpus:
    """Write so many files with so many bytes in all; the same again for the same machine and seed."""
    order = random.Random(seed)
    harvest = Harvest(limit=int(_LARGEST_SHARE * size))
    stream = chain(harvested(harvest, order), generated(harvest.words, order))
    sources: Counter[str] = Counter()
    digest = hashlib.sha256()
    for number, parts in enumerate(cut(stream, sizes(files, size, random.Random(seed)))):
        place = folder / f"{number // 100:03}" / f"{number:05}{'.md' if number % 2 else '.txt'}"
        place.parent.mkdir(parents=True, exist_ok=True)
        data = "".join(part.text for part in parts).encode()
        place.write_bytes(data)
        digest.update(b"%d\n" % len(data) + data)
        for part in parts:
            sources[part.source] += len(part.text.encode())
    return Corpus(files, sources, digest.hexdigest()[:16])


def sizes(count: int, total: int, order: random.Random) -> list[int]:
    """Draw sizes that are distributed as those of real files are, and whose sum is the total."""
    drawn = [order.lognormvariate(0, _SIGMA) for _ in range(count)]
    return [max(1, round(each * total / sum(drawn))) for each in drawn]


def cut(stream: Iterator[Paragraph], sizes: Sequence[int]) -> Iterator[list[Paragraph]]:
    """Fill files of these sizes with paragraphs; one that is too long goes on in the next file."""
    rest = _ended(next(stream))
    room = 0  # what one file left free goes to the next
    for size in sizes:
        room += size
        parts: list[Paragraph] = []
        while (length := len(rest.text.encode())) <= room:
            parts.append(rest)
            room -= length
            rest = _ended(next(stream))
        head = _head(rest.text, room)
        parts.append(Paragraph(rest.source, head))
        rest = Paragraph(rest.source, rest.text[len(head) :])
        room -= len(head.encode())
        yield parts


def _ended(paragraph: Paragraph) -> Paragraph:
    return Paragraph(paragraph.source, f"{paragraph.text}\n\n")


def _head(text: str, room: int) -> str:
    """Return the words at the beginning that fit into so many bytes, less than one word fewer."""
    fitting = text.encode()[:room].decode("utf-8", "ignore")
    return fitting[: max(fitting.rfind(" "), fitting.rfind("\n")) + 1]


# The command.


def main() -> None:
    """Make a corpus and say what was taken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="the folder to make; it must not be there yet")
    much = parser.add_mutually_exclusive_group()
    much.add_argument("--megabytes", type=float, default=20, help="of 1,000,000 bytes, in all files (default: 20)")
    much.add_argument("--passages", type=int, help="instead of megabytes: at least so many passages, as we cut them")
    parser.add_argument("--files", type=int, help="how many files (default: one for each 10 kB)")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if given.out.exists():
        parser.error(f"{given.out} is there already: name another folder, or remove it.")
    size = given.passages * _PASSAGE + _REST if given.passages else int(given.megabytes * MEGABYTE)
    if size < 1_000 or (given.files or 1) < 1:
        parser.error("a corpus has at least one file and 0.001 MB.")
    made = make_corpus(given.out, size=size, files=given.files or max(1, round(size / _MEAN)), seed=given.seed)
    print(described(made, passages_of(given.out)))


def passages_of(folder: Path) -> int:
    """Count the passages that we cut a folder's files into."""
    from qa.parsers import parse
    from qa.passages import cut as passages

    return sum(len(passages(parse(path.read_bytes(), path.name))) for path in sorted(folder.rglob("*.*")))


def described(corpus: Corpus, passages: int) -> str:
    """Say in some lines what a corpus was made from."""
    real = corpus.sources.copy()
    invented = real.pop(GENERATED, 0)
    largest = ", ".join(f"{name} {bytes_ / MEGABYTE:.2f}" for name, bytes_ in real.most_common(20))
    return (
        f"{corpus.files:,} files, {corpus.size / MEGABYTE:.2f} MB, {passages:,} passages, hash {corpus.digest}\n"
        f"from {len(real):,} sources: {real.total() / MEGABYTE:.2f} MB (the largest, in MB: {largest})\n"
        f"generated: {invented / MEGABYTE:.2f} MB"
    )


if __name__ == "__main__":
    main()
