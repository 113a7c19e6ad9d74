"""Answers as one HTML file that needs nothing else: from each mark to the words it cites, and back; no script."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from qa.answers import Answer
from qa.citations import Citation, Location
from qa.links import Links
from qa.runs import Numbered, Run, numbered
from qa.search import Hit
from qa.wording import DOUBTS, one_line, since, spot

_STYLE = Path(__file__).with_name("webpage.css")
_LONGEST, _LONGEST_PASSAGE, _LONGEST_NAME = 20_000, 400, 300
_CONTROL = {each: 0x2400 + each for each in {*range(32)} - {*b"\t\n\r"}}
_CONTROL |= {0x7F: 0x2421} | dict.fromkeys((*range(0x80, 0xA0), *range(0xD800, 0xE000)), 0xFFFD)
"""What HTML cannot hold: control characters are shown by their pictures."""


def to_html(answers: Sequence[Answer], links: Links) -> str:
    """Write answers as a page; its policy lets nothing in but its own style."""
    style = _STYLE.read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    title = one_line(answers[0].question, most=80) if answers else "Answers"
    articles = "\n".join("\n".join(_article(each, links)) for each in numbered(answers))
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{_text(title)}</title>
<style>{style}</style>
</head>
<body>
<main>
{articles}
</main>
</body>
</html>
"""  # noqa: E501


def _article(told: Numbered, links: Links) -> Iterator[str]:
    answer = told.answer
    yield "<article>"
    yield f'<h2 dir="auto">{_text(answer.question[:_LONGEST])}</h2>'
    yield f'<div class="answer" dir="auto">{"".join(_answer(told))}</div>'
    if answer.searched_as:
        yield f'<p class="note" dir="auto">Searched as: {_text(answer.searched_as[:_LONGEST])}</p>'
    if answer.reason:
        yield f'<p class="note">{_text(answer.reason[:_LONGEST])}</p>'
    if near := told.nearest():
        yield '<p class="note">Nearest passages:</p>'
        yield f'<ul class="sources">{"".join(_passage(hit, links) for hit in near)}</ul>'
    if answer.citations:
        yield '<ol class="sources">'
        for number, citation in told.cited():
            yield from _source(number, citation, links)
        yield "</ol>"
    yield "</article>"


def _answer(told: Numbered) -> Iterator[str]:
    """Write the text; a sentence that does not follow says so."""
    cited = dict(told.cited())
    seen: Counter[int] = Counter()
    inside = False
    for run in told.runs():
        if run.sentence and not inside:
            doubted = " doubted" if run.sentence.support in DOUBTS else ""
            yield f'<span class="{run.sentence.support}{doubted}">'
        inside = run.sentence is not None and not run.last
        if run.number is not None:
            seen[run.number] += 1
            yield _mark(run.number, seen[run.number], cited[run.number])
        else:
            yield _run(run)
        if run.last and run.sentence:
            yield "</span>"
            if run.sentence.support in DOUBTS:
                yield f' <span class="why">({run.sentence.support}: {_text(run.sentence.why[:_LONGEST_NAME])})</span>'


def _run(run: Run) -> str:
    return f"<strong>{_text(run.words)}</strong>" if run.short else _text(run.words)


def _mark(number: int, time: int, citation: Citation) -> str:
    """Write a mark; the first of a number is where its source leads back to."""
    name = f"mark-{number}" if time == 1 else f"mark-{number}-{time}"
    return f' <a class="mark" id="{name}" href="#cite-{number}" data-cite="{_text(citation.id)}">[{number}]</a>'


def _source(number: int, citation: Citation, links: Links) -> Iterator[str]:
    gone = since(citation)
    where = _where(citation) + (f' <span class="status">({_text(gone)})</span>' if gone else "")
    back = f'<a href="#mark-{number}" aria-label="Back to the sentence of citation {number}">[{number}]</a>'
    yield f'<li id="cite-{number}" data-cite="{_text(citation.id)}"><p>{back} {where}</p>'
    if citation.cited_text is not None:
        yield f'<blockquote dir="auto">{_quote(citation, citation.cited_text)}</blockquote>'
    yield f"{_links(citation, links, links.file(citation))}</li>"


def _passage(hit: Hit, links: Links) -> str:
    words = one_line(hit.text, most=_LONGEST_PASSAGE)
    return f'<li><p>{_where(hit)}</p><blockquote dir="auto">{_text(words)}</blockquote>{_links(hit, links, None)}</li>'


def _where(at: Location) -> str:
    source = at.document
    name = one_line(source.title, most=_LONGEST_NAME) if source.title != source.path else ""
    title = f"<cite><bdi>{_text(name)}</bdi></cite> · " if name else ""
    return f"{title}<bdi>{_text(one_line(source.path))}</bdi>" + (f", {_text(spot(at))}" if spot(at) else "")


def _links(at: Location, links: Links, file: str | None) -> str:
    addresses = ((links.place(at), "Open in the library"), (file, "Open the file"))
    linked = "".join(f' · <a href="{_text(address)}">{name}</a>' for address, name in addresses if address)
    return f'<p class="links"><code>{_text(at.id)}</code>{linked}</p>'


def _quote(citation: Citation, words: str) -> str:
    """Write the cited words, exactly, between those around them."""
    before = f'<span class="around">…{_text(citation.prefix)}</span>' if citation.prefix.strip() else ""
    after = f'<span class="around">{_text(citation.suffix)}…</span>' if citation.suffix.strip() else ""
    cut = " …" if len(words) > _LONGEST else ""
    return f"{before}<mark>{_text(words[:_LONGEST])}</mark>{cut}{after}"


def _text(words: str) -> str:
    """Make words what a browser takes for nothing else."""
    return escape(words.translate(_CONTROL)).replace("\r", "&#13;")
