"""XLS and XLSB: sheets as tables, whose rows a citation names."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta

from qa.documents import Document
from qa.errors import DocumentError
from qa.parsers.cells import Kind, aligned, shown
from qa.parsers.compound import MAGIC, Compound
from qa.parsers.misnamed import parse_misnamed
from qa.parsers.tables import parse_table
from qa.parsers.writing import Writer

_TYPE = "application/vnd.ms-excel"
_DAY = timedelta(days=1)
_LOCK, _END = 0x2F, 0x0A
"""Records that begin a workbook: that the rest is encrypted, and that there are no more."""
_PASSWORD = "It is protected by a password: save a copy without one."


def parse_xls(data: bytes) -> Document:
    """Read the sheets that their user may see or show. Raises DocumentError.

    Odd sheets end the process that reads them: it only ever runs in a worker.
    """
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

    if data.startswith(MAGIC):
        _check_lock(Compound(data))
    elif not data.startswith(b"PK"):
        return parse_misnamed(data, parse_table)
    writer = Writer()
    try:
        with CalamineWorkbook.from_object(io.BytesIO(data)) as book:
            for about in book.sheets_metadata:
                if about.typ == SheetTypeEnum.WorkSheet and about.visible != SheetVisibleEnum.VeryHidden:
                    sheet = book.get_sheet_by_name(about.name)
                    first, column = sheet.start or (0, 0)
                    writer.sheet(about.name, aligned(list(_rows(sheet.to_python(), first + 1, column + 1))))
    except PasswordError as error:
        raise DocumentError(_PASSWORD) from error
    except CalamineError as error:
        raise DocumentError("It is damaged: it does not open as a workbook.") from error
    return writer.document("", _TYPE)


def _check_lock(file: Compound) -> None:
    """Raise DocumentError where it is encrypted: who reads it would not know it for a workbook."""
    data, at, kind = file.read("Workbook") or file.read("Book"), 0, 0
    while at + 4 <= len(data) and kind not in (_END, _LOCK):
        kind, size = struct.unpack_from("<HH", data, at)
        at += 4 + size
    if kind == _LOCK or "EncryptedPackage" in file:
        raise DocumentError(_PASSWORD)


def _rows(rows: Iterable[Iterable[object]], number: int, column: int) -> Iterator[tuple[int, list[tuple[int, str]]]]:
    """Return the rows that have words, with their numbers."""
    for row, cells in enumerate(rows, start=number):
        if said := [(place, words) for place, cell in enumerate(cells, start=column) if (words := _words(cell))]:
            yield row, said


def _words(cell: object) -> str:
    """Return what a cell shows."""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, datetime):
        return (
            cell.isoformat(" ", "minutes" if not cell.second else "seconds")
            if cell.time() != time()
            else str(cell.date())
        )
    if isinstance(cell, timedelta):
        return shown(str(cell / _DAY), Kind.DURATION)
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    if isinstance(cell, (int, float)):
        return shown(str(int(cell)) if cell == int(cell) and abs(cell) < 1e15 else repr(cell))
    return str(cell).strip()
