"""The floor plan of docs/architecture.md is true: rooms import from lower floors, libraries by their owners."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROW = re.compile(r"^\| (\d+) \| `([\w.`, /]+)` \| .* \| ([\w, `-]*) ?\|$", re.M)


def plan() -> tuple[dict[str, int], dict[str, set[str]]]:
    """Read the table: the floor of each room, and the room that owns each library."""
    floors: dict[str, int] = {}
    owners: dict[str, set[str]] = {}
    for floor, rooms, libraries in ROW.findall((ROOT / "docs" / "architecture.md").read_text()):
        for room in re.findall(r"[\w/]+", rooms):
            floors[room] = int(floor)
            for library in re.findall(r"\w+", libraries):
                owners.setdefault(library, set()).add(room)
    return floors, owners


def imports(path: Path) -> list[str]:
    """Return the modules that a file imports, anywhere in it."""
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [f"qa.{alias.name}" for alias in node.names] if node.module == "qa" else [node.module]
    return found


def room_of(path: Path) -> str:
    """Name the room of a file: `catalog`, `parsers/html`, or `parsers` for what stands before these."""
    return path.relative_to(ROOT / "qa").with_suffix("").as_posix().removesuffix("/__init__")


ROOMS = {
    room_of(path): path for path in sorted((ROOT / "qa").rglob("*.py")) if room_of(path) not in ("__init__", "__main__")
}


def test_every_room_is_in_the_plan() -> None:
    floors, _ = plan()
    assert set(ROOMS) == set(floors) - {"ui"}


def test_rooms_import_only_from_lower_floors() -> None:
    floors, _ = plan()
    wrong = []
    for room, path in ROOMS.items():
        for name in imports(path):
            other = name.removeprefix("qa.").replace(".", "/")
            if name.startswith("qa.") and other in floors and floors[other] >= floors[room]:
                wrong.append(f"{room} (floor {floors[room]}) imports {other} (floor {floors[other]})")
    assert not wrong, wrong


def test_each_library_is_imported_by_its_owners_alone() -> None:
    _, owners = plan()
    assert {"chromadb", "tantivy", "gradio", "onnxruntime", "llama_index"} <= set(owners)
    wrong = []
    for room, path in ROOMS.items():
        for name in imports(path):
            library = name.split(".")[0]
            if library in owners and room not in owners[library]:
                wrong.append(f"{room} imports {library}, which {owners[library]} owns")
    assert not wrong, wrong
