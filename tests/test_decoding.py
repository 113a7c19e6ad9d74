"""Bytes in, the text that was meant out: Western texts of any length, others as statistics have them."""

from __future__ import annotations

import pytest

from qa.decoding import decode
from qa.errors import DocumentError

WESTERN = [
    "The annual rent is £48,000, payable in four equal instalments. The Tenant shall pay a deposit of £12,000.",
    "Rent: £48,000",
    "The rent is €48,000 – not more.",
    "“Zoë Müller” wrote it’s done…",
    "über",
    "Köln und Äpfel kosten 5 € über Maß.",
    "Die Straße nach Nürnberg ist gesperrt, heißt es aus München.",
    "L’été à Nîmes, « déjà vu » où l’œuvre créée fut achevée.",
    "¿Cuántos años tenía el niño? ¡Mañana!",
    "Não há informações; as eleições são amanhã.",
    "På ön låg Åsa; smørrebrød og æbler på øen.",
    "La città è più bella perché c’è il sole.",
    "Ní mór é a rá, a Sheáin, go bhfuil an t-am ag éirí gearr.",
    "The café’s 20 °C room, 5 m² at ±2 %, costs ¥900; see § 5 © 2019.",
    "Meeting at the Champs-Élysées with Mr. Gómez and Herr Weiß.",
    "Dobrodošli, Señor Peña and Señora Núñez, and José, and María, and Ángel, and Begoña, and Íñigo, and Ramón!",
]


@pytest.mark.parametrize("text", WESTERN)
def test_a_western_text_is_read_as_windows_wrote_it(text: str) -> None:
    assert decode(text.encode("cp1252")) == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Příliš žluťoučký kůň úpěl ďábelské ódy. Vláda včera schválila návrh zákona, který mění daně.", "cp1250"),
        (
            "Zażółć gęślą jaźń. Rząd przyjął wczoraj projekt ustawy, która ma zmienić podatki od przyszłego roku.",
            "cp1250",
        ),
        ("Правительство вчера приняло проект закона, который должен изменить налоги со следующего года.", "cp1251"),
        ("Η κυβέρνηση ενέκρινε χθες το νομοσχέδιο που πρόκειται να αλλάξει τους φόρους από του χρόνου.", "cp1253"),
        ("政府昨天通过了一项法律草案，该草案将从明年起改变税收。会议在北京举行，许多代表参加了讨论。", "gb18030"),
        (
            "政府は昨日、来年から税金を変える法案を承認しました。会議は東京で開かれ、多くの代表が参加しました。",
            "shift_jis",
        ),
        ("정부는 어제 내년부터 세금을 바꾸는 법안을 승인했습니다. 회의는 서울에서 열렸습니다.", "cp949"),
    ],
)
def test_what_is_not_western_is_not_taken_for_it(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


CONTRACT = "这份合同由甲方和乙方共同签署，自签字之日起生效。本合同一式两份。"


@pytest.mark.parametrize(
    ("words", "encoding", "before"),
    [
        (f"{CONTRACT}\n", "gb18030", "x"),
        (f"{CONTRACT}</p><p>", "gb18030", ""),
        (CONTRACT, "gb18030", "x"),
        ("これは長い日本語の文章です。契約書の内容を確認してください。\n", "shift_jis", "x"),
        ("これは長い日本語の文章です。契約書の内容を確認してください。\n", "euc_jp", "x"),
        ("이것은 긴 한국어 문장입니다. 계약서의 내용을 확인해 주십시오.\n", "cp949", "x"),
    ],
)
def test_a_long_text_is_judged_by_whole_letters(words: str, encoding: str, before: str) -> None:
    text = before + words * 1_500
    assert decode(text.encode(encoding)) == text


def test_a_text_that_was_spoilt_in_one_place_is_still_what_it_is() -> None:
    words = "Die Straße nach Köln führt über Düren; die Häuser dort gehören früheren Gästen aus Übersee. " * 5
    spoilt = words.encode().replace("Düren".encode(), b"D\xfcren", 1)
    assert decode(spoilt) == words.replace("Düren", "D\ufffdren", 1)


def test_without_a_letter_beyond_ascii_before_a_bad_byte_is_a_letter_of_windows() -> None:
    assert decode(b"The caf\xe9 is open.") == "The café is open."


@pytest.mark.parametrize("data", [b"\x00\x01\x02\x03" * 50, b"\xff\xfe\x00"])
def test_what_is_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(DocumentError):
        decode(data)
