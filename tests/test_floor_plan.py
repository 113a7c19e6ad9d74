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
        for room in re.findall(r"\w+", rooms):
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


ROOMS = sorted(path for path in (ROOT / "qa").glob("*.py") if path.stem not in ("__init__", "__main__"))


def test_every_room_is_in_the_plan() -> None:
    floors, _ = plan()
    assert {path.stem for path in ROOMS} == set(floors) - {"ui"}


def test_rooms_import_only_from_lower_floors() -> None:
    floors, _ = plan()
    wrong = []
    for path in ROOMS:
        for name in imports(path):
            parts = name.split(".")
            if parts[0] == "qa" and len(parts) > 1 and parts[1] in floors and floors[parts[1]] >= floors[path.stem]:
                wrong.append(f"{path.stem} (floor {floors[path.stem]}) imports {parts[1]} (floor {floors[parts[1]]})")
    assert not wrong, wrong


def test_each_library_is_imported_by_its_owners_alone() -> None:
    _, owners = plan()
    assert {"chromadb", "tantivy", "gradio", "onnxruntime", "llama_index"} <= set(owners)
    wrong = []
    for path in ROOMS:
        for name in imports(path):
            library = name.split(".")[0]
            if library in owners and path.stem not in owners[library]:
                wrong.append(f"{path.stem} imports {library}, which {owners[library]} owns")
    assert not wrong, wrong
