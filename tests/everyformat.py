"""One good file of each format that is read, each with the same sentence and with another that is its own."""

from __future__ import annotations

import io
import json
import zipfile

from conftest import make_pdf
from office import docx, epub, odf, p, pptx, row, shape, xlsx
from oldfiles import outlook, slides, word, workbook
from test_containers import mail


def own(name: str) -> str:
    """Return the sentence that only this file has."""
    return f"The otter of {name.replace('.', ' ')} weighs nine kilograms."


def _packed(**files: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for name, words in files.items():
            packed.writestr(f"{name}.txt", words)
    return file.getvalue()


def _html(words: str) -> str:
    return f"<!doctype html><title>Otters</title><h1>Rivers</h1><p>{words}</p><ul><li>One</li></ul>"


def _rtf(words: str) -> str:
    return r"{\rtf1\ansi{\fonttbl{\f0 A;}}" + words + r"\par More.}"


def _mailbox(words: str) -> str:
    return f"From ann@example.org Mon Jan 1 00:00:00 2024\n{mail(words).decode()}\n"


_MAKERS = {
    "a.txt": lambda words: f"{words}\n\nMore.\n",
    "b.md": lambda words: f"# Otters\n\n{words}\n\n| a | b |\n|---|---|\n| 1 | 2 |\n",
    "c.html": _html,
    "d.pdf": lambda words: make_pdf("First page.", words),
    "e.docx": lambda words: docx(p("Head", '<w:pStyle w:val="Heading1"/>') + p(words), title="Otters"),
    "f.pptx": lambda words: pptx({"one": shape("Title", place="title") + shape(words)}, "one"),
    "g.xlsx": lambda words: xlsx({"Sheet": row(1, "Name", "Said") + row(2, "Otter", words)}),
    "h.odt": lambda words: odf("text", f"<text:h text:outline-level='1'>Otters</text:h><text:p>{words}</text:p>"),
    "i.epub": lambda words: epub({"one": f"<h1>One</h1><p>{words}</p>", "two": "<p>More.</p>"}),
    "j.rtf": _rtf,
    "k.doc": lambda words: word(f"{words}\rMore of it.\r"),
    "l.ppt": lambda words: slides(("Otters", words, "A note.")),
    "m.xls": lambda words: workbook({"Sheet": [["Name", "Said"], ["Otter", words]]}),
    "n.msg": lambda words: outlook({"0037": "Otters", "1000": words}),
    "o.eml": lambda words: mail(words, ("report.txt", "A report.")),
    "p.mbox": _mailbox,
    "q.csv": lambda words: f'name,said\notter,"{words}"\nlynx,nothing\n',
    "r.json": lambda words: json.dumps({"said": words, "numbers": [1, 2]}),
    "s.jsonl": lambda words: f"{json.dumps({'said': words})}\n{json.dumps({'said': 'nothing'})}\n",
    "t.xml": lambda words: f"<all><one>{words}</one><two>More.</two></all>",
    "u.ipynb": lambda words: json.dumps({"cells": [{"cell_type": "markdown", "source": [words]}], "nbformat": 4}),
    "v.tex": lambda words: f"\\documentclass{{article}}\n\\begin{{document}}\n{words}\n\\end{{document}}\n",
    "w.rst": lambda words: f"Otters\n======\n\n{words}\n",
    "x.srt": lambda words: f"1\n00:00:01,000 --> 00:00:04,000\n{words}\n",
    "y.vtt": lambda words: f"WEBVTT\n\n00:01.000 --> 00:04.000\n{words}\n",
    "z.py": lambda words: f'"""{words}"""\n\n\ndef otter() -> None:\n    pass\n',
}


def _made(name: str) -> bytes:
    made = _MAKERS[name](own(name))
    return made.encode() if isinstance(made, str) else made


FILES: dict[str, bytes] = {name: _made(name) for name in _MAKERS} | {"zip.zip": _packed(inside=own("zip.zip"))}
