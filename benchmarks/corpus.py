"""Make a corpus of plain text from the prose of the installed Python packages, topped up with generated prose."""

from __future__ import annotations

import argparse
import ast
import hashlib
import random
import re
import sysconfig
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from itertools import accumulate, chain
from pathlib import Path

MEGABYTE = 1_000_000
GENERATED = "generated"
_MEAN = 10_000
_SIGMA = 0.668
"""Of the logarithm of a file's size: with it the median is 0.8 of the mean, so 8 kB."""
_LARGEST_SHARE = 0.10
"""No package gives more than this of the corpus: some repeat one sentence a thousand times with other names."""
_SUFFIXES = (".md", ".rst", ".txt")
_REPEATED = re.compile(
    r"licen[cs]e|copying|notice|authors|third.?party|/_?vendor|requirements|entry_points|top_level", re.I
)
_LETTERS = re.compile(r"[^\W\d_]|\s")
_WORD = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of prose and the package that it is from; the text ends without a new line."""

    package: str
    text: str


@dataclass
class Harvest:
    """What has been taken so far: paragraphs that were seen, and how often each word was."""

    limit: int
    seen: set[str] = field(default_factory=set)
    words: Counter[str] = field(default_factory=Counter)

    def paragraphs(self, package: str, texts: Iterator[str]) -> Iterator[Paragraph]:
        """Yield what is prose and new of a package's texts, up to its share."""
        taken = 0
        for text in texts:
            for part in re.split(r"\n\s*\n", text):
                words = " ".join(part.split())
                if words in self.seen or not is_prose(words):
                    continue
                if taken > self.limit:
                    return
                self.seen.add(words)
                self.words.update(_WORD.findall(words))
                taken += len(words)
                yield Paragraph(package, part.strip("\n"))


def is_prose(words: str) -> bool:
    """Tell running text from tables, code and lists of names."""
    if len(words) < 60 or ">>>" in words or not words.isprintable():
        return False
    return len(_LETTERS.sub("", words)) < 0.2 * len(words)


# Where the prose comes from.


def harvested(harvest: Harvest, order: random.Random) -> Iterator[Paragraph]:
    """Yield the prose of the standard library and of every installed package, packages in a shuffled order."""
    sources = sorted({path for root in _roots() for path in _packages(root)})
    order.shuffle(sources)
    for source in sources:
        yield from harvest.paragraphs(source.stem.split("-")[0], _texts(source))


def _roots() -> set[Path]:
    return {Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")}


def _packages(root: Path) -> Iterator[Path]:
    """Yield the modules and packages of a folder, and what `pip` wrote down about them."""
    for path in root.iterdir():
        known = path.suffix in (".py", ".dist-info") or (path.is_dir() and not path.suffix)
        if known and path.name not in ("site-packages", "dist-packages"):
            yield path


def _texts(source: Path) -> Iterator[str]:
    """Yield a package's own description, its documents and its docstrings."""
    if source.suffix == ".dist-info":
        # its fields end at the first empty line; the licence is one of them
        yield (metadata.PathDistribution(source).read_text("METADATA") or "").partition("\n\n")[2]
        return
    inside = sorted(source.rglob("*")) if source.is_dir() else [source]
    for path in inside:
        name = path.relative_to(source.parent).as_posix()
        if _REPEATED.search(name) or not path.is_file():
            continue
        if path.suffix in _SUFFIXES:
            yield path.read_text("utf-8", "ignore")
        elif path.suffix == ".py":
            yield from docstrings(path.read_bytes())


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
    """What was made: the number of files, the bytes from each package, and a hash of them."""

    files: int
    packages: Counter[str]
    digest: str

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return self.packages.total()


def make_corpus(folder: Path, *, size: int, files: int, seed: int = 0) -> Corpus:
    """Write so many files with so many bytes in all; the same again for the same packages and seed."""
    order = random.Random(seed)
    harvest = Harvest(limit=int(_LARGEST_SHARE * size))
    stream = chain(harvested(harvest, order), generated(harvest.words, order))
    packages: Counter[str] = Counter()
    digest = hashlib.sha256()
    for number, parts in enumerate(cut(stream, sizes(files, size, random.Random(seed)))):
        place = folder / f"{number // 100:03}" / f"{number:05}{'.md' if number % 2 else '.txt'}"
        place.parent.mkdir(parents=True, exist_ok=True)
        data = "".join(part.text for part in parts).encode()
        place.write_bytes(data)
        digest.update(b"%d\n" % len(data) + data)
        for part in parts:
            packages[part.package] += len(part.text.encode())
    return Corpus(files, packages, digest.hexdigest()[:16])


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
        parts.append(Paragraph(rest.package, head))
        rest = Paragraph(rest.package, rest.text[len(head) :])
        room -= len(head.encode())
        yield parts


def _ended(paragraph: Paragraph) -> Paragraph:
    return Paragraph(paragraph.package, f"{paragraph.text}\n\n")


def _head(text: str, room: int) -> str:
    """Return the words at the beginning that fit into so many bytes, less than one word fewer."""
    fitting = text.encode()[:room].decode("utf-8", "ignore")
    return fitting[: fitting.rfind(" ") + 1]


# The command.


def main() -> None:
    """Make a corpus and say what was taken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="the folder to make; it must not be there yet")
    parser.add_argument("--megabytes", type=float, default=20, help="of 1,000,000 bytes, in all files (default: 20)")
    parser.add_argument("--files", type=int, help="how many files (default: one for each 10 kB)")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if given.out.exists():
        parser.error(f"{given.out} is there already: name another folder, or remove it.")
    size = int(given.megabytes * MEGABYTE)
    if size < 1_000 or (given.files or 1) < 1:
        parser.error("a corpus has at least one file and 0.001 MB.")
    made = make_corpus(given.out, size=size, files=given.files or max(1, round(size / _MEAN)), seed=given.seed)
    print(described(made))


def described(corpus: Corpus) -> str:
    """Say in some lines what a corpus was made from."""
    real = corpus.packages.copy()
    invented = real.pop(GENERATED, 0)
    largest = ", ".join(f"{name} {bytes_ / MEGABYTE:.2f}" for name, bytes_ in real.most_common(12))
    return (
        f"{corpus.files:,} files, {corpus.size / MEGABYTE:.2f} MB, hash {corpus.digest}\n"
        f"from {len(real)} packages: {real.total() / MEGABYTE:.2f} MB (the largest, in MB: {largest})\n"
        f"generated: {invented / MEGABYTE:.2f} MB"
    )


if __name__ == "__main__":
    main()
