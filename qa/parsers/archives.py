"""ZIP archives: their files, unpacked one by one, within bounds; nothing is written anywhere."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator

from qa.documents import Container
from qa.errors import DocumentError

_LARGEST = 200_000_000
"""Of one file, unpacked: no size that an archive names is believed."""
_UTF8 = 0x800
_FAILURES = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError, RuntimeError)


def parse_archive(data: bytes) -> Container:
    """Read an archive: what it holds is files. Raises DocumentError where it does not open."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except _FAILURES as error:
        raise DocumentError("It is damaged: it does not open as a ZIP archive.") from error
    if not archive.namelist():
        raise DocumentError("There is no file in it.")
    return Container(None, _files(archive))


def _files(archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    """Yield the files; at the end DocumentError is raised where some of them could not be had."""
    locked, damaged = list[str](), list[str]()
    for member in archive.infolist():
        name = _name(member)
        if member.is_dir() or _is_hidden(name):
            continue
        if member.flag_bits & 1:
            locked.append(name)
            continue
        try:
            with archive.open(member) as file:
                content = file.read(_LARGEST + 1)
        except _FAILURES:
            damaged.append(name)
            continue
        if len(content) > _LARGEST:
            raise DocumentError(f"{name} unpacks to more than {_LARGEST // 1_000_000} MB: it may be made to stop us.")
        yield name, content
    if locked:
        raise DocumentError(f"{_told(locked)} protected by a password: unpack the archive.")
    if damaged:
        raise DocumentError(f"{_told(damaged)} damaged, or packed in a way that is not known here: unpack the archive.")


def _name(member: zipfile.ZipInfo) -> str:
    """Return a file's name: many programs write UTF-8 without saying so."""
    if member.flag_bits & _UTF8:
        return member.filename
    try:
        return member.filename.encode("cp437").decode()
    except UnicodeError:
        return member.filename


def _is_hidden(name: str) -> bool:
    parts = (part for part in name.split("/") if part not in (".", ".."))
    return any(part.startswith((".", "~$")) or part == "__MACOSX" for part in parts)


def _told(names: list[str]) -> str:
    return f"{names[0]} in it is" if len(names) == 1 else f"{len(names)} of its files ({names[0]}, …) are"
