"""Worker processes read what one process would, survive files that break them, and never outlive their parent."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import Fill, make_pdf
from PIL import Image

from qa import Library, workers
from qa.folder import scan
from qa.parsers import ocr
from qa.reading import Reading, Task
from qa.settings import read_settings
from qa.workers import read_files

unix = pytest.mark.skipif(os.name == "nt", reason="Windows has no signals of this kind")

# Stands in for the HTML parser of a worker, which finds it first on the path of modules that it is given.
PARSER = """
import os, signal, time
from pathlib import Path
def LexborHTMLParser(page):
    log = Path({log!r})
    with log.open("a") as file:
        file.write(f"{{os.getpid()}}\\n")
    {action}
"""
DIES = "os.kill(os.getpid(), signal.SIGKILL)"
DIES_ONCE = "if log.read_text().count('\\n') == 1: os.kill(os.getpid(), signal.SIGKILL)\n    raise ValueError"
HANGS = "time.sleep(600)"
RECOGNISER = """
import time
from types import SimpleNamespace
def RapidOCR(params):
    time.sleep(7)
    return lambda picture: SimpleNamespace(boxes=[[(0, 0), (9, 9)]], txts=["recognised"], scores=[1.0])
"""


def large(count: int = 60) -> dict[str, str | bytes]:
    """Enough files to be worth workers: about 3 MB."""
    return {f"{i:03}.txt": f"Document {i}. " + f"The number {i} is said again here. " * 1_400 for i in range(count)}


def tasks(folder: Path) -> list[Task]:
    return [Task(f.path, f.raw, f.stat.st_size, None) for f in scan(folder, index=folder / ".qa") if f.stat]


def read_all(folder: Path, *, processes: int) -> list[Reading]:
    with closing(read_files(folder, tasks(folder), processes=processes)) as readings:
        return [replace(each, file=replace(each.file, seen_ns=0)) for each in readings]


def stand_in(place: Path, action: str) -> tuple[Path, Path]:
    """Write a package that takes the HTML parser's place; return its folder and the log of who used it."""
    log = place / "log"
    package = place / "modules" / "selectolax"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "lexbor.py").write_text(PARSER.format(log=str(log), action=action))
    return place / "modules", log


def gone(pid: int) -> bool:
    """Tell whether a process has ended, or will in a moment."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").exists() and Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
                return True  # it has ended, and nobody has looked
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_workers_read_just_what_one_process_reads_and_in_the_same_order(folder: Path, fill: Fill) -> None:
    fill(large())
    fill(
        {
            "a.html": "<title>T</title><h1>Head</h1><p>Wörter &amp; words</p>",
            "b.md": "# One\n\nText.\n\n## Two\n\n🐹 Text again.",
            "c.pdf": make_pdf("First page.", "Second page."),
            "d.txt": "caf\xe9".encode("latin-1"),
            "e.txt": "",
            "f.png": b"\x89PNG\r\n\x1a\n" + bytes(64),
            "g\n🐹.txt": "a name of any kind",
        }
    )
    with open(os.path.join(os.fsencode(folder), b"bad\xff.txt"), "wb") as file:
        file.write(b"and this one")
    alone = read_all(folder, processes=1)
    assert read_all(folder, processes=3) == alone
    assert [each.file.path for each in alone] == [task.path for task in tasks(folder)]


def test_little_to_read_starts_no_process(fill: Fill, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    folder = fill({f"{i}.txt": f"Document {i}." for i in range(300)})
    assert len(read_all(folder, processes=8)) == 300
    fill(large())
    with Library.open(folder, settings=read_settings(threads=1)) as library:  # QA_THREADS=1 wants none
        library.stop()
        library.sync()
        assert library.status().documents > 0


@unix
def test_a_file_that_ends_its_reader_gets_a_reason_and_the_others_are_read(
    folder: Path, fill: Fill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modules, log = stand_in(tmp_path, DIES)
    monkeypatch.syspath_prepend(modules)
    fill(large() | {"030.html": "<p>deadly", "031.html": "<p>deadly too"})
    found = {each.file.path: each for each in read_all(folder, processes=2)}
    assert len(found) == 62
    failed = {path: each.file.reason for path, each in found.items() if each.file.reason}
    assert set(failed) == {"030.html", "031.html"}
    assert "broke down" in str(failed["030.html"])
    assert found["030.html"].file.digest is None  # so that the next sync tries again
    assert len(log.read_text().split()) == 4  # each twice: someone else might have ended the first


@unix
def test_a_file_that_takes_too_long_gets_a_reason_unless_its_reader_is_at_a_picture(
    fill: Fill, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    modules, _ = stand_in(tmp_path, HANGS)
    (modules / "rapidocr.py").write_text(RECOGNISER)
    monkeypatch.syspath_prepend(str(modules))
    monkeypatch.setattr(workers, "_SECONDS", 5.0)
    monkeypatch.setattr(ocr, "available", lambda: True)
    picture = io.BytesIO()
    Image.new("RGB", (60, 40), "white").save(picture, "PNG")
    mail = "Subject: It may hold pictures\nContent-Type: text/html\n\n<p>It hangs.</p>"
    folder = fill({"a.eml": mail, "b.png": picture.getvalue()})
    hung, read = read_all(folder, processes=1)
    assert hung.file.reason == "It takes too long to read: it may be damaged, or made to stop us."
    assert read.document and read.document.text == "recognised"


@unix
def test_a_reader_that_is_ended_by_someone_else_loses_nothing(
    folder: Path, fill: Fill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modules, _ = stand_in(tmp_path, DIES_ONCE)
    monkeypatch.syspath_prepend(modules)
    fill(large() | {"030.html": "<p>words"})
    found = {each.file.path: each for each in read_all(folder, processes=2)}
    assert found["030.html"].file.reason == "It cannot be read (ValueError): it may be damaged."
    assert sum(1 for each in found.values() if each.document) == 60


@pytest.mark.parametrize("python", ["", "/nowhere/python", sys.executable])
def test_where_no_worker_can_be_had_files_are_read_without(
    python: str, folder: Path, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", python)
    monkeypatch.setattr(workers, "_GREETING", b"qa of another version\n")  # as after an upgrade
    fill(large())
    assert all(each.document for each in read_all(folder, processes=2))


def test_reading_can_be_left_off_at_any_file(folder: Path, fill: Fill, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda *a, **k: started.append(popen(*a, **k)) or started[-1])
    fill(large(120))
    with closing(read_files(folder, tasks(folder), processes=2)) as readings:
        assert next(readings).document
    assert len(started) == 2
    assert all(process.returncode is not None for process in started)


def test_a_plain_script_without_a_guard_syncs_once(folder: Path, fill: Fill, tmp_path: Path) -> None:
    fill(large())
    script = tmp_path / "script.py"
    script.write_text(
        "import sys, threading\nfrom qa import Library\nlibrary = Library.open(sys.argv[1])\nlibrary.stop()\n"
        "print(library.sync().failed, flush=True)\nlibrary.close()\n"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", script, folder],
        capture_output=True,
        text=True,
        env=os.environ | {"QA_THREADS": "2"},
        stdin=subprocess.DEVNULL,
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "0\n", "")


READER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from qa.folder import scan
from qa.reading import Task
from qa.workers import read_files
folder = Path(sys.argv[1])
tasks = [Task(f.path, f.raw, f.stat.st_size, None) for f in scan(folder, index=folder / ".qa")]
for reading in read_files(folder, tasks, processes=2):
    print(reading.file.path, flush=True)
"""


@unix
def test_no_worker_outlives_a_parent_that_is_killed_even_where_a_file_makes_it_hang(
    folder: Path, fill: Fill, tmp_path: Path
) -> None:
    modules, log = stand_in(tmp_path, HANGS)
    fill(large() | {"000.html": "<p>for ever", "059.html": "<p>for ever"})
    with subprocess.Popen([sys.executable, "-c", READER, str(folder), str(modules)], stdout=subprocess.PIPE) as parent:
        while not log.exists() or len(log.read_text().split()) < 2:
            assert parent.poll() is None
            time.sleep(0.05)
        parent.kill()
    assert all(gone(int(pid)) for pid in log.read_text().split())


@unix
def test_ctrl_c_while_workers_read_is_one_line(folder: Path, fill: Fill, tmp_path: Path) -> None:
    modules, log = stand_in(tmp_path, HANGS)
    fill(large() | {"000.html": "<p>for ever"})
    path = os.pathsep.join([str(modules), *sys.path])
    with subprocess.Popen(
        [sys.executable, "-m", "qa", "sync", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"QA_THREADS": "2", "PYTHONPATH": path},
        start_new_session=True,
    ) as run:
        while not log.exists():
            assert run.poll() is None
            time.sleep(0.05)
        os.killpg(run.pid, signal.SIGINT)  # as a terminal does: to the workers too
        out, error = run.communicate(timeout=30)
    assert (run.returncode, out) == (130, "")
    assert error.strip().splitlines()[-1] == "Stopped; what was done is kept, and the next sync goes on from there."
    assert "Traceback" not in error
    assert all(gone(int(pid)) for pid in log.read_text().split())
