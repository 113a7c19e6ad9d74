"""The benchmarks run, on corpora so small that their numbers mean nothing."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def run(script, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(ROOT / "benchmarks" / script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("benchmark") / "corpus"
    run("corpus.py", folder, "--megabytes", 0.02, "--files", 5)
    return folder


def test_a_corpus_has_the_size_and_the_files_that_were_asked_for(corpus):
    files = [path for path in corpus.rglob("*") if path.is_file()]
    assert len(files) == 5
    assert sum(path.stat().st_size for path in files) == pytest.approx(20_000, rel=0.01)


def test_a_corpus_is_made_the_same_again(corpus, tmp_path):
    run("corpus.py", tmp_path / "again", "--megabytes", 0.02, "--files", 5)
    for path in corpus.rglob("*.*"):
        assert path.read_bytes() == (tmp_path / "again" / path.relative_to(corpus)).read_bytes()


def test_the_stock_glue_gets_the_same_model(tmp_path, monkeypatch):
    run("float32.py", tmp_path / "model")
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    from stock import Model

    from qa.embedders import open_embedder

    texts = ["The gunship flew over the desert.", "A short one.", "Bread needs flour, water, salt and much time. " * 9]
    stock = Model(tmp_path / "model", threads=1).vectors(texts)
    ours = open_embedder("bundled", cache=tmp_path / "cache", threads=1).embed(texts)
    assert (ours * stock).sum(axis=1) == pytest.approx(1, abs=0.01)


def test_searches_are_timed(corpus, tmp_path):
    printed = run("search.py", corpus, "--index", tmp_path / "index", "--questions", 3)
    assert re.search(r"\d+ passages, 3 searches: p50 \d+\.\d ms, p95 \d+\.\d ms", printed)


def test_syncs_with_nothing_changed_are_timed():
    assert "3 files, nothing changed" in run("resync.py", "--files", 3, "--repeat", 1)
