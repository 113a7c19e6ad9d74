"""Folders, libraries and the command line for the tests: real parts, temporary places."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from qa import Library
from qa.cli import app

settings.register_profile("many", max_examples=1_000)

SEEDS = Path(__file__).parent.parent / "seeds"
QUESTION = "How many times have U.S. forces been attacked since October 17th?"
QUOTE = "approximately 66 times since October 17th, 32 separate times in Iraq and 34 separate times in Syria"

Fill = Callable[..., Path]
Run = Callable[..., tuple[int, str, str]]

# where the tests run in the background Ctrl-C is ignored, and every process that they start would ignore it too
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the person who runs the tests reaches them."""
    for name in list(os.environ):
        if name.startswith("QA_") and name != "QA_SCREENSHOTS":
            monkeypatch.delenv(name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder for documents."""
    place = tmp_path / "folder"
    place.mkdir()
    return place


@pytest.fixture
def fill(folder: Path) -> Fill:
    """Write documents: `fill({"a.txt": "words"})`; returns the folder."""

    def write(files: dict[str, str | bytes]) -> Path:
        for name, content in files.items():
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content.encode() if isinstance(content, str) else content)
        return folder

    return write


@pytest.fixture
def library(folder: Path) -> Iterator[Library]:
    """The library of `folder`, with the real bundled model."""
    with Library.open(folder) as opened:
        yield opened


@pytest.fixture(scope="session")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """The library of the real document in `seeds/`, synced; for reading only."""
    with Library.open(SEEDS, index=tmp_path_factory.mktemp("seeds") / "index") as opened:
        opened.sync()
        yield opened


@pytest.fixture
def qa(capfd: pytest.CaptureFixture[str]) -> Run:
    """Run a command here: `qa("ask", "why?")` returns the exit code, stdout and stderr."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            app([str(each) for each in arguments], prog_name="qa")
        out, err = capfd.readouterr()
        return int(ended.value.code or 0), out, err

    return run


def sentence(said: str) -> str:
    """Check that it is one plain sentence, and return it."""
    assert said.count("\n") == 1 and said.endswith((".\n", ")\n")) and "Traceback" not in said, said
    return said


def make_pdf(*pages: str) -> bytes:
    """Write a small PDF, one line of ASCII on each page."""
    kids = " ".join(f"{4 + 2 * i} 0 R" for i in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for i, words in enumerate(pages):
        stream = f"BT /F1 12 Tf 72 720 Td ({words}) Tj ET"
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >> "
            f"/Contents {5 + 2 * i} 0 R >>"
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    return pdf_of(objects)


def pdf_of(objects: list[str]) -> bytes:
    """Write objects as a PDF; the first is its catalog."""
    out, places = "%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{each}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    end = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    return f"{out}{end}trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF".encode()


@pytest.fixture
def pdf() -> bytes:
    """A PDF of two pages."""
    return make_pdf("First page says one.", "Second page says two.")
