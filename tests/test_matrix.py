"""The vectors by key: near enough to the exact cosines, whatever happens to the file."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from qa.errors import StorageError
from qa.matrix import KEY, Matrix

WIDTH = 32


def some_vectors(count: int, width: int = WIDTH) -> tuple[list[bytes], np.ndarray]:
    """Vectors of length 1 in any direction, under keys as those of words are."""
    drawn = np.random.default_rng(7).standard_normal((count, width)).astype(np.float32)
    keys = [hashlib.sha256(str(i).encode()).digest()[:KEY] for i in range(count)]
    return keys, drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "vectors" / "it.matrix"


@pytest.mark.parametrize("step", [1, 64, 5_000])
def test_cosines_are_those_of_the_vectors_to_within_002(place: Path, step: int) -> None:
    keys, vectors = some_vectors(2_500)
    matrix = Matrix(place)
    for i in range(0, len(keys), step):
        matrix.put(keys[i : i + step], vectors[i : i + step])
    order = np.random.default_rng(1).permutation(len(keys))
    wanted = b"".join(keys[i] for i in order)
    for opened in (matrix, Matrix(place)):
        np.testing.assert_allclose(opened.cosines(vectors[3], wanted), vectors[order] @ vectors[3], atol=0.02)


def test_each_number_is_off_by_less_than_a_hundredth_of_the_largest(place: Path) -> None:
    keys, vectors = some_vectors(100, width=384)
    matrix = Matrix(place)
    matrix.put(keys, vectors)
    assert np.abs(matrix.cosines(vectors[0], b"".join(keys)) - vectors @ vectors[0]).max() < 0.003


def test_a_key_that_is_not_there_has_no_cosine(place: Path) -> None:
    keys, vectors = some_vectors(10)
    matrix = Matrix(place)
    assert np.isnan(matrix.cosines(vectors[0], keys[0])).all()
    matrix.put(keys[:5], vectors[:5])
    assert np.isnan(matrix.cosines(vectors[0], b"".join(keys))).tolist() == [False] * 5 + [True] * 5
    assert matrix.cosines(vectors[0], b"").tolist() == []


def test_a_key_is_stored_once(place: Path) -> None:
    keys, vectors = some_vectors(10)
    matrix = Matrix(place)
    matrix.put(keys, vectors)
    size = place.stat().st_size
    matrix.put(keys[3:], vectors[3:])
    Matrix(place).put(keys, vectors)
    assert place.stat().st_size == size


def test_a_file_that_was_cut_short_keeps_what_is_whole_and_grows_again(place: Path) -> None:
    keys, vectors = some_vectors(10)
    Matrix(place).put(keys, vectors)
    place.write_bytes(place.read_bytes()[:-5])
    matrix = Matrix(place)
    assert np.isnan(matrix.cosines(vectors[0], b"".join(keys))).sum() == 1
    matrix.put(keys, vectors)
    np.testing.assert_allclose(matrix.cosines(vectors[9], keys[9]), [1.0], atol=0.01)


@pytest.mark.parametrize(
    "bytes_",
    [b"", b"QA", b"something else altogether, and long enough", b"QAMATRX2" + b"\xff" * 500, b"QAMATRX2" + bytes(99)],
)
def test_a_file_that_is_none_of_ours_is_begun_anew(place: Path, bytes_: bytes) -> None:
    keys, vectors = some_vectors(3)
    place.parent.mkdir()
    place.write_bytes(bytes_)
    matrix = Matrix(place)
    assert np.isnan(matrix.cosines(vectors[0], keys[0])).all()
    matrix.put(keys, vectors)
    np.testing.assert_allclose(Matrix(place).cosines(vectors[1], keys[1]), [1.0], atol=0.01)


def test_vectors_of_another_width_begin_it_anew(place: Path) -> None:
    keys, vectors = some_vectors(3)
    matrix = Matrix(place)
    matrix.put(keys, vectors)
    more, wider = some_vectors(5, width=48)
    assert np.isnan(matrix.cosines(wider[0], keys[0])).all()
    matrix.put(more[3:], wider[3:])
    np.testing.assert_allclose(matrix.cosines(wider[4], more[4]), [1.0], atol=0.01)


def test_a_disk_that_is_full_is_one_sentence(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys, vectors = some_vectors(3)
    matrix = Matrix(place)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Matrix, "_append", full)
    with pytest.raises(StorageError, match="No space left"):
        matrix.put(keys, vectors)
    monkeypatch.undo()
    matrix.put(keys, vectors)
    assert not np.isnan(matrix.cosines(vectors[0], keys[0])).any()


@pytest.mark.parametrize("harm", ["removed", "cut short"])
def test_a_file_that_loses_something_while_it_is_open_is_begun_anew(place: Path, harm: str) -> None:
    keys, vectors = some_vectors(20)
    matrix = Matrix(place)
    matrix.put(keys[:10], vectors[:10])
    if harm == "removed":
        place.unlink()
    else:
        place.write_bytes(place.read_bytes()[:-1])
    matrix.put(keys[10:], vectors[10:])
    for opened in (matrix, Matrix(place)):
        assert opened.count() == 10 and opened.missing(keys) == keys[:10]
        assert opened.nearest(vectors[12], count=1)[0][0] == keys[12]


def test_rows_that_make_no_sense_are_not_there(place: Path) -> None:
    keys, vectors = some_vectors(10)
    Matrix(place).put(keys, vectors)
    data = bytearray(place.read_bytes())
    row = KEY + 4 + WIDTH
    first = len(data) - 10 * row
    for i, step in enumerate((np.inf, -1.0, 0.0, 5.0)):
        data[first + i * row + KEY : first + i * row + KEY + 4] = np.float32(step).tobytes()
    place.write_bytes(data)
    matrix = Matrix(place)
    assert matrix.missing(keys) == keys[:4]
    assert {key for key, _ in matrix.nearest(vectors[0], count=10)} == set(keys[4:])
    matrix.put(keys, vectors)
    assert matrix.nearest(vectors[0], count=1)[0][0] == keys[0] and matrix.count() == 10


@pytest.mark.parametrize("count", [1, 3, 100, 5_000])
def test_the_nearest_are_those_of_an_exact_scan_however_many_there_are(place: Path, count: int) -> None:
    keys, vectors = some_vectors(20_000)
    matrix = Matrix(place)
    matrix.put(keys, vectors)
    at = {key: i for i, key in enumerate(keys)}
    found = matrix.nearest(vectors[7], count=count)
    exact = vectors @ vectors[7]
    assert len({key for key, _ in found}) == len(found) == count
    np.testing.assert_allclose([cosine for _, cosine in found], exact[[at[key] for key, _ in found]], atol=0.02)
    np.testing.assert_allclose([cosine for _, cosine in found], np.sort(exact)[::-1][:count], atol=0.02)
