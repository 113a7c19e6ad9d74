"""The README tells of everything that there is."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from qa.cli import app
from qa.settings import Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("name", sorted(get_command(app).commands))  # type: ignore[attr-defined]
def test_every_command_is_told_of(name: str) -> None:
    assert f"`qa {name}" in README


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_told_of(name: str) -> None:
    assert f"`QA_{name.upper()}`" in README


def test_every_file_is_told_of() -> None:
    patterns = re.findall(r"`(qa/[\w.*/]+)`", README)
    files = [path.relative_to(ROOT) for path in (ROOT / "qa").rglob("*.*") if path.is_file()]
    told = [path for path in files if path.name[0] != "_" and path.parts[-2] != "__pycache__"]
    assert [path for path in told if path.name != "py.typed" and not any(path.match(p) for p in patterns)] == []


def test_the_worked_example_of_citations_can_be_followed_from_top_to_bottom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = "".join(re.findall(r"```console\n(.*?)```", (ROOT / "docs" / "citations.md").read_text(), re.S))
    monkeypatch.chdir(tmp_path)
    for command, output in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", shown, re.M):
        if not command.startswith("qa "):
            subprocess.run(["sh", "-c", f"{command}\n{output}"], check=True)
            continue
        ran = CliRunner().invoke(app, shlex.split(command)[1:])
        assert ran.stdout.split() == output.split(), command
        assert ran.stderr == "", command


def test_what_the_command_line_prints_is_what_the_readme_shows(tmp_path: Path) -> None:
    shown = re.search(r"```console\n(\$ qa sync seeds.*?)```", README, re.S)
    assert shown
    index = ["--index", str(tmp_path / "index")]
    for command, output in re.findall(r"\$ qa (.*)\n((?:(?!\$ ).*\n)*)", shown[1]):
        words = [quoted or word for quoted, word in re.findall(r'"([^"]*)"|(\S+)', command)]
        words = [str(ROOT / word) if word == "seeds" else word for word in words]
        folder = [] if words[0] == "sync" or "--folder" in words else ["--folder", str(ROOT / "seeds")]
        ran = CliRunner().invoke(app, [*words, *folder, *index])
        assert ran.stdout.split() == output.split(), command
        assert ran.stderr == "", command
