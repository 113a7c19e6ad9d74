"""Vectors: exact in the store, searched in a copy that may be lost, in as many collections as it takes."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import Fill

from qa import Library, store
from qa.errors import IndexDamaged, IndexVersion, QAError
from qa.matrix import KEY
from qa.vectors import Vectors

WIDTH = 16


def some_vectors(numbers: range) -> tuple[list[bytes], np.ndarray]:
    """Vectors of length 1 in any direction, under keys as those of words are."""
    drawn = np.stack([np.random.default_rng(i).standard_normal(WIDTH) for i in numbers]).astype(np.float32)
    keys = [hashlib.sha256(str(i).encode()).digest()[:KEY] for i in numbers]
    return keys, drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Vectors]:
    """Ten vectors to a collection."""
    monkeypatch.setattr(store, "PART", 10)
    vectors = Vectors(tmp_path, collection="qa-test-1")
    yield vectors
    vectors.close()


def stored(vectors: Vectors, keys: list[bytes]) -> dict[bytes, np.ndarray]:
    return {key: row for some, rows in vectors._store.stored(keys) for key, row in zip(some, rows, strict=True)}


def test_every_vector_is_in_the_store_exactly_however_many_collections_that_takes(opened: Vectors) -> None:
    keys, vectors = some_vectors(range(35))
    for i in range(0, 35, 4):
        opened.put(keys[i : i + 4], vectors[i : i + 4])
    assert opened._store._names() == ["qa-test-1", "qa-test-1.2", "qa-test-1.3"]  # a step is not divided
    found = stored(opened, keys)
    assert len(found) == opened.count() == 35 and opened.present(keys) == set(keys)
    for key, vector in zip(keys, vectors, strict=True):
        np.testing.assert_array_equal(found[key], vector)


def test_what_is_put_after_a_look_around_goes_on_where_it_was(opened: Vectors) -> None:
    keys, vectors = some_vectors(range(36))
    for i in range(0, 36, 4):
        opened.put(keys[i : i + 4], vectors[i : i + 4])
        assert opened.present(keys[:2]) == set(keys[:2])
    assert opened._store._names() == ["qa-test-1", "qa-test-1.2", "qa-test-1.3"]


def test_what_is_removed_is_found_nowhere_and_can_come_back(opened: Vectors) -> None:
    keys, vectors = some_vectors(range(30))
    for i in range(0, 30, 5):
        opened.put(keys[i : i + 5], vectors[i : i + 5])
    opened.remove(keys[3:28:5])
    gone = set(keys[3:28:5])
    assert opened.present(keys) == set(keys) - gone and opened.count() == 25
    for key, vector in zip(keys, vectors, strict=True):
        nearest = opened.search(vector, count=30)
        assert len(nearest) == 25 and not gone & {each.key for each in nearest}
        assert (nearest[0].key == key) == (key not in gone)
        assert opened.cosines(vector, [key]).keys() == {key} - gone
    opened.put(keys[3:28:5], vectors[3:28:5])
    assert opened.search(vectors[3], count=1)[0].key == keys[3] and opened.present(keys) == set(keys)


def test_a_search_looks_only_at_the_keys_that_count(opened: Vectors) -> None:
    keys, vectors = some_vectors(range(30))
    opened.put(keys, vectors)
    among = keys[5:10] + keys[5:6] + [b"x" * KEY]  # one twice, and one that is not there
    found = opened.search(vectors[2], count=10, among=b"".join(among))
    assert sorted(each.key for each in found) == sorted(keys[5:10])
    assert opened.search(vectors[2], count=10, among=b"") == []


def test_a_copy_holds_what_is_wanted_and_nothing_else(opened: Vectors, tmp_path: Path) -> None:
    keys, vectors = some_vectors(range(50))
    for i in range(0, 50, 10):
        opened.put(keys[i : i + 10], vectors[i : i + 10])
    used: list[str] = []
    opened.copy(keys[::2], use=used.append)
    assert used == ["qa-test-2"]
    again = Vectors(tmp_path, collection="qa-test-2")
    try:
        for each in (opened, again):
            assert each.present(keys) == set(keys[::2]) and each.count() == 25
            assert each.search(vectors[4], count=1)[0].key == keys[4]
            assert {name.name for name in each._store._connected().list_collections()} == set(each._store._names())
            each.close()
    finally:
        again.close()
    assert [path.name for path in tmp_path.rglob("*.matrix")] == ["qa-test-2.matrix"]


def test_collections_that_a_copy_left_behind_are_dropped(opened: Vectors, tmp_path: Path) -> None:
    keys, vectors = some_vectors(range(12))
    opened.put(keys, vectors)
    opened._store._made("qa-test-2")
    opened._store._made("qa-other-2")
    opened.close()
    again = Vectors(tmp_path, collection="qa-test-1")
    assert again.present(keys) == set(keys)
    assert {each.name for each in again._store._connected().list_collections()} == {"qa-test-1", "qa-other-2"}
    again.close()


@pytest.mark.parametrize("damage", ["gone", "garbage", "cut short"])
def test_a_lost_copy_is_filled_again_from_the_store(library: Library, fill: Fill, damage: str) -> None:
    fill({f"{i}.txt": f"the walrus of bay {i} sings" for i in range(20)})
    library.sync()
    before = library.search("a seal with tusks")
    (matrix,) = (library.index / "vectors").glob("*.matrix")
    library.close()
    if damage == "gone":
        matrix.unlink()
    else:
        matrix.write_bytes(b"garbage" * 99 if damage == "garbage" else matrix.read_bytes()[:-1000])
    with Library.open(library.folder) as again:
        after = again.search("a seal with tusks")
        assert [hit.id for hit in after] == [hit.id for hit in before]
        assert all("semantic" in hit.found_by for hit in after)


@pytest.mark.parametrize("edited", [True, False])
@pytest.mark.parametrize("harm", ["removed", "cut short"])
def test_a_copy_that_is_lost_while_the_library_is_open_is_filled_again(
    library: Library, fill: Fill, harm: str, edited: bool
) -> None:
    fill({f"{i}.txt": f"the walrus of bay {i} sings" for i in range(20)})
    library.sync()
    assert library.search("a seal with tusks")
    (matrix,) = (library.index / "vectors").glob("*.matrix")
    if harm == "removed":
        matrix.unlink()
    else:
        os.truncate(matrix, 300)
    if edited:
        fill({"new.txt": "trains leave at noon"})
        assert library.sync().embedded == 1
    found = library.search("a seal with tusks", count=100)
    assert len(found) == 20 + edited and all("semantic" in hit.found_by for hit in found)


def test_bytes_that_are_wrong_are_found_by_the_doctor_and_made_anew_from_the_store(
    library: Library, fill: Fill
) -> None:
    fill({f"{i}.txt": f"the walrus of bay {i} sings" for i in range(5)})
    library.sync()
    (matrix,) = (library.index / "vectors").glob("*.matrix")
    library.close()
    data = matrix.read_bytes()
    matrix.write_bytes(data[:-200] + bytes(200))
    with Library.open(library.folder) as again:
        assert [finding.words for finding in again.doctor() if not finding.ok] == [
            "1 of 5 are not searched as they were made"
        ]
        assert all(finding.ok for finding in again.doctor(repair=True))
        assert again.status().waiting == 0
    assert matrix.stat().st_size == len(data)  # the same collection: nothing was embedded again


@pytest.mark.parametrize("instead", ["a file for the folder", "a folder for the file"])
def test_what_stands_in_the_place_of_the_vectors_is_cleared_away(library: Library, fill: Fill, instead: str) -> None:
    fill({f"{i}.txt": f"the walrus of bay {i} sings" for i in range(5)})
    library.sync()
    place = library.index / "vectors"
    (matrix,) = place.glob("*.matrix")
    library.close()
    if instead == "a file for the folder":
        shutil.rmtree(place)
        place.write_text("hi")
    else:
        matrix.unlink()
        matrix.mkdir()
    with (
        Library.open(library.folder) as again,
        pytest.raises(QAError, match=r"sync the folder|free some space, or remove"),
    ):
        again.search("walrus")
    with Library.open(library.folder) as again:
        assert all(finding.ok for finding in again.doctor(repair=True))
        assert len(again.search("walrus")) == 5


def test_vectors_that_are_nowhere_any_more_are_told_and_made_anew(library: Library, fill: Fill) -> None:
    fill({f"{i}.txt": f"the walrus of bay {i} sings" for i in range(5)})
    library.sync()
    keys = library._index.own().live_keys()
    library._index.vectors().remove(keys[:2])
    library.close()
    with Library.open(library.folder) as again, pytest.raises(IndexDamaged, match="Of the vectors 2 are missing: run"):
        again.search("walrus")
    with Library.open(library.folder) as again:
        assert all(finding.ok for finding in again.doctor(repair=True))
        assert len(again.search("walrus")) == 5


class Wide:
    """An embedder that has become another one and does not say so."""

    fingerprint = "wide"

    def __init__(self, width: int) -> None:
        self.width = width

    def embed(self, texts: list[str]) -> np.ndarray:
        return np.eye(self.width, dtype=np.float32)[[len(text) % self.width for text in texts]]

    def embed_query(self, text: str) -> np.ndarray:
        return np.eye(self.width, dtype=np.float32)[0]


def test_an_embedder_of_another_width_is_told_by_its_numbers(fill: Fill) -> None:
    folder = fill({"a.txt": "the walrus sings"})
    with Library.open(folder, embedder=Wide(8)) as library:
        library.sync()
    fill({"b.txt": "the otter sleeps"})
    with Library.open(folder, embedder=Wide(12)) as library:
        for do in (library.sync, lambda: library.search("walrus")):
            with pytest.raises(IndexVersion, match="vectors of 8 numbers, and the embedder wide now gives 12"):
                do()
        assert [finding.part for finding in library.doctor() if not finding.ok] == ["vectors"]
        assert all(finding.ok for finding in library.doctor(repair=True))
        assert len(library.search("walrus")) == 2


def test_a_search_does_not_open_the_store(library: Library, fill: Fill) -> None:
    fill({"a.txt": "the walrus sings"})
    library.sync()
    library.close()
    program = (
        "import sys; from qa import Library\n"
        "with Library.open(sys.argv[1]) as library:\n"
        "    assert library.search('a seal with tusks')[0].found_by == ('semantic',)\n"
        "assert 'chromadb' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program, str(library.folder)], check=True)
