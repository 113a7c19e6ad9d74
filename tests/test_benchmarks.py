"""The benchmarks run, on corpora so small that their numbers mean nothing."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def run(script, *arguments, modules=ROOT):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, modules)))}
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


def test_a_corpus_of_passages_has_at_least_so_many(tmp_path):
    printed = run("corpus.py", tmp_path / "passages", "--passages", 40)
    assert int(re.search(r"(\d+) passages", printed)[1]) >= 40
    assert "generated: 0.00 MB" in printed


def test_what_the_machine_has_not_is_made_up_and_said(benchmarks, tmp_path, monkeypatch):
    import corpus

    few = [corpus.Paragraph("a package", "The gunship flew over the desert, and it was seen by all who stood there.")]
    monkeypatch.setattr(corpus, "harvested", lambda harvest, order: harvest.words.update(few[0].text.split()) or few)
    made = corpus.make_corpus(tmp_path / "corpus", size=20_000, files=2)
    assert made.size == sum(path.stat().st_size for path in tmp_path.rglob("*.*")) > 19_900
    assert "generated: 0.02 MB" in corpus.described(made, 27)
    assert made.sources["generated"] == made.size - made.sources["a package"]


def test_a_web_page_gives_its_paragraphs_if_it_is_english(benchmarks):
    from corpus import web_page

    page = b"<html lang='%s'><p>One,\n two.</p><pre>x = 1</pre><p>Three.</p>"
    assert list(web_page(page % b"en-US")) == ["One,\n two.", "Three."]
    assert not list(web_page(page % b"de"))


def test_a_manual_page_gives_its_words_without_its_requests(benchmarks):
    from corpus import manual

    page = b'.TH LS 1\n.SH NAME\nls \\- list\n.PP\nSee\n.BR stat (2)\nand \\fBthe\\fR\n.I "other pages"\nhere.\n'
    assert next(manual(page)).split("\n\n")[-2:] == ["ls - list", "See stat(2) and the other pages here.\n"]


def test_prose_is_told_from_tables_code_and_other_languages(benchmarks):
    from corpus import is_prose

    assert is_prose("The file is read from its beginning to its end, and what follows is left as it was.")
    assert not is_prose("Die Datei wird von ihrem Anfang bis zu ihrem Ende gelesen, und der Rest bleibt, wie er war.")
    assert not is_prose("--with-a=1 | --with-b=2 | [--with-c=3] | {--with-d=4} | <--with-e=5> | --with-f=6 | --g")


@pytest.fixture
def benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))


def test_the_stock_glue_gets_the_same_model(benchmarks, tmp_path):
    run("float32.py", tmp_path / "model")
    from stock import Model

    from qa.embedders import open_embedder

    texts = ["The gunship flew over the desert.", "A short one.", "Bread needs flour, water, salt and much time. " * 9]
    stock = Model(tmp_path / "model", threads=1).vectors(texts)
    ours = open_embedder("bundled", cache=tmp_path / "cache", threads=1).embed(texts)
    assert (ours * stock).sum(axis=1) == pytest.approx(1, abs=0.01)


def test_searches_are_timed_everywhere_and_within_a_glob(tmp_path):
    facts = (  # texts of our own, far apart: what neighbours are near hangs on no machine's files
        "Bread rises because yeast makes gas from the sugar in the dough.",
        "The court held that the tenant may keep the deposit until the repairs are paid.",
        "A comet's tail points away from the sun, whichever way the comet goes.",
        "The goalkeeper saved two penalties and the cup went to the visitors.",
        "Copper conducts electricity better than iron, and silver better than both.",
        "The queen died in the spring, and her brother was crowned in the autumn.",
        "Wash wool in cold water, or it shrinks and becomes felt.",
        "The ferry leaves the island at six and reaches the harbour before noon.",
        "A violin has four strings, which are tuned in fifths.",
        "Malaria is carried by mosquitoes that bite at night.",
        "The bank raised its interest rate to slow the rise of prices.",
        "Whales breathe air and feed their young with milk.",
    )
    for number, fact in enumerate(facts):
        (tmp_path / f"{number}.{'md' if number % 2 else 'txt'}").write_text(f"{fact} This is what was told of it.")
    options = ["--index", tmp_path.with_name("index"), "--questions", 3, "--within", "*.md", "--recall"]
    printed = run("search.py", tmp_path, *options)
    assert re.search(r"12 passages, 3 searches: p50 \d+\.\d ms, p95 \d+\.\d ms", printed)
    assert re.search(r"within \*\.md, \d+\.\d% of the text: 3 searches: p50", printed)
    assert "recall@10 against an exact scan 1.0000" in printed


def test_a_server_is_asked_by_many_clients(corpus, tmp_path):
    printed = run("clients.py", corpus, "--index", tmp_path / "index", "--clients", 3, "--seconds", 0.5)
    assert re.search(r"3 clients for \d+ s: \d+\.\d requests/s, 0 errors", printed)


def test_the_way_to_the_first_answer_is_timed(corpus):
    assert re.search(r"0\.02 MB, median of 1: can be asked after \d", run("first.py", corpus, "--repeat", 1))


@pytest.mark.parametrize("embedder", ["none", "stand-in"])
def test_memory_is_measured_of_more_text_than_there_is(corpus, embedder):
    printed = run("memory.py", corpus, "--megabytes", 0.05, "--embedder", embedder)
    assert re.search(r"0\.\d\d MB of text.*\n +the process itself +\d+ MB", printed)


def test_no_passage_is_that_of_another_repetition(benchmarks, corpus):
    from memory import changed

    from qa.parsers import parse
    from qa.passages import cut

    text = next(corpus.rglob("*.md")).read_text()
    words = [
        [passage.span.of(document.text) for passage in cut(document)]
        for document in (parse(changed(text, number).encode(), "a.md") for number in (0, 1))
    ]
    assert not set(words[0]) & set(words[1])


def test_growth_is_measured_with_known_vectors_and_drawn(corpus, tmp_path):
    given = ["--index", tmp_path / "index", "--passages", 10, "--questions", 3, "--svg", tmp_path / "growth.svg"]
    assert re.search(r"\d+ passages, 0\.\d\d MB: can be asked after", run("growth.py", corpus, *given))
    assert (tmp_path / "growth.svg").read_text().startswith("<svg")


def test_syncs_with_nothing_changed_are_timed():
    assert "3 files, nothing changed" in run("resync.py", "--files", 3, "--repeat", 1)


def test_formats_are_read_and_compared(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Name,Fee\nOtter,5\n")
    (tmp_path / "b.docx").write_text("no such thing")
    rows = [
        {"path": "a.csv", "class": "tables", "must_include": ["Otter,5", "Walrus"], "encoding": "ascii"},
        {"path": "b.docx", "class": "harm", "must_not_include": ["no such thing"]},
    ]
    (tmp_path / "EXPECT.jsonl").write_text("\n".join(map(json.dumps, rows)))
    printed = run("formats.py", tmp_path)
    assert "2 files: 2 end in text or in a reason" in printed
    assert "there: 1 of 2; that must not: 0" in printed and "exact: 1 of 1" in printed


def test_citations_of_each_status_are_looked_up_and_timed():
    printed = run("citations.py", "--passages", 200, "--rows", 200, "--lookups", 5, "--seconds", 0.2, "--clients", 2)
    assert printed.count("of another status 0") == 4
    assert re.search(r"2 clients: [\d,]+ requests/s, 0 errors", printed)


def test_claims_are_checked_and_made_wrong(tmp_path):
    said = "The harbour of Rostock was built in 1850 by Jan Meyer."
    line = {"claim": f"{said[:-1]} [1].", "references": [said], "attribution_label": "attributable"}
    (tmp_path / "claims.jsonl").write_text(f"{json.dumps(line)}\n")
    printed = run("verifying.py", tmp_path / "claims.jsonl", "--count", 5)
    assert "supported in the eyes of people: 1 quoted" in printed
    assert all(f"with {what} changed: 0 of 1 still hold" in printed for what in ("a number", "a name", "a negation"))
    assert re.search(r"\d+ ms a sentence, 1 of them as one text", printed)


def test_answers_are_timed_over_http_with_the_reader_and_without(corpus, tmp_path):
    printed = run("ask.py", corpus, "--index", tmp_path / "index", "--questions", 4, "--rounds", 1)
    for side in ("with the reader", "without the reader"):
        assert re.search(rf"^{side}: \d refused, 0 errors; the server's own p50, ms: search \d+", printed, re.M)
    assert len(re.findall(r"first byte of a stream: p50 \d+\.\d ms, p95 \d+\.\d ms", printed)) == 2


def test_the_reader_is_timed():
    printed = run("reading.py", "--texts", 2, "--tokens", 20, "--repeat", 2)
    assert re.search(r"2 texts of 20 tokens, \d cores: p50 \d+ ms, p95 \d+ ms", printed)


WRITER = """
from llama_index.core.llms import CompletionResponse, CustomLLM, LLMMetadata

class Writer(CustomLLM):
    @property
    def metadata(self):
        return LLMMetadata(model_name="writer", context_window=4096)

    def complete(self, prompt, formatted=False, **kwargs):
        raise NotImplementedError

    def stream_complete(self, prompt, formatted=False, **kwargs):
        yield CompletionResponse(text="", delta="The heron eats three fish a day [1]. It can fly [7].")
"""


def test_what_a_model_writes_is_measured_before_the_checks_and_after(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "writer.py").write_text(WRITER)
    (tmp_path / "set").mkdir()
    text = "The heron of the pond eats three fish a day, as the ranger says."
    gold = {"qid": "1", "question": "How many fish does the heron eat a day?", "gold": [{"doc_id": "1", "text": text}]}
    (tmp_path / "set" / "corpus.jsonl").write_text(json.dumps({"doc_id": "1", "title": "Heron", "text": text}))
    (tmp_path / "set" / "queries.jsonl").write_text(json.dumps(gold))
    options = ["--llm", "mine.writer:Writer", "--replies", tmp_path / "replies.jsonl", "--index", tmp_path / "index"]
    for _ in range(2):  # the second time nothing is asked
        printed = run("writing.py", tmp_path / "set", *options, modules=tmp_path)
        assert "mine.writer:Writer, 1 questions" in printed and "not counted" not in printed
        assert re.search(r"that name nothing\W+1\W+0\W+1\W+0", printed)
    assert len((tmp_path / "replies.jsonl").read_text().splitlines()) == 1
