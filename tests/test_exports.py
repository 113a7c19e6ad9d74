"""Exports: out of each format the same citations come back, and nothing that a document says does anything."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
import pytest
from conftest import QUESTION, QUOTE, SEEDS, Fill, Run, make_pdf, sentence
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from selectolax.lexbor import LexborHTMLParser
from test_api import running
from test_containers import mail

from qa import Answer, Library
from qa.citations import Citation
from qa.errors import UsageError
from qa.exports import FORMATS, export
from qa.footnotes import to_markdown
from qa.links import Links, line_ends
from qa.plain import plain
from qa.remote import RemoteLibrary
from qa.saving import format_of
from qa.wording import one_line

URL = "http://127.0.0.1:7860"
TODAY = date(2026, 11, 23)
STEADY = settings(derandomize=True, max_examples=150, deadline=None)
ATTACK = (
    '<script>window.hacked=1</script><img src=x onerror="window.hacked=1"> [link](javascript:hacked) '
    "![i](http://x.y/z) *b* _i_ `c` ~~s~~ $x$ | a | www.evil.example http://evil.example a@b.example &lt; &#60; [^1]: "
    "[^2] [1] \\[2] \x1b[2J \u202eevil\u202c </style></main> --> ]]>"
)
HOSTILE = f"# 1. {ATTACK}\n\nThe zeppelin {ATTACK} landed in Friedrichshafen at noon.\n"
WINDOWS = (
    "A log of the harbour.\r\n\r\nThe tide 🌊 rose by 3.2 metres\r\nat noon on the 4th of May 1962.\r\n"
    "Then it fell.\r\n"
)
PAGE = (
    "<title>Bridges</title><p>Older bridges are of stone.</p><p>The well-known bridge at Remagen, built of steel & "
    "stone, fell on 17 March 1945.</p><p>Nothing is left of it.</p>"
)
QUESTIONS = {
    "tide.txt": "By how many metres did the tide rise in May 1962?",
    "bridge.html": "When did the bridge at Remagen fall?",
    "ferry.pdf": "When does the ferry Adler leave Nordstrand?",
    "zeppelin.md": "Where did the zeppelin land at noon?",
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """A library of each kind of file, one of them hostile."""
    folder = tmp_path_factory.mktemp("exports") / "my, files & [more]"
    folder.mkdir()
    (folder / "tide.txt").write_bytes(WINDOWS.encode())
    (folder / "bridge.html").write_text(PAGE)
    (folder / "zeppelin.md").write_text(HOSTILE)
    (folder / "ferry.pdf").write_bytes(make_pdf("First page.", "The ferry Adler leaves Nordstrand at 11 every day."))
    with Library.open(folder) as opened:
        opened.sync()
        yield opened


@pytest.fixture(scope="module")
def talk(library: Library) -> list[Answer]:
    """A conversation: an answer from each file, an overview, a greeting and a refusal."""
    asked = [*QUESTIONS.values(), "What is in here?", "Hello!", "Which sauce goes with asparagus and hollandaise?"]
    return [library.ask(question) for question in asked]


def cited(answers: Sequence[Answer]) -> list[str]:
    return [citation.id for answer in answers for citation in answer.citations]


def footnotes(text: str) -> dict[int, str]:
    return {int(number): words for number, words in re.findall(r"^\[\^(\d+)\]: (.*)$", text, re.M)}


def annotations(text: str) -> list[dict[str, Any]]:
    return list(json.loads(text).get("first", {}).get("items", []))


def body(annotation: dict[str, Any], purpose: str) -> str:
    (found,) = [each["value"] for each in annotation["body"] if each["purpose"] == purpose]
    return str(found)


def ids(format: str, text: str) -> list[str]:
    """Return the ids of the citations that an export carries, each once, in the order in which it has them."""
    match format:
        case "markdown":
            found = [re.findall(r"`([0-9a-f]{16}\.\d+-\d+)`", words)[-1] for words in footnotes(text).values()]
        case "html":
            found = [str(each.attributes["data-cite"]) for each in LexborHTMLParser(text).css("li[data-cite]")]
        case "json":
            found = [each["id"] for answer in json.loads(text)["answers"] for each in answer["citations"]]
        case "annotations":
            found = [body(each, "identifying") for each in annotations(text)]
        case "csl":
            found = [each["id"] for item in json.loads(text) for each in item["custom"]["citations"]]
    return list(dict.fromkeys(found))


# The same citations.


@pytest.mark.parametrize("format", FORMATS)
def test_what_is_exported_and_looked_up_again_is_the_same_citations(
    library: Library, talk: list[Answer], format: str
) -> None:
    found = ids(format, library.export(talk, format, url=URL))
    assert len(found) > 6 and sorted(found) == sorted(set(cited(talk)))
    known = {citation.id: citation for answer in talk for citation in answer.citations}
    for id in found:
        again = library.citation(id)
        assert (again.cited_text, again.status) == (known[id].cited_text, "valid")
        assert again.cited_text == library.text(again.document.id)[again.start_char_index : again.end_char_index]


def test_the_words_of_an_annotation_resolve_to_the_citation_that_it_is_of(library: Library, talk: list[Answer]) -> None:
    for each in annotations(library.export(talk, "annotations")):
        quote, position = each["target"]["selector"][:2]
        found = library.resolve(quote["exact"], prefix=quote["prefix"], suffix=quote["suffix"])
        assert (found.start_char_index, found.end_char_index) == (position["start"], position["end"])
        assert found.id == body(each, "identifying")


def test_json_is_what_the_answers_are(library: Library, talk: list[Answer]) -> None:
    told = json.loads(library.export(talk, "json"))
    assert (told["format"], told["version"]) == ("chapter-and-verse/answers", 1)
    assert told["answers"] == json.loads(json.dumps([answer.to_dict() for answer in talk]))


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_answers_give_the_same_file(library: Library, talk: list[Answer], format: str) -> None:
    once, again = (library.export(talk, format, url=URL, files="..", on=TODAY) for _ in range(2))
    assert once == again and once.endswith("\n")


def test_the_numbers_of_a_conversation_run_on_and_every_mark_has_its_footnote(
    library: Library, talk: list[Answer]
) -> None:
    text = library.export(talk, "markdown")
    notes = footnotes(text)
    assert list(notes) == list(range(1, len(cited(talk)) + 1))
    marks = re.findall(r"(?<!\\)\[\^(\d+)\](?!:)", re.sub(r"^\[\^.*$", "", text, flags=re.M))
    assert {int(mark) for mark in marks} == set(notes)
    assert [re.findall(r"`([^`]*)`", words)[-1] for words in notes.values()] == cited(talk)


def test_what_a_sentence_lacks_why_there_is_no_answer_and_the_short_answer_are_told(library: Library) -> None:
    answer = library.ask(QUESTIONS["tide.txt"])
    first = answer.sentences[0]
    weak = replace(first, support="unsupported", why="the cited words lack “1999”", answer_span=(0, 8))
    told = replace(answer, sentences=(weak, *answer.sentences[1:]), reason="A note.", searched_as="Tide, 1962?")
    markdown, html = (library.export(told, format) for format in ("markdown", "html"))
    assert "*(unsupported: the cited words lack “1999”)*" in markdown and "**The tide**" in markdown
    assert "*Searched as: Tide, 1962?*" in markdown and "*A note.*" in markdown
    page = LexborHTMLParser(html)
    assert page.css_first(".unsupported.doubted") and "lack “1999”" in page.css_first(".why").text()
    assert page.css_first("strong").text() == "The tide"
    assert body(annotations(library.export(told, "annotations"))[0], "tagging") == "unsupported"
    refusal = library.ask("Which sauce goes with asparagus and hollandaise?")
    assert "Nearest passages:" in library.export(refusal, "markdown")
    assert json.loads(library.export(refusal, "annotations"))["total"] == 0
    assert json.loads(library.export(refusal, "csl")) == []


def test_a_citation_that_no_longer_holds_says_so_and_links_to_no_file(talk: list[Answer]) -> None:
    answer = talk[0]
    gone = replace(answer.citations[0], status="changed", cited_text=None)
    told = replace(answer, citations=(gone, *answer.citations[1:]))
    first = footnotes(export(told, "markdown", files=".."))[1]
    assert "no words any more" in first and "changed since" in first and "[file]" not in first
    assert "changed since" in export(told, "html")
    selectors = annotations(export(told, "annotations"))[0]["target"]["selector"]
    assert [each["type"] for each in selectors] == ["TextPositionSelector"]
    assert json.loads(export(told, "csl"))[0]["custom"]["citations"][0]["status"] == "changed"


# Hostile documents.


@STEADY
@given(st.text(alphabet=st.sampled_from(sorted({*ATTACK, *"\x00#+-=:%.()\r\n\t\u2028 1é"})), max_size=60))
def test_markdown_reads_words_of_a_document_as_these_words(words: str) -> None:
    question = f"Who, {words}?"
    answer = Answer(question=question, answer=words, refused=False, reason=words or None, model="", citations=())
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(to_markdown([answer], Links()))
    assert {token.type for token in tokens} <= {
        "heading_open",
        "heading_close",
        "paragraph_open",
        "paragraph_close",
        "inline",
    }
    inline = [token.children or [] for token in tokens if token.type == "inline"]
    assert {token.type for token in inline[0]} == {"text"}
    assert "".join(token.content for token in inline[0]) == one_line(question)
    for tokens in inline[1:]:
        assert {token.type for token in tokens} <= {"text", "softbreak", "em_open", "em_close"}


def test_no_control_character_and_none_that_turns_text_is_in_what_is_read_line_by_line(
    library: Library, talk: list[Answer]
) -> None:
    notes = [item["note"] + item["title"] for item in json.loads(library.export(talk, "csl"))]
    for text in (library.export(talk, "markdown"), "".join(notes)):
        assert "landed in Friedrichshafen" in text and not set(text) & {"\x00", "\x1b", "\u202e", "\u202c"}


def test_a_question_keeps_what_would_end_a_heading(talk: list[Answer]) -> None:
    for question in ("What is C #", "Is it F# ##", "# #"):
        heading = MarkdownIt("commonmark").parse(to_markdown([replace(talk[0], question=question)], Links()))[1]
        assert "".join(each.content for each in heading.children or ()) == question


def test_the_page_is_one_file_with_no_script_whose_policy_lets_nothing_in(library: Library, talk: list[Answer]) -> None:
    html = library.export(talk, "html", url=URL, files="..")
    page = LexborHTMLParser(html)
    assert not page.css("script, img, iframe, link, object, embed, base, form, svg, [src], [onerror], [style]")
    policy = page.css_first("meta[http-equiv]").attributes["content"] or ""
    (style,) = page.css("style")
    digest = base64.b64encode(hashlib.sha256(style.text().encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert {each.attributes["charset"] for each in page.css("meta[charset]")} == {"utf-8"}
    for link in page.css("a"):
        address = link.attributes["href"] or ""
        assert address.startswith((f"{URL}/#cite=", "../")) or page.css_first(f'[id="{address.removeprefix("#")}"]')
    for entry in page.css("li[data-cite]"):
        (mark,) = entry.css("mark")
        words = library.citation(str(entry.attributes["data-cite"])).cited_text or ""
        assert mark.text() == words.replace("\x1b", "␛").replace("\x00", "␀")
    assert ATTACK[:40] in page.body.text()  # type: ignore[union-attr]


# The formats' own rules.


def test_annotations_keep_every_must_of_the_model(library: Library, talk: list[Answer]) -> None:
    for url in (None, URL):
        collection = json.loads(library.export(talk, "annotations", url=url))
        check_collection(collection)
        assert collection["total"] == sum(len(each.citations) for answer in talk for each in answer.sentences)


def check_collection(collection: dict[str, Any]) -> None:
    """Check what the Web Annotation Data Model says MUST be so, of all that we use of it."""
    assert collection["@context"] == "http://www.w3.org/ns/anno.jsonld" and is_iri(collection["id"])
    assert collection["type"] == "AnnotationCollection" and isinstance(collection["label"], str)
    assert isinstance(collection["total"], int) and collection["total"] >= 0
    if not collection["total"]:
        return
    page = collection["first"]
    assert "@context" not in page  # embedded
    assert page["type"] == "AnnotationPage" and is_iri(page["id"]) and collection["last"] == page["id"]
    assert page["partOf"] == collection["id"] and page["startIndex"] == 0
    assert isinstance(page["items"], list) and len(page["items"]) == collection["total"]
    assert len({item["id"] for item in page["items"]}) == collection["total"]
    for item in page["items"]:
        check_annotation(item)


def check_annotation(item: dict[str, Any]) -> None:
    assert item["type"] == "Annotation" and is_iri(item["id"]) and "bodyValue" not in item
    motivations = "assessing bookmarking classifying commenting describing editing highlighting identifying linking"
    known = {*motivations.split(), "moderating", "questioning", "replying", "tagging"}
    assert item["motivation"] in known
    for each in item["body"]:
        assert each["type"] == "TextualBody" and isinstance(each["value"], str) and each["purpose"] in known
    target = item["target"]
    assert target["type"] == "SpecificResource" and is_iri(target["source"]["id"])
    assert is_iri(target["source"]["canonical"]) and ("id" not in target or is_iri(target["id"]))
    assert target["selector"]
    for each in target["selector"]:
        SELECTORS[each["type"]](each)


def check_quote(selector: dict[str, Any]) -> None:
    assert set(selector) == {"type", "exact", "prefix", "suffix"}
    assert all(isinstance(value, str) for value in selector.values()) and selector["exact"]


def check_position(selector: dict[str, Any]) -> None:
    assert set(selector) == {"type", "start", "end"} and 0 <= selector["start"] < selector["end"]


def check_fragment(selector: dict[str, Any]) -> None:
    assert set(selector) == {"type", "value", "conformsTo"} and is_iri(selector["conformsTo"])
    assert is_iri(f"http://x/#{selector['value']}")


SELECTORS = {
    "TextQuoteSelector": check_quote,
    "TextPositionSelector": check_position,
    "FragmentSelector": check_fragment,
}


def is_iri(text: str) -> bool:
    return bool(urlsplit(text).scheme) and text.isprintable() and not set(text) & set(' <>"{}|\\^`')


def test_an_annotation_without_a_server_names_the_text_by_its_hash(library: Library, talk: list[Answer]) -> None:
    for each in annotations(library.export(talk, "annotations")):
        source = each["target"]["source"]
        digest = base64.urlsafe_b64decode(source["id"].removeprefix("ni:///sha-256;") + "=")
        text = library.text(digest.hex())
        assert hashlib.sha256(text.encode()).digest() == digest
        quote, position = each["target"]["selector"][:2]
        assert text[position["start"] : position["end"]] == quote["exact"]


CSL_TEXT = {"title", "archive_location", "URL", "note", "locator"}
CSL_DATES = {"issued", "accessed"}


def test_csl_items_keep_the_rules_of_the_schema(library: Library, talk: list[Answer]) -> None:
    items = json.loads(library.export(talk, "csl", url=URL, on=TODAY))
    assert isinstance(items, list) and len({item["id"] for item in items}) == len(items) == len(QUESTIONS)
    for item in items:
        assert set(item) <= {"id", "type", "custom"} | CSL_TEXT | CSL_DATES and isinstance(item["id"], str)
        assert item["type"] == ("webpage" if item["archive_location"].endswith(".html") else "document")
        assert all(isinstance(item[name], str) for name in CSL_TEXT & set(item)) and isinstance(item["custom"], dict)
        for name in CSL_DATES:
            ((year, month, day),) = item[name]["date-parts"]
            assert set(item[name]) == {"date-parts"} and date(year, month, day)
        assert item["accessed"]["date-parts"] == [[2026, 11, 23]]
        assert all(each["id"].startswith(f"{item['id']}.") for each in item["custom"]["citations"])
        assert all(re.match(r"[0-9a-f]{16}\.", line) for line in item["note"].split("\n"))
    pages = {item["archive_location"]: item["custom"]["citations"][0] for item in items}
    assert (pages["ferry.pdf"]["label"], pages["ferry.pdf"]["locator"]) == ("page", "2")
    assert (pages["tide.txt"]["label"], pages["tide.txt"]["locator"]) == ("line", "3-4")


# Links.


def of(answers: Sequence[Answer], path: str) -> Citation:
    return next(each for answer in answers for each in answer.citations if each.document.path == path)


def test_a_link_opens_the_page_and_one_to_a_file_is_there_only_if_it_is_asked_for(
    library: Library, talk: list[Answer]
) -> None:
    for format in ("markdown", "html"):
        assert "http:" not in library.export(talk[:3], format)
        linked = library.export(talk[:3], format, url=f"{URL}/", files="../a%20b/")
        assert f"{URL}/#cite={of(talk, 'tide.txt').id}" in linked
        assert "../a%20b/ferry.pdf#page=2" in linked
        assert '"/ferry.pdf#' in library.export(talk, "html", files="/")


def test_what_stands_in_a_mail_is_linked_to_that_mail(fill: Fill) -> None:
    post = mail("See the notes.", ("otter.txt", "The otter of the old mill weighs nine kilograms."))
    with Library.open(fill({"Mine!/post.eml": post})) as library:
        library.sync()
        answer = library.ask("How much does the otter of the old mill weigh?")
        assert [each.document.path for each in answer.citations] == ["Mine!/post.eml!/otter.txt"]
        exported = library.export(answer, "html", files="..")
        assert 'href="../Mine%21/post.eml"' in exported
        assert "#char=" not in exported and "#char=" not in library.export(answer, "annotations")


def test_characters_are_counted_as_rfc_5147_does_with_one_for_a_line_end(library: Library, talk: list[Answer]) -> None:
    citation = of(talk, "tide.txt")
    fragment = Links(ends=line_ends(library.text)).fragment(citation)
    assert fragment and fragment.conforms_to.endswith("rfc5147")
    start, end = map(int, re.fullmatch(r"char=(\d+),(\d+)", fragment.value).groups())  # type: ignore[union-attr]
    assert start < citation.start_char_index
    assert WINDOWS.replace("\r\n", "\n")[start:end] == (citation.cited_text or "").replace("\r\n", "\n")
    lines = Links().fragment(citation)
    assert lines and lines.value == "line=2,4"  # between lines, counted from 0


def test_words_of_a_web_page_are_named_as_browsers_read_them(library: Library, talk: list[Answer]) -> None:
    citation = of(talk, "bridge.html")
    fragment = Links().fragment(citation)
    assert fragment and fragment.value.startswith(":~:text=")
    terms = fragment.value.removeprefix(":~:text=").split(",")
    for term in terms:
        assert re.fullmatch(r"-?([A-Za-z0-9!$'()*+./:;=?@_~]|%[0-9A-F]{2})+-?", term)
    words = [unquote(term) for term in terms if not term.startswith("-") and not term.endswith("-")]
    assert (citation.cited_text or "").startswith(words[0]) and (citation.cited_text or "").endswith(words[-1])


@pytest.mark.parametrize(
    ("cited_text", "prefix", "suffix", "value"),
    [
        ("well-known, a & b", "he said: ", " And so on", "said%3A-,well%2Dknown%2C%20a%20%26%20b,-And%20so"),
        ("one", "", "", "one"),
        ("a b\nc d", "whole line\n", "\nnext line", "line-,a%20b,c%20d,-next"),
        ("Year | Costs |  | 7\n1962 | 300", "A table\n\nHead | ", " | more | rest", "Head-,Year,300,-more"),
        ("| 300 ", "x | Costs of", " | 12\n", "Costs%20of-,300,-12"),
        (" ".join(f"word{n}" for n in range(40)), "", "", "word0%20word1%20word2%20word3%20word4%20word5,"
         "word34%20word35%20word36%20word37%20word38%20word39"),
    ],
)  # fmt: skip
def test_a_text_fragment_has_whole_words_and_encodes_what_parts_them(
    talk: list[Answer], cited_text: str, prefix: str, suffix: str, value: str
) -> None:
    citation = replace(of(talk, "bridge.html"), cited_text=cited_text, prefix=prefix, suffix=suffix)
    fragment = Links().fragment(citation)
    assert fragment and fragment.value == f":~:text={value}"


@pytest.mark.parametrize("wrong", [{"url": "javascript:alert(1)"}, {"url": "x"}, {"url": "http://x/#a"},
                                   {"url": 'http://x/"><script>'}, {"files": "javascript:x"}, {"files": "a b"},
                                   {"files": ""}])  # fmt: skip
def test_an_address_that_is_none_gets_one_sentence(talk: list[Answer], wrong: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="must be"):
        export(talk, "html", **wrong)


@pytest.mark.parametrize(("answers", "format"), [([], "docx"), (["no answer"], "json")])
def test_what_cannot_be_exported_gets_one_sentence(answers: Any, format: str) -> None:
    with pytest.raises(UsageError, match=r"\.$"):
        export(answers, format)


# The command line.


@pytest.mark.parametrize(
    ("name", "format"),
    [("a.md", "markdown"), ("a.HTML", "html"), ("a.json", "json"), ("a.jsonld", "annotations"), ("a.csl.json", "csl")],
)
def test_the_suffix_says_the_format(name: str, format: str) -> None:
    assert format_of(Path(name)) == format


def test_an_answer_is_exported_to_a_file_and_none_is_ever_lost(qa: Run, tmp_path: Path) -> None:
    where = ("--folder", SEEDS, "--index", tmp_path / "index")
    qa("sync", *where)
    (tmp_path / "out").mkdir()
    file = tmp_path / "out" / "answer.md"
    code, out, err = qa("ask", QUESTION, *where, "--export", file, "--link-files")
    assert (code, err) == (0, f"Written to {file}.\n") and QUOTE in out
    (note,) = footnotes(file.read_text()).values()
    link = re.search(r"\[file\]\(([^)]*)\)", note)
    assert link and (file.parent / unquote(link[1].partition("#")[0])).resolve().is_file()
    assert qa("cite", ids("markdown", file.read_text())[0], *where)[0] == 0
    before = file.read_bytes()
    code, out, err = qa("ask", QUESTION, *where, "--export", file)
    assert (code, out) == (2, "") and "is there already" in sentence(err) and file.read_bytes() == before
    code, out, err = qa("ask", "What is in here?", *where, "--export", file, "--overwrite")
    assert code == 0 and file.read_bytes() != before
    assert [each.name for each in file.parent.iterdir()] == ["answer.md"]


@pytest.mark.parametrize(
    ("name", "words"),
    [("a.docx", ".csl.json"), (".md", "says none"), ("no/where.md", "no folder"), ("folder.md", "no folder")],
)
def test_a_file_that_cannot_be_written_is_told_before_anything_is_asked(
    qa: Run, tmp_path: Path, name: str, words: str
) -> None:
    (tmp_path / "folder.md").mkdir()
    code, out, err = qa("ask", "Why?", "--folder", tmp_path / "nowhere", "--export", tmp_path / name)
    assert (code, out) == (2, "") and words in sentence(err)


def test_a_file_among_the_documents_is_said_to_be_one(qa: Run, fill: Fill) -> None:
    folder = fill({"tide.txt": WINDOWS})
    qa("sync", folder)
    code, _, err = qa("ask", QUESTIONS["tide.txt"], "--folder", folder, "--export", folder / "answer.html")
    assert code == 0 and "will be one of them" in err and (folder / "answer.html").is_file()


# Over HTTP.


@pytest.fixture(scope="module")
def client(library: Library) -> Iterator[httpx.Client]:
    with running(library) as opened:
        yield opened


def told(answers: Sequence[Answer]) -> list[dict[str, Any]]:
    return json.loads(json.dumps(plain(answers)))  # type: ignore[no-any-return]


@pytest.mark.parametrize("format", FORMATS)
def test_the_server_writes_what_the_library_does(
    client: httpx.Client, library: Library, talk: list[Answer], format: str
) -> None:
    response = client.post("/api/export", json={"format": format, "answers": told(talk)})
    assert response.status_code == 200 and response.headers["content-type"].startswith(FORMATS[format].media_type)
    name = f"answers{FORMATS[format].suffix}"
    assert response.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert "sandbox" in response.headers["content-security-policy"]
    assert sorted(ids(format, response.text)) == sorted(set(cited(talk)))
    if format in ("markdown", "html", "annotations"):
        assert response.text == library.export(talk, format)


def test_a_remote_library_exports_as_the_library_does(
    client: httpx.Client, library: Library, talk: list[Answer]
) -> None:
    with RemoteLibrary(str(client.base_url)) as remote:
        assert remote.page() is None
        for format in FORMATS:
            assert remote.export(talk, format, url=URL, files="..") == library.export(talk, format, url=URL, files="..")


def test_words_that_a_client_made_up_are_not_told_as_a_quote(client: httpx.Client, talk: list[Answer]) -> None:
    (answer,) = told(talk[:1])
    made_up = "The tide rose by 99 metres. [1]"
    answer |= {"answer": made_up, "citations": [{**answer["citations"][0], "cited_text": "99 metres"}]}
    answer["sentences"] = [
        {**answer["sentences"][0], "text": made_up, "start": 0, "end": len(made_up), "answer_span": None}
    ]
    assert answer["sentences"][0]["support"] == "quoted"
    response = client.post("/api/export", json={"format": "json", "answers": [answer]})
    (exported,) = response.json()["answers"]
    assert exported["sentences"][0]["support"] != "quoted"
    assert exported["citations"][0]["cited_text"] == talk[0].citations[0].cited_text


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"citations": [{"id": "0123456789abcdef.0-5", "number": 1}]}, 404, "No document here"),
        ({"citations": [{"id": "nonsense", "number": 1}]}, 400, "not the id of a citation"),
        ({"citations": []}, 400, "a mark that names no citation"),
        ({"answer": "Something else."}, 400, "not those of its text"),
        ({"sentences": "x"}, 422, "sentences"),
        ({"citations": [{"id": "0123456789abcdef.0-5", "number": 1}] * 2_001}, 413, "too many"),
        ({"citations": [{"id": "0123456789abcdef.0-4000001", "number": 1}]}, 413, "too long together"),
    ],
)
def test_what_is_no_answer_is_refused_in_one_sentence(
    client: httpx.Client, talk: list[Answer], change: dict[str, Any], status: int, words: str
) -> None:
    (answer,) = told(talk[:1])
    response = client.post("/api/export", json={"format": "markdown", "answers": [answer | change]})
    assert response.status_code == status and words in response.json()["detail"]


def test_a_format_that_there_is_not_and_no_answers_at_all_get_one_sentence(
    client: httpx.Client, talk: list[Answer]
) -> None:
    for body in ({"format": "docx", "answers": told(talk[:1])}, {"format": "html", "answers": []}):
        response = client.post("/api/export", json=body)
        assert response.status_code == 400 and response.json()["detail"].endswith(".")


def test_an_export_of_an_answer_whose_document_was_edited_since_says_so(fill: Fill) -> None:
    folder = fill({"tide.txt": WINDOWS})
    with Library.open(folder) as library:
        library.sync()
        answer = library.ask(QUESTIONS["tide.txt"])
        fill({"tide.txt": "Nothing is known of it.\n"})
        library.sync()
        with running(library) as client:
            text = client.post("/api/export", json={"format": "markdown", "answers": told([answer])}).text
        assert cited([answer]) == ids("markdown", text) and "changed since" in text
