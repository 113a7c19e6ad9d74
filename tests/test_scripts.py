"""Texts in any script are found and quoted, those that part no words too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from test_ledger import Cheap

from qa import Library

TEXTS = {
    "ja.txt": "会議は十日に東京で開かれます。\n\n次の会議は京都で開かれる予定です。\n\n参加費は三千円です。\n",
    "zh.txt": "北京是中华人民共和国的首都。\n\n上海是最大的城市。长江是中国最长的河流。\n\n故宫位于北京市中心。\n",
    "th.txt": "กรุงเทพมหานครเป็นเมืองหลวงของประเทศไทย\n\nแม่น้ำเจ้าพระยาไหลผ่านกรุงเทพ\n\nช้างเป็นสัตว์ประจำชาติ\n",
    "ko.txt": "서울은 대한민국의 수도이다.\n\n부산은 두 번째로 큰 도시이다.\n",
    "hi.txt": "नई दिल्ली भारत की राजधानी है।\n\nगंगा सबसे लंबी नदी है।\n",
    "ar.txt": "القاهرة هي عاصمة مصر.\n\nنهر النيل هو أطول أنهار أفريقيا.\n",
    "en.txt": "The otter sleeps by the old mill.\n",
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    folder: Path = tmp_path_factory.mktemp("scripts")
    for name, text in TEXTS.items():
        (folder / name).write_bytes(text.encode())
    with Library.open(folder) as opened:
        opened.sync()
        yield opened


@pytest.mark.parametrize(
    ("words", "path"),
    [
        ("京都", "ja.txt"),
        ("十日に東京で", "ja.txt"),
        ("长江", "zh.txt"),
        ("เจ้าพระยา", "th.txt"),
        ("ช้าง", "th.txt"),
        ("수도", "ko.txt"),
        ("राजधानी", "hi.txt"),
        ("عاصمة", "ar.txt"),
    ],
)
def test_a_part_of_what_nothing_parts_is_found_by_its_words(library: Library, words: str, path: str) -> None:
    first = library.search(words)[0]
    assert first.document.path == path and "lexical" in first.found_by and words in first.text


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("中国最长的河流是什么?", "长江是中国最长的河流。"),
        ("故宫在哪里?", "故宫位于北京市中心。"),
        ("参加費はいくらですか?", "参加費は三千円です。"),
        ("แม่น้ำเจ้าพระยาไหลผ่านที่ไหน?", "แม่น้ำเจ้าพระยาไหลผ่านกรุงเทพ"),
        ("부산은 어떤 도시인가?", "부산은 두 번째로 큰 도시이다."),
        ("भारत की राजधानी क्या है?", "नई दिल्ली भारत की राजधानी है।"),
        ("ما هو أطول أنهار أفريقيا؟", "نهر النيل هو أطول أنهار أفريقيا."),
    ],
)
def test_a_question_is_answered_in_its_script_by_the_words_themselves(
    library: Library, question: str, answer: str
) -> None:
    told = library.ask(question)
    assert [each.cited_text for each in told.citations] == [answer]
    assert library.citation(told.citations[0].id).status == "valid"


@pytest.mark.parametrize("question", ["火星の人口は何人ですか?", "谁是法国总统?", "ประธานาธิบดีฝรั่งเศสคือใคร?"])
def test_what_no_text_says_is_refused_in_any_script(library: Library, question: str) -> None:
    assert library.ask(question).refused


def test_a_quote_within_a_run_of_letters_is_found_in_a_library_of_any_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.resolving._SMALL", 0)  # as where the word index leads to it
    for name, text in TEXTS.items():
        (tmp_path / name).write_bytes(text.encode())
    with Library.open(tmp_path, embedder=Cheap()) as library:
        library.sync()
        for quote in ("中国最长", "十日に東京", "เจ้าพระยาไหล", "번째로 큰"):
            assert library.resolve(quote).cited_text == quote
