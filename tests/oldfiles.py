"""Old Office files, as small as they can be: compound files with streams in them."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from itertools import pairwise

_END, _FREE, _TABLE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
_CUTOFF = 4096


def compound(streams: Mapping[str, bytes]) -> bytes:
    """Write streams, by their paths, as a compound file."""
    sectors: list[bytes] = []
    table: list[int] = []

    def add(data: bytes) -> int:
        if not data:
            return _END
        start = len(sectors)
        parts = [data[at : at + 512].ljust(512, b"\0") for at in range(0, len(data), 512)]
        sectors.extend(parts)
        table.extend([*range(start + 1, start + len(parts)), _END])
        return start

    names = [""]
    for path in streams:
        steps = path.split("/")
        names += [place for n in range(1, len(steps) + 1) if (place := "/".join(steps[:n])) not in names]
    small, small_table, starts = b"", list[int](), dict[str, int]()
    for path, data in streams.items():
        if len(data) >= _CUTOFF:
            starts[path] = add(data)
        elif data:
            starts[path] = len(small) // 64
            count = -(-len(data) // 64)
            small_table += [*range(starts[path] + 1, starts[path] + count), _END]
            small += data.ljust(count * 64, b"\0")
    starts[""] = add(small)
    sizes = {"": len(small), **{path: len(data) for path, data in streams.items()}}
    directory = b"".join(_entry(path, names, starts.get(path, _END), sizes.get(path)) for path in names)
    small_start, directory_start = add(struct.pack(f"<{len(small_table)}I", *small_table)), add(directory)
    own = -(-(len(table) + 1) // 127)
    table_at = list(range(len(sectors), len(sectors) + own))
    table += [_TABLE] * own + [_FREE] * (own * 128 - len(table) - own)
    header = struct.pack("<8s16xHHHHH6xIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6, 0, own,
                         directory_start, 0, _CUTOFF, small_start, 1, _END, 0)  # fmt: skip
    header += struct.pack("<109I", *table_at, *[_FREE] * (109 - own))
    return header + b"".join(sectors) + struct.pack(f"<{len(table)}I", *table)


def _entry(path: str, names: Sequence[str], start: int, size: int | None) -> bytes:
    name = (path.rpartition("/")[2] or "Root Entry").encode("utf-16-le")
    above = path.rpartition("/")[0]
    later = [n for n in range(names.index(path) + 1, len(names)) if path and names[n].rpartition("/")[0] == above]
    inside = [n for n, each in enumerate(names) if each and each.rpartition("/")[0] == path and each != path]
    kind = 5 if not path else 1 if size is None else 2
    child = inside[0] if inside and kind != 2 else _FREE
    head = struct.pack("<64sHBBIII36x", name, len(name) + 2, kind, 1, _FREE, later[0] if later else _FREE, child)
    return head + struct.pack("<IQ", start, size or 0)


def word(
    text: str,
    *,
    hidden: Sequence[tuple[int, int]] = (),
    paragraphs: Mapping[int, tuple[int, bytes]] | None = None,
    lengths: Sequence[int] = (),
    tables: Mapping[int, bytes] | None = None,
    flags: int = 0,
    version: int = 0xC1,
) -> bytes:
    """Write a Word file: its letters in two pieces, by their last letters the style of paragraphs and what they are."""
    half = next((n for n, letter in enumerate(text) if ord(letter) > 255), len(text))
    narrow, wide = text[:half].encode("cp1252"), text[half:].encode("utf-16-le")
    begins = 2048
    second = begins + len(narrow) + len(narrow) % 2

    def place(at: int) -> int:
        return begins + at if at < half or at == half == len(text) else second + 2 * (at - half)

    edges = sorted({0, len(text), *(at for each in hidden for at in each)})
    runs = [(a, b, b"\x3c\x08\x01" if (a, b) in hidden else b"") for a, b in pairwise(edges)]
    characters = _page([place(at) for at in edges], [bytes([len(run)]) + run if run else b"" for _, _, run in runs], 1)
    ends = [0, *(at + 1 for at in sorted(paragraphs or {}))]
    settings = [struct.pack("<H", style) + more for _, (style, more) in sorted((paragraphs or {}).items())]
    sized = [b"\0" + bytes([-(-len(each) // 2)]) + each.ljust(-(-len(each) // 2) * 2, b"\0") for each in settings]
    papers = _page([place(at) if at < len(text) else place(at - 1) + 2 for at in ends], sized, 13)
    pieces = struct.pack("<III", 0, half, len(text))
    pieces += struct.pack("<HIH", 0, begins * 2 | 0x40000000, 0) + struct.pack("<HIH", 0, second, 0)
    parts = {33: b"\2" + struct.pack("<I", len(pieces)) + pieces, 12: struct.pack("<III", 0, 9999, 2),
             13: struct.pack("<III", 0, 9999, 3), **(tables or {})}  # fmt: skip
    places, table = [(0, 0)] * 93, b""
    for index, data in parts.items():
        places[index] = len(table), len(data)
        table += data
    head = struct.pack("<HH6xH20x", 0xA5EC, version, flags) + struct.pack("<H28xH12x", 14, 22)
    head += struct.pack("<8i", *[*(lengths or [len(text)]), *[0] * 8][:8]) + bytes(44) + struct.pack("<H", 93)
    head += b"".join(struct.pack("<II", *each) for each in places)
    main = head.ljust(1024, b"\0") + characters + papers + narrow.ljust(second - begins, b"\0") + wide
    return compound({"WordDocument": main.ljust(4096, b"\0"), "0Table": table})


def _page(edges: Sequence[int], values: Sequence[bytes], size: int) -> bytes:
    page = bytearray(512)
    struct.pack_into(f"<{len(edges)}I", page, 0, *edges)
    at = 510
    for number, value in enumerate(values):
        if value:
            at -= len(value) + len(value) % 2
            page[at : at + len(value)] = value
            page[4 * len(edges) + size * number] = at // 2
    page[511] = len(values)
    return bytes(page)


def record(kind: int, data: bytes, number: int = 0, *, holds: bool = False) -> bytes:
    """Write a record of PowerPoint."""
    return struct.pack("<HHI", number << 4 | (15 if holds else 0), kind, len(data)) + data


def slides(*said: tuple[str, str, str], mark: int = 0xE391C05F) -> bytes:
    """Write slides: their titles, what is drawn on them, and their notes."""
    shown = noted = b""
    kept: list[bytes] = []
    for number, (title, drawn, notes) in enumerate(said):
        shown += record(0x03F3, struct.pack("<IIIII", 2 * number + 2, 0, 0, 256 + number, 0))
        shown += record(0x0F9F, struct.pack("<I", 0)) + record(0x0FA8, title.encode("latin-1"))
        words = record(0x040C, record(0xF002, record(0x0FA0, drawn.encode("utf-16-le")), holds=True), holds=True)
        kept.append(record(0x03EE, words, holds=True))
        noted += record(0x03F3, struct.pack("<IIIII", 2 * number + 3, 0, 0, 512 + number, 0))
        words = record(0x040C, record(0x0FA0, notes.encode("utf-16-le")), holds=True)
        kept.append(record(0x03F0, record(0x03F1, struct.pack("<II", 256 + number, 0)) + words, holds=True))
    document = record(0x03E8, record(0x0FF0, shown, 0, holds=True) + record(0x0FF0, noted, 2, holds=True), holds=True)
    stream, places = b"", []
    for each in (document, *kept):
        places.append(len(stream))
        stream += each
    directory = len(stream)
    stream += record(0x1772, struct.pack(f"<I{len(places)}I", len(places) << 20 | 1, *places))
    edit = len(stream)
    stream += record(0x0FF5, struct.pack("<IIIIIII", 0, 0, 0, directory, 1, 0, 0))
    user = record(0x0FF6, struct.pack("<III", 20, mark, edit) + bytes(8))
    return compound({"PowerPoint Document": stream, "Current User": user})


def workbook(sheets: Mapping[str, Sequence[Sequence[str | float]]], *, locked: bool = False) -> bytes:
    """Write a workbook of Excel 97."""
    bodies = []
    for rows in sheets.values():
        body = _biff(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0))
        for row, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                if isinstance(cell, str) and cell:
                    words = struct.pack("<HB", len(cell), 1) + cell.encode("utf-16-le")
                    body += _biff(0x204, struct.pack("<HHH", row, column, 0) + words)
                elif not isinstance(cell, str):
                    body += _biff(0x203, struct.pack("<HHHd", row, column, 0, cell))
        bodies.append(body + _biff(0x0A, b""))
    first = _biff(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0))
    if locked:
        first += _biff(0x2F, struct.pack("<HHH", 1, 1, 1) + bytes(48))
    first += _biff(0x42, struct.pack("<H", 1200))
    size = len(first) + sum(4 + 8 + len(name) for name in sheets) + 4
    for name, body in zip(sheets, bodies, strict=True):
        first += _biff(0x85, struct.pack("<IBBBB", size, 0, 0, len(name), 0) + name.encode())
        size += len(body)
    return compound({"Workbook": (first + _biff(0x0A, b"") + b"".join(bodies)).ljust(4096, b"\0")})


def _biff(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def outlook(
    values: Mapping[str, str | bytes],
    recipients: Sequence[tuple[int, str, str]] = (),
    attached: Sequence[tuple[str, bytes]] = (),
    inside: Mapping[str, str | bytes] | None = None,
) -> bytes:
    """Write a mail of Outlook: its values, who it is to, files, and a mail in it."""
    streams = _values("", values, 32)
    for number, (kind, name, address) in enumerate(recipients):
        folder = f"__recip_version1.0_#{number:08X}/"
        streams |= _values(folder, {"3001": name, "39FE": address}, 8, struct.pack("<IIQ", 0x0C150003, 6, kind))
    for number, (name, data) in enumerate(attached):
        streams |= _values(f"__attach_version1.0_#{number:08X}/", {"3707": name, "3701": data}, 8)
    if inside:
        folder = f"__attach_version1.0_#{len(attached):08X}/"
        streams |= _values(folder, {"3001": "inner"}, 8) | _values(f"{folder}__substg1.0_3701000D/", inside, 24)
    return compound(streams)


def _values(folder: str, values: Mapping[str, str | bytes], header: int, properties: bytes = b"") -> dict[str, bytes]:
    streams = {f"{folder}__properties_version1.0": bytes(header) + properties}
    for name, value in values.items():
        kind, data = ("001F", value.encode("utf-16-le")) if isinstance(value, str) else ("0102", value)
        streams[f"{folder}__substg1.0_{name}{kind}"] = data
    return streams
