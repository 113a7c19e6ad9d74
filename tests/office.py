"""Small office files for the tests, written as their formats have them."""

from __future__ import annotations

import io
import zipfile
from urllib.parse import quote

_SPACES = " ".join(
    f'xmlns:{short}="urn:{short}"' for short in ("w", "r", "mc", "wps", "wp", "a", "c", "p", "m", "dgm", "xdr")
)
_ODF = " ".join(
    f'xmlns:{short}="urn:{short}"'
    for short in ("office", "style", "text", "table", "draw", "presentation", "svg", "xlink")
)
_DC = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'


def package(parts: dict[str, str | bytes]) -> bytes:
    """Pack parts into a ZIP."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return made.getvalue()


def relations(*targets: tuple[str, str, str]) -> str:
    """Write relations: id, kind, target."""
    made = (f'<Relationship Id="{i}" Type="urn:office/{kind}" Target="{target}"/>' for i, kind, target in targets)
    return f"<Relationships>{''.join(made)}</Relationships>"


def core(title: str) -> str:
    """Write the properties that give a title."""
    return f"<cp:coreProperties xmlns:cp='urn:cp' {_DC}><dc:title>{title}</dc:title></cp:coreProperties>"


def docx(body: str, *, title: str = "", **parts: str) -> bytes:
    """Write a Word file; `parts` are its other parts, by their kinds: `styles="<w:style …/>"`."""
    made = {
        "word/document.xml": f"<w:document {_SPACES}><w:body>{body}</w:body></w:document>",
        "word/_rels/document.xml.rels": relations(*((kind, kind, f"{kind}.xml") for kind in parts)),
        "docProps/core.xml": core(title),
    }
    return package(
        made | {f"word/{kind}.xml": f"<w:all {_SPACES}>{content}</w:all>" for kind, content in parts.items()}
    )


def p(words: str, properties: str = "") -> str:
    """Write a paragraph of Word, with one run."""
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{words}</w:t></w:r></w:p>"


def pptx(slides: dict[str, str], shown: str, *, title: str = "", **parts: str) -> bytes:
    """Write slides, each with its shapes, of which those are `shown`; `parts` belong to the first slide, by kind."""
    listed = "".join(f'<p:sldId id="1" r:id="{name}"/>' for name in shown.split())
    made = {
        "ppt/presentation.xml": f"<p:presentation {_SPACES}><p:sldIdLst>{listed}</p:sldIdLst></p:presentation>",
        "ppt/_rels/presentation.xml.rels": relations(*((name, "slide", f"slides/{name}.xml") for name in slides)),
        "docProps/core.xml": core(title),
    }
    for name, shapes in slides.items():
        show = ' show="0"' if name.startswith("hidden") else ""
        made[f"ppt/slides/{name}.xml"] = (
            f"<p:sld {_SPACES}{show}><p:cSld><p:spTree>{shapes}</p:spTree></p:cSld></p:sld>"
        )
    first = next(iter(slides))
    made[f"ppt/slides/_rels/{first}.xml.rels"] = relations(*((kind, kind, f"../{kind}.xml") for kind in parts))
    return package(made | {f"ppt/{kind}.xml": f"<p:all {_SPACES}>{content}</p:all>" for kind, content in parts.items()})


def shape(*paragraphs: str, place: str = "") -> str:
    """Write a shape, in a placeholder where one is named."""
    words = "".join(f"<a:p><a:r><a:t>{each}</a:t></a:r></a:p>" for each in paragraphs)
    held = f'<p:nvPr><p:ph type="{place}"/></p:nvPr>' if place else ""
    return f"<p:sp><p:nvSpPr><p:cNvPr id='1' name='x'/>{held}</p:nvSpPr><p:txBody>{words}</p:txBody></p:sp>"


def xlsx(sheets: dict[str, str], *, strings: str = "", styles: str = "", settings: str = "", **parts: str) -> bytes:
    """Write a workbook of sheets with such rows; a name may say its state: `Secret:hidden`."""
    names = [name.partition(":") for name in sheets]
    listed = "".join(
        f'<sheet name="{name}" state="{state or "visible"}" r:id="s{i}"/>' for i, (name, _, state) in enumerate(names)
    )
    made = {
        "xl/workbook.xml": f"<workbook xmlns:r='urn:r'>{settings}<sheets>{listed}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": relations(
            ("strings", "sharedStrings", "strings.xml"),
            ("styles", "styles", "styles.xml"),
            *((f"s{i}", "worksheet", f"s{i}.xml") for i in range(len(sheets))),
        ),
        "xl/strings.xml": f"<sst>{strings}</sst>",
        "xl/styles.xml": f"<styleSheet>{styles}</styleSheet>",
        "xl/_rels/s0.xml.rels": relations(*((kind, kind, f"{kind}.xml") for kind in parts)),
    }
    made |= {f"xl/s{i}.xml": f"<worksheet>{rows}</worksheet>" for i, rows in enumerate(sheets.values())}
    return package(made | {f"xl/{kind}.xml": f"<all {_SPACES}>{content}</all>" for kind, content in parts.items()})


def row(number: int, *words: str) -> str:
    """Write a row of a sheet, from its first column on."""
    cells = (
        f'<c r="{chr(65 + i)}{number}" t="inlineStr"><is><t>{each}</t></is></c>' for i, each in enumerate(words) if each
    )
    return f'<row r="{number}">{"".join(cells)}</row>'


def odf(kind: str, body: str, *, styles: str = "", title: str = "", masters: str = "", manifest: str = "") -> bytes:
    """Write an OpenDocument file: a text, a spreadsheet or a presentation."""
    return package(
        {
            "content.xml": f"<office:document-content {_ODF} {_DC}><office:automatic-styles>{styles}"
            f"</office:automatic-styles><office:body><office:{kind}>{body}</office:{kind}></office:body>"
            "</office:document-content>",
            "styles.xml": f"<office:document-styles {_ODF}><office:master-styles>{masters}</office:master-styles>"
            "</office:document-styles>",
            "meta.xml": f"<office:document-meta {_ODF} {_DC}><office:meta><dc:title>{title}</dc:title></office:meta>"
            "</office:document-meta>",
            "META-INF/manifest.xml": f"<manifest>{manifest}</manifest>",
        }
    )


def epub(chapters: dict[str, str], *, contents: str = "", metadata: str = "", **parts: str) -> bytes:
    """Write a book of chapters; `contents` are the points of its NCX."""
    items = "".join(
        f'<item id="{name}" href="{quote(name)}.xhtml" media-type="application/xhtml+xml"/>' for name in chapters
    )
    spine = "".join(f'<itemref idref="{name}"/>' for name in reversed(chapters))
    made = {
        "META-INF/container.xml": '<container><rootfiles><rootfile full-path="OPS/a.opf"/></rootfiles></container>',
        "OPS/a.opf": '<!DOCTYPE package PUBLIC "a" "http://example.org/a.dtd">'
        f"<package {_DC}><metadata>{metadata}</metadata><manifest>{items}"
        '<item id="ncx" href="a.ncx" media-type="application/x-dtbncx+xml"/></manifest>'
        f"<spine>{spine}</spine></package>",
        "OPS/a.ncx": f'<!DOCTYPE ncx PUBLIC "a" "http://example.org/a.dtd"><ncx><navMap>{contents}</navMap></ncx>',
    }
    made |= {
        f"OPS/{name}.xhtml": f"<html><head><title/></head><body>{page}</body></html>" for name, page in chapters.items()
    }
    return package(made | parts)
