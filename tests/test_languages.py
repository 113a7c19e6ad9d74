"""A language is named where it is beyond doubt, and nowhere else."""

from __future__ import annotations

import pytest

from qa.languages import NAMES, foreign, language, small_words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Wie oft wurden die Truppen seit Oktober angegriffen?", "de"),
        ("Wer ist Joan Mercer?", "de"),
        ("Wo wohnt Jens Albrecht?", "de"),
        ("Qui a gagné ?", "fr"),
        ("Combien de dockers ont été tués ?", "fr"),
        ("Cuantos murieron en el incendio?", "es"),
        ("Quantas pessoas morreram no incêndio?", "pt"),
        ("Chi è il direttore?", "it"),
        ("Hoeveel mensen zijn er gestorven bij de brand?", "nl"),
        ("Hur många dog i branden?", "sv"),
        ("Kto zginął w pożarze?", "pl"),
        ("Kolik lidí zemřelo při požáru?", "cs"),
        ("Hány ember halt meg a tűzben?", "hu"),
        ("Yangında kaç kişi öldü ve neden?", "tr"),
        ("Кто построил мост?", "ru"),
        ("Хто збудував міст і коли?", "uk"),
        ("Πόσοι πέθαναν;", "el"),
        ("كم عدد القتلى في الحريق؟", "ar"),
        ("چند نفر در شهر کشته شدند؟", "fa"),
        ("米軍は何回攻撃されましたか", "ja"),
        ("有多少人死亡？", "zh"),
        ("How often were they attacked?", "en"),
        ("Who is Charles de Gaulle?", "en"),
        ("What does «Schadenfreude» mean in German, and who coined the word?", "en"),
        ("What is 東京タワー?", "en"),
    ],
)
def test_a_language_is_told_by_its_small_words_or_its_letters(text: str, expected: str) -> None:
    assert language(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Was Ingrid Solheim convicted?",
        "Is Solheim guilty?",
        "Was Brandt elected?",
        "Did Diallo appeal?",
        "Sabrina Singh",
        "AC-130",
        "éclair worth",
        "café prices",
        "La Casa de Papel",
        "population Rio de Janeiro",
        "Die Hard director",
        "de facto president",
        "a la carte prices",
        "Chi square test results",
        "Kim Jong Un's father?",
        "",
        "1931",
    ],
)
def test_names_and_single_words_tell_none(text: str) -> None:
    assert language(text) is None


def test_a_single_word_of_another_language_is_enough_to_doubt_that_it_is_english() -> None:
    assert all(map(foreign, ("Pourquoi ?", "Und in Syrien?", "¿Y en Siria?", "它呢？", "А в Сирии?")))
    assert not any(map(foreign, ("Why?", "and Syria?", "And Müller?", "in 2018?", "Was he in Hamburg?", "")))


def test_every_language_whose_words_are_known_has_a_name() -> None:
    known = [code for code in NAMES if small_words(code)]
    assert len(known) > 25 and all(word.islower() or not word.isascii() for code in known for word in small_words(code))
