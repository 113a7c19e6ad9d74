"""Answers as Markdown, each citation a footnote; whatever documents say stays words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from qa.answers import Answer
from qa.citations import Citation, Location
from qa.links import Links
from qa.runs import Numbered, Run, numbered
from qa.search import Hit
from qa.wording import DOUBTS, one_line, since, spot

_LONGEST, _LONGEST_PASSAGE, _LONGEST_NAME = 20_000, 400, 300
_MARKUP = re.compile(r"[\\`*_{}\[\]<>&~|$^@]|:(?=//)|(?<=\bwww)\.", re.I)
"""What would begin a link, a tag, emphasis, code, a formula or a table, anywhere in a line."""
_OPENING = re.compile(r"^( ?)(?:([#+=:%-])|(\d{1,9})([.)]))", re.M)
"""What would begin a heading, a list or a rule at the beginning of one."""
_CLOSING = re.compile(r"(?<= )#+$")
"""What would be no words of a heading, at its end."""
_AFTER_MARK = re.compile(r"(?<=\])[(:]")
"""What would make a link, or a footnote's words, of the mark before it."""
_BACKSLASH = r"\\\g<0>"


def to_markdown(answers: Sequence[Answer], links: Links) -> str:
    """Write answers as Markdown with footnotes."""
    return "\n\n".join("\n\n".join(_blocks(each, links)) for each in numbered(answers)) + "\n"


def _blocks(told: Numbered, links: Links) -> Iterator[str]:
    answer = told.answer
    yield f"## {_CLOSING.sub(_BACKSLASH, _line(answer.question, _LONGEST))}"
    if text := _text(told):
        yield text
    if answer.searched_as:
        yield f"*Searched as: {_line(answer.searched_as, _LONGEST)}*"
    if answer.reason:
        yield f"*{_line(answer.reason, _LONGEST)}*"
    if near := told.nearest():
        yield "Nearest passages:"
        yield "\n".join(_passage(hit, links) for hit in near)
    for number, citation in told.cited():
        yield f"[^{number}]: {_footnote(citation, links)}"


def _text(told: Numbered) -> str:
    text = ""
    for run in told.runs():
        words = _mark(run.number) if run.number is not None else _words(run)
        text += _AFTER_MARK.sub(_BACKSLASH, text[-1:] + words, count=1)[len(text[-1:]) :]
        if run.last and run.sentence and run.sentence.support in DOUBTS:
            text += f" *({run.sentence.support}: {_line(run.sentence.why, _LONGEST_NAME)})*"
    return _unopened(text.strip())


def _mark(number: int) -> str:
    return f"[^{number}]"


def _words(run: Run) -> str:
    """Escape words; where the answer has an empty line there is one."""
    parts = re.split(r"(\n+)", run.words)
    words = "".join("\n" * min(2, len(part)) if at % 2 else _escaped(_shown(part)) for at, part in enumerate(parts))
    bare = words.strip()
    return words.replace(bare, f"**{bare}**", 1) if run.short and bare else words


def _shown(line: str) -> str:
    """Make a line safe to show, with the space at its ends."""
    body = one_line(line)
    if not body:
        return " " if line else ""
    return f"{' ' if line[0].isspace() else ''}{body}{' ' if line[-1].isspace() else ''}"


def _footnote(citation: Citation, links: Links) -> str:
    words = f"«{_line(citation.cited_text, _LONGEST)}»" if citation.cited_text is not None else "(no words any more)"
    file, gone = links.file(citation), since(citation)
    parts = [_named(citation, links), f"[file]({file})" if file else None, _line(gone, _LONGEST) if gone else None]
    return f"{words} — {_where(citation)} · {' · '.join(filter(None, parts))}"


def _passage(hit: Hit, links: Links) -> str:
    return f"- «{_line(hit.text, _LONGEST_PASSAGE)}» — {_where(hit)} · {_named(hit, links)}"


def _where(at: Location) -> str:
    source = at.document
    name = f"*{_line(source.title, _LONGEST_NAME)}*, " if source.title and source.title != source.path else ""
    return name + ", ".join(filter(None, (_line(source.path, _LONGEST), _escaped(spot(at)))))


def _named(at: Location, links: Links) -> str:
    page = links.place(at)
    return f"`{at.id}`" if page is None else f"[`{at.id}`]({page})"


def _line(text: str, most: int) -> str:
    """Put words on one line, escaped."""
    return _unopened(_escaped(one_line(text, most=most)))


def _escaped(text: str) -> str:
    return _MARKUP.sub(lambda found: f"\\{found[0]}", text)


def _unopened(text: str) -> str:
    return _OPENING.sub(lambda found: f"{found[1]}{found[3] or ''}\\{found[2] or found[4]}", text)
