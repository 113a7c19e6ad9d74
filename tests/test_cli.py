"""The command line, as whole processes where that is the point, and within this one where it is not."""

from __future__ import annotations

import io
import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from conftest import QUESTION, QUOTE, SEEDS, Run, sentence

from qa import Library, __version__
from qa.plain import plain
from qa.terminal import clean, one_line

ROOT = Path(__file__).parent.parent


def process(*arguments: str | Path, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run a command as its users do."""
    command = [sys.executable, "-m", "qa", *map(str, arguments)]
    return subprocess.run(command, **({"cwd": ROOT, "capture_output": True, "text": True, "timeout": 60} | more))


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The index of the real document in seeds/."""
    index = tmp_path_factory.mktemp("cli") / "index"
    with Library.open(SEEDS, index=index) as library:
        library.sync()
    yield index


# The main job.


def test_the_main_job_sync_ask_cite(tmp_path: Path) -> None:
    index = tmp_path / "index"
    report = process("sync", "seeds", "--index", index, "--json")
    assert (report.returncode, json.loads(report.stdout)["added"], report.stderr) == (0, 1, "")
    asked = process("ask", QUESTION, "--folder", "seeds", "--index", index, "--json")
    assert (asked.returncode, asked.stderr) == (0, "")
    answer = json.loads(asked.stdout)
    (cited,) = [citation for citation in answer["citations"] if QUOTE in citation["cited_text"]]
    text = next(SEEDS.glob("*.txt")).read_bytes().decode()
    assert text[cited["start_char_index"] : cited["end_char_index"]] == cited["cited_text"]
    looked_up = process("cite", cited["id"], "--folder", "seeds", "--index", index, "--json", "--context", "40")
    found = json.loads(looked_up.stdout)
    assert (found["cited_text"], found["status"]) == (cited["cited_text"], "valid")
    assert text[found["start_char_index"] - 40 : found["start_char_index"]] == found["before"]


def test_an_answer_for_people_has_marks_and_where_the_words_stand(qa: Run, synced: Path) -> None:
    code, out, err = qa("ask", QUESTION, "--folder", SEEDS, "--index", synced)
    assert (code, err) == (0, "")
    assert QUOTE in out and "[1]" in out and "line 11" in out and "9003eee57a34a3c6." in out


def test_the_question_may_come_from_standard_input(qa: Run, synced: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(QUESTION + "\n"))
    code, out, err = qa("ask", "-", "--folder", SEEDS, "--index", synced)
    assert (code, err) == (0, "") and QUOTE in out


def test_json_is_exactly_what_the_library_gives(qa: Run, synced: Path) -> None:
    place = ("--folder", SEEDS, "--index", synced, "--json")
    _, searched, _ = qa("search", "missile", "-k", "2", "--within", "*.txt", *place)
    _, status, _ = qa("status", *place)
    with Library.open(SEEDS, index=synced) as library:
        assert json.loads(searched) == {"hits": plain(library.search("missile", count=2, within="*.txt"))}
        assert json.loads(status) == library.status().to_dict()
    assert "“" in searched  # letters, not their numbers


def test_a_refusal_exits_with_1_and_shows_the_nearest_passages(qa: Run, synced: Path) -> None:
    code, out, err = qa("ask", "What is the melting point of tungsten?", "--folder", SEEDS, "--index", synced)
    assert (code, err) == (1, "")
    assert "do not seem to say" in out and "Nearest passages" in out


def test_nothing_found_exits_with_1(qa: Run, synced: Path) -> None:
    code, out, _ = qa("search", "missile", "--within", "*.pdf", "--folder", SEEDS, "--index", synced)
    assert (code, out) == (1, "Nothing found in documents whose path matches *.pdf.\n")
    code, out, _ = qa("search", "missile", "--within", "*.pdf", "--folder", SEEDS, "--index", synced, "--json")
    assert (code, json.loads(out)) == (1, {"hits": []})


def test_a_sync_tells_what_it_did_and_what_failed(qa: Run, fill: Any, folder: Path) -> None:
    fill({"a.txt": "words", "b.txt": "more words", "new\nline.pdf": b"%PDF-1.4 broken", "empty.txt": b""})
    code, out, err = qa("sync", folder)
    assert (code, err) == (0, "")
    assert "2 added" in out and "2 could not be read:" in out
    assert "new line.pdf: It is damaged" in out and "empty.txt: It is empty." in out
    (folder / "a.txt").unlink()
    assert "1 removed" in qa("sync", folder, "--no-wait")[1]
    code, out, _ = qa("status", "--folder", folder)
    assert code == 0 and "2 of them could not be read" in out and "empty.txt: It is empty." in out


def test_a_sync_on_a_terminal_shows_a_bar_and_leaves_stdout_alone(fill: Any, folder: Path) -> None:
    fill({"a.txt": "words"})
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "qa", "sync", str(folder), "--json"]
    shown = b""
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=theirs) as running:
        os.close(theirs)
        with suppress(OSError):  # Linux's word for the end
            while part := os.read(ours, 4_096):
                shown += part
        assert running.stdout and json.loads(running.stdout.read())["added"] == 1
    os.close(ours)
    assert b"Reading files" in shown and b"Embedding passages" in shown and b"/s" in shown


def test_an_empty_folder_is_said_to_be_empty(qa: Run, folder: Path) -> None:
    assert qa("sync", folder) == (0, "There are no documents in the folder.\n", "")
    code, _, err = qa("ask", "why?", "--folder", folder)
    assert code == 2 and "no documents" in sentence(err)


# What goes wrong.


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["cite", "nonsense"], 2, "looks like"),
        (["cite", "9003eee57a34a3c6.9-3"], 2, "looks like"),
        (["cite", "0000000000000000.1-2"], 1, "No document"),
        (["cite", "9003eee57a34a3c6.1-999999"], 1, "characters"),
        (["cite", "9003eee57a34a3c6.1-2", "--context", "-1"], 2, "context"),
        (["ask", "why?", "-k", "0"], 2, "count"),
        (["ask", "why?", "-k", "-1"], 2, "count"),
        (["search", "why?", "--count", str(10**9)], 2, "count"),
        (["ask", ""], 2, "empty"),
        (["ask", " \n"], 2, "empty"),
        (["ask", "x " * 50_000], 2, "too long"),
        (["ask", "\udcff\udcfe"], 2, "UTF-8"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(
    qa: Run, synced: Path, arguments: list[str], code: int, words: str
) -> None:
    found = qa(*arguments, "--folder", SEEDS, "--index", synced)
    assert found[:2] == (code, "")
    assert words in sentence(found[2])


def test_a_missing_folder_a_file_and_a_folder_never_synced_are_one_sentence(qa: Run, tmp_path: Path) -> None:
    for command in (
        ["sync"],
        ["ask", "why?"],
        ["search", "why?"],
        ["cite", "0000000000000000.1-2"],
        ["status"],
        ["serve"],
    ):
        code, out, err = qa(*command, "--folder", tmp_path / "none\x1b[31m")
        assert (code, out) == (2, "") and "There is no folder" in sentence(err) and "\x1b" not in err
    file = tmp_path / "file"
    file.write_text("words")
    assert "is a file" in sentence(qa("sync", file)[2])
    code, _, err = qa("ask", "why?", "--folder", tmp_path)
    assert code == 2 and "qa sync" in sentence(err)
    assert not (tmp_path / ".qa").exists()


def test_wrong_usage_exits_with_2(qa: Run) -> None:
    for wrong in (["ask"], ["nothing"], ["ask", "why?", "--count", "ten"], ["ask", "why?", "--colour"]):
        code, out, err = qa(*wrong)
        assert (code, out) == (2, "") and "Traceback" not in err and err


def test_a_setting_that_cannot_be_is_one_sentence(qa: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QA_PORT", "many")
    code, _, err = qa("status")
    assert code == 2 and "QA_PORT" in sentence(err)


def test_an_open_host_without_a_key_is_one_sentence(qa: Run, folder: Path) -> None:
    code, _, err = qa("serve", "--host", "0.0.0.0", "--folder", folder)
    assert code == 2 and "QA_API_KEY" in sentence(err)
    assert not (folder / ".qa").exists()


def test_a_citation_whose_words_are_gone_shows_its_status(qa: Run, fill: Any, folder: Path) -> None:
    fill({"a.txt": "The first document speaks of otters."})
    qa("sync", folder)
    with Library.open(folder) as library:
        known = library.resolve("otters").id
    fill({"a.txt": "Now it speaks of something else altogether."})
    for change, status in ((lambda: None, "changed"), (lambda: (folder / "a.txt").unlink(), "deleted")):
        change()
        code, out, err = qa("cite", known, "--folder", folder)
        assert (code, err) == (1, "") and status in out and "otters" not in out


def test_a_reader_who_leaves_early_causes_no_trace(synced: Path) -> None:
    command = [sys.executable, "-m", "qa", "search", "missile", "--folder", str(SEEDS), "--index", str(synced)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout and running.stderr
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait(30) == 141


def test_ctrl_c_stops_a_sync_in_one_sentence_and_the_next_goes_on(fill: Any, folder: Path) -> None:
    fill(
        {f"{i}.txt": f"Document {i}. " + f"It has some words of its own, as number {i} must. " * 60 for i in range(300)}
    )
    command = [sys.executable, "-m", "qa", "sync", str(folder)]
    with subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        deadline = time.monotonic() + 30
        while not (folder / ".qa" / "lexical" / "meta.json").exists():
            assert time.monotonic() < deadline and running.poll() is None
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=30)
    assert (running.returncode, out) == (130, "")
    assert "next sync goes on" in sentence(err)
    assert json.loads(process("sync", folder, "--no-wait", "--json").stdout)["failed"] == 0


# Terminals.


def test_nothing_in_a_document_reaches_the_terminal_as_a_command(qa: Run, fill: Any, folder: Path) -> None:
    evil = "The \x1b]0;owned\x07otter\x9b2J swims [red]far[/red]\u202e back.\r\nAnd\u00a0again." + " More." * 200
    fill({"a [bold]\x1b[31m.txt": evil})
    qa("sync", folder)
    for arguments in (("ask", "How does the otter swim?"), ("search", "otter"), ("status",)):
        _, out, err = qa(*arguments, "--folder", folder)
        assert not set(out + err) & {"\x1b", "\x07", "\x9b", "\u202e", "\r"}
    assert "[red]far[/red]" in qa("search", "otter", "--folder", folder)[1]


def test_clean_keeps_what_people_read() -> None:
    assert clean("Größe 日本 👩\u200d🔬\n“x” a\tb\r\nc\u00adc") == "Größe 日本 👩\u200d🔬\n“x” a b\ncc"
    assert clean("\x1b[0m\x00\x7f\ud800") == "\\x1b[0m\\x00\\x7f\\ud800"
    assert one_line(" a\n b\u2028c ") == "a b c"


# Whole processes start fast.


def test_help_names_every_command_and_imports_nothing_heavy() -> None:
    code = (
        "import sys; from qa.cli import app\n"
        "try: app(['--help'], prog_name='qa')\n"
        "except SystemExit: pass\n"
        "heavy = {'pydantic', 'rich', 'httpx', 'fastapi', 'numpy', 'chromadb', 'gradio', 'llama_index', 'asyncio'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert (shown.returncode, shown.stderr) == (0, "")
    for command in ("sync", "ask", "search", "cite", "status", "serve", "ui"):
        assert f"\n  {command} " in shown.stdout


def test_cite_imports_neither_numbers_nor_servers(synced: Path) -> None:
    code = (
        "import sys; from qa.cli import app\n"
        "try: app(sys.argv[1:], prog_name='qa')\n"
        "except SystemExit as end: assert not end.code\n"
        "heavy = {'rich', 'httpx', 'fastapi', 'uvicorn', 'numpy', 'chromadb', 'gradio', 'llama_index', 'tantivy'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    arguments = ["cite", "9003eee57a34a3c6.0-5", "--folder", str(SEEDS), "--index", str(synced), "--json"]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=30
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr


def test_version(qa: Run) -> None:
    assert qa("--version") == (0, f"{__version__}\n", "")
