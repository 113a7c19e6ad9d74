"""The control words of RTF: what they write, what they begin, which code page they name."""

from __future__ import annotations

import codecs

WORDS = dict(
    zip(
        "tab line emdash endash lquote rquote ldblquote rdblquote bullet "
        "emspace enspace qmspace nestcell nestrow ~ _".split(),
        "\t\n—–‘’“”•   \t\n\xa0\u2011",
        strict=True,
    )
)
"""What is written for a word."""
ENDS = frozenset({"par", "sect", "page", "column", "\r", "\n"})
"""What ends a paragraph."""
SKIPPED = frozenset(
    "annotation atnauthor atndate atnid atnref atntime bkmkend bkmkstart blipuid colorschememapping colortbl comment "
    "datafield datastore docvar falt filetbl fldinst ftnsep ftnsepc aftnsep aftnsepc generator latentstyles "
    "leveltext levelnumbers list listlevel listname listoverride listoverridetable listpicture listtable mmathPr "
    "nonesttables nonshppict objdata panose pgptbl picprop pict private revtbl rsidtbl shprslt sn sp stylesheet sv tc "
    "template themedata tcn userprops xe xmlnstbl".split()
)
"""What nobody sees."""
FLOWS = {
    **dict.fromkeys(("header", "headerl", "headerr", "headerf", "footer", "footerl", "footerr", "footerf"), "margin"),
    **dict.fromkeys(("listtext", "pntext"), "mark"),
    "footnote": "note",
    "title": "title",
    "info": "",
    "fonttbl": "fonts",
}
"""What begins words of another kind; those of no kind are skipped."""
KEPT = frozenset({"shpinst", "shptxt", "do", "dptxbxtext", *FLOWS})
"""What is read though it is marked as something that may be skipped."""
CHARSETS = dict(
    (
        *((0, ""), (1, ""), (2, "cp1252"), (77, "mac-roman"), (78, "shift_jis"), (128, "cp932"), (129, "cp949")),
        *((130, "johab"), (134, "gbk"), (136, "cp950"), (161, "cp1253"), (162, "cp1254"), (163, "cp1258")),
        *((177, "cp1255"), (178, "cp1256"), (186, "cp1257"), (204, "cp1251"), (222, "cp874"), (238, "cp1250")),
        *((254, "cp437"), (255, "cp437")),
    )
)
"""The code pages of fonts' character sets; empty: the document's own."""
_CODE_PAGES = {65001: "utf-8", 10000: "mac-roman", 10001: "shift_jis", 10007: "mac-cyrillic"}


def code_page(number: int | None) -> str:
    """Return the name of a code page; nothing where there is none of that number."""
    name = _CODE_PAGES.get(number or 0, f"cp{number}")
    try:
        codecs.lookup(name)
    except LookupError:
        return ""
    return name
