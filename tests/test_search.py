"""What is found, through the front door: with the real bundled model, a real Chroma and a real word index."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import Fill

from qa import Library
from qa.errors import LibraryBusy
from qa.lexical import Lexical, Words

TOPICS = ["storks", "otters", "bridges", "violins", "harvests", "glaciers", "lighthouses", "comets"]


def paths(library: Library, query: str, **options: object) -> list[str]:
    return [hit.document.path for hit in library.search(query, **options)]  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Three hundred short documents in folders, no two alike."""
    folder = tmp_path_factory.mktemp("many")
    for i in range(300):
        place = folder / f"{i % 10}" / f"{i:03}.txt"
        place.parent.mkdir(exist_ok=True)
        place.write_text(f"Report number {i} about {TOPICS[i % 8]} in the valley of the {TOPICS[i // 8 % 8]}.")
    library = Library.open(folder, index=tmp_path_factory.mktemp("index"))
    library.sync()
    return library


@pytest.mark.parametrize(
    ("glob", "there"), [("3/*", 30), ("[3-5]/*", 90), ("*/00?.txt", 10), ("*1.txt", 30), ("[0-8]/*", 270)]
)
def test_within_finds_as_many_as_there_are_and_nothing_else(many: Library, glob: str, there: int) -> None:
    for query in ("storks in the valley", "zebra crossing"):  # words that match, and words that none has
        found = paths(many, query, count=100, within=glob)
        assert len(found) == len(set(found)) == min(there, 100)
        assert all(Path(path).match(glob) for path in found)


def test_within_brings_the_nearest_of_them_in_meaning(many: Library) -> None:
    engines = many._index.engines()
    vector = engines.embedder.embed_query("birds with long legs")
    assert engines.vectors
    keys = {row.key: row for row in (engines.catalog.rows(n)[0] for n in engines.catalog.documents_like("[0-4]/*"))}
    exact = {
        key: float(np.vecdot(row, vector))
        for some, rows in engines.vectors._store.stored(list(keys))
        for key, row in zip(some, rows, strict=True)
    }
    nearest = engines.vectors.search(vector, count=10, among=engines.catalog.keys_like("[0-4]/*"))
    assert len(exact) == 150 and {each.key for each in nearest} <= set(exact)
    best = sorted(exact.values(), reverse=True)[:10]
    np.testing.assert_allclose([each.cosine for each in nearest], [exact[each.key] for each in nearest], atol=0.003)
    np.testing.assert_allclose([each.cosine for each in nearest], best, atol=0.003)


def test_a_text_that_several_files_hold_is_shown_under_a_path_that_the_glob_selects(
    library: Library, fill: Fill
) -> None:
    fill({"a/lease.txt": "The deposit is 900 euros.", "b/copy.txt": "The deposit is 900 euros.", "c.txt": "Nothing."})
    library.sync()
    assert paths(library, "deposit") == ["a/lease.txt", "c.txt"]
    assert paths(library, "deposit", within="b/*") == ["b/copy.txt"]
    citation = library.ask("What is the deposit?", within="b/*").citations[0]
    assert citation.document.path == "b/copy.txt" and citation.document.paths == ("a/lease.txt", "b/copy.txt")


def test_a_glob_that_selects_everything_is_as_if_there_were_none(many: Library) -> None:
    assert many.search("otters", within="*") == many.search("otters")


def test_passages_with_the_same_words_are_given_once(library: Library, fill: Fill) -> None:
    fill(
        {
            "a.txt": "The stork nests in Lübeck.",
            "b.txt": "THE STORK\nnests   in Lubeck!",
            "c.txt": "The stork nests in Bremen.",
            "d.txt": "Otters sleep in rivers.",
        }
    )
    library.sync()
    found = paths(library, "Where does the stork nest?")
    assert len(found) == 3 and {"c.txt", "d.txt"} < set(found)


def test_the_best_of_those_that_say_the_same_makes_room_for_others(library: Library, fill: Fill) -> None:
    fill({f"{i}.txt": f"The stork nests in Bremen{'!' * i}" for i in range(1, 60)} | {"z.txt": "Storks are birds."})
    library.sync()
    assert paths(library, "Where does the stork nest in Bremen?", count=2)[1] == "z.txt"


@pytest.mark.parametrize("marks", ['"{}"', "“{}”", "„{}“", "«{}»"])
def test_words_in_quotation_marks_must_stand_there_as_they_are(library: Library, fill: Fill, marks: str) -> None:
    fill(
        {
            "near.txt": "Night trains, the night train and every train at night: trains of the night in Europe.",
            "exact.txt": "Among much else, of beds and bread, he once wrote about the last night train to Vienna.",
            "other.txt": "A last train. The night was long. Vienna is far.",
        }
    )
    library.sync()
    assert paths(library, f"trains of the night: {marks.format('last night train')}")[0] == "exact.txt"


@pytest.mark.parametrize("code", ["E-1042", "axis_name", "2023-11-22", "v3.1.4", "net.ipv4.tcp_rmem"])
def test_a_code_is_found_as_it_is_written(library: Library, fill: Fill, code: str) -> None:
    one, *others = code.replace("_", " ").replace(".", " ").replace("-", " ").split()
    noise = {f"{i}.txt": f"Of {one} much is said in chapter {i}, and more of {' or '.join(others)}." for i in range(8)}
    fill(noise | {"it.txt": f"Something is said here, among much else that fills this line, of {code} and its use."})
    library.sync()
    assert paths(library, f"What is {code}?")[0] == "it.txt"


def test_a_passage_is_found_by_the_title_above_it(library: Library, fill: Fill) -> None:
    body = "\n\n".join(f"It was begun in {1900 + i} and took {i + 2} years, with {20 * i} workers." for i in range(60))
    fill({"a.md": f"# The bridge of Arta\n\n{body}", "b.md": f"# The canal of Corinth\n\n{body} Ships pass."})
    library.sync()
    passages = [hit for hit in library.search("the canal of Corinth", count=20) if hit.start_char_index]
    assert passages[0].document.path == "b.md"
    assert all(hit.text == library.text(hit.document.id)[hit.start_char_index : hit.end_char_index] for hit in passages)


def test_a_new_heading_alone_embeds_its_passages_anew(library: Library, fill: Fill) -> None:
    body = "\n\n".join(f"It was begun in {1900 + i}." for i in range(60))
    fill({"a.md": f"# The bridge of Arta\n\n{body}"})
    first = library.sync().embedded
    fill({"a.md": f"# The canal of Corinth\n\n{body}"})
    assert library.sync().embedded == first > 1


def test_hits_come_best_first_with_scores_from_0_to_1(many: Library) -> None:
    for query in ("storks", '"about storks"', "Which report is about comets and glaciers?"):
        scores = [hit.score for hit in many.search(query, count=50)]
        assert scores == sorted(scores, reverse=True) and 0 <= scores[-1] <= scores[0] <= 1


def test_a_word_index_that_another_writes_to_is_busy_and_not_damaged(tmp_path: Path) -> None:
    one, other = Lexical(tmp_path), Lexical(tmp_path)
    one.add([Words(1, 1, "The otter eats crabs.")])
    with pytest.raises(LibraryBusy, match=r"Another process writes to the word index: .*\.$"):
        other.add([Words(2, 2, "The heron eats eels.")])
    one.commit()
    one.close()
    other.add([Words(2, 2, "The heron eats eels.")])
    other.commit()
    assert other.count() == 2
    other.close()
