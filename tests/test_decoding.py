"""Bytes in, the text that was meant out: Western texts of any length, others as statistics have them."""

from __future__ import annotations

import time

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


LANGUAGES = {
    "tr": "Kiracı her ayın beşinde kirayı öder. Ev sahibi üç gün içinde yazılı olarak cevap verir.",
    "pl": "Czynsz został zapłacony w środę, a Łódź jest daleko. Najemca musi oddać klucze właścicielowi.",
    "cs": "Nájemné vůči městu už bylo zaplaceno. Příští týden se koná schůze, na které se rozhodne o ceně tepla.",
    "sk": "Nájomné už bolo zaplatené. Budúci týždeň sa koná schôdza, na ktorej sa rozhodne o cene tepla.",
    "hu": "A bérlő minden hónap ötödikéig fizet. A kulcsokat az őr őrzi, és a fűtés díja nem része a bérnek.",
    "hr": "Stanarina se plaća do petog u mjesecu. Ključevi su kod domara, a grijanje nije uključeno u cijenu.",
    "ro": "Chiriaşul plăteşte până la cinci ale lunii. Cheile sunt la administrator, iar încălzirea nu este în preţ.",
    "lv": "Īrnieks maksā līdz mēneša piektajam datumam. Atslēgas ir pie sētnieka, un apkure nav iekļauta cenā.",
    "lt": "Nuomininkas moka iki mėnesio penktos dienos. Raktai yra pas ūkvedį, o šildymas į kainą neįskaičiuotas.",
    "fr": "Le loyer est de 500 € par mois, un coup d’œil suffit : la sœur du bailleur a déjà reçu 20 €.",
    "ru": "Арендатор платит до пятого числа каждого месяца. Ключи находятся у дворника, а отопление не входит в цену.",
    "uk": "Орендар платить до п'ятого числа кожного місяця. Ключі є у двірника, а опалення не входить у ціну.",
    "el": "Ο ενοικιαστής πληρώνει ώς τις πέντε του μηνός. Άλλα κλειδιά έχει ο θυρωρός και η θέρμανση όχι.",
    "he": "השוכר משלם עד החמישי בכל חודש. המפתחות נמצאים אצל השרת, והחימום לא כלול במחיר של הדירה.",
    "th": "ผู้เช่าต้องจ่ายค่าเช่าภายในวันที่ห้าของทุกเดือน กุญแจอยู่กับผู้ดูแล และค่าน้ำไม่รวมอยู่ในราคา",
}
PAGES = (
    "tr cp1254, tr iso8859-9, pl cp1250, pl iso8859-2, cs cp1250, cs iso8859-2, sk cp1250, sk iso8859-2, hu cp1250, "
    "hu iso8859-2, hr cp1250, hr iso8859-2, ro cp1250, ro iso8859-2, lv cp1257, lt cp1257, fr cp1252, fr iso8859-15, "
    "ru cp1251, ru koi8-r, ru iso8859-5, ru cp866, uk cp1251, uk koi8-u, el cp1253, el iso8859-7, he cp1255, th tis-620"
)


@pytest.mark.parametrize("page", PAGES.split(", "))
@pytest.mark.parametrize("times", [1, 3, 60])
def test_a_text_is_read_in_the_code_page_whose_letters_are_those_of_its_language(page: str, times: int) -> None:
    language, encoding = page.split()
    words = LANGUAGES[language].replace("’", "'") if encoding == "iso8859-15" else LANGUAGES[language]
    text = f"{words}\n" * times
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Цена 500 рублей", "cp1251"),
        ("ДОГОВОР АРЕНДЫ", "cp1251"),
        ("Žižkov", "cp1250"),
        ("Łódź", "cp1250"),
        ("Il prezzo è giusto.", "cp1252"),
        ("10 € par mois", "iso8859-15"),
        ("契約書", "shift_jis"),
    ],
)
def test_one_line_is_enough(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


def test_a_long_text_in_english_does_not_hide_what_comes_after_it() -> None:
    text = "All of this is in plain letters.\n" * 3_000 + LANGUAGES["tr"]
    assert decode(text.encode("cp1254")) == text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("Das café und die Größe: ".encode() + b"\xe9", "Das café und die Größe: \ufffd"),
        ("Größe und Straße".encode()[:-3] + "ß".encode()[:1], "Größe und Stra\ufffd"),
        ("It’s Ann’s. ".encode() * 10 + b"caf\xe9", "It’s Ann’s. " * 10 + "caf\ufffd"),
    ],
)
def test_one_bad_byte_does_not_spoil_a_short_text(data: bytes, text: str) -> None:
    assert decode(data) == text


RENT = "The rent is £500, and “the deposit” is returned.\n"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_wide_letters_need_no_mark(encoding: str) -> None:
    data = (RENT * 3).encode(encoding)
    assert decode(data) == decode(data + bytes(4_000)) == RENT * 3
    assert decode(data[:-1]) == (RENT * 3)[:-1]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_zeros_that_a_crash_left_are_no_part_of_a_text(encoding: str) -> None:
    data = RENT.encode(encoding)
    assert decode(data + bytes(4_000)) == decode(bytes(99) + data) == RENT
    assert decode(data + bytes(4_000) + data) == f"{RENT} {RENT}"


SOUND = b"RIFF\x24\x00\x01\x00WAVEfmt \x10\x00\x00\x00" + b"".join(bytes([at % 90, 0]) for at in range(9_000))
FIGURES = (
    b"\x93NUMPY\x01\x00v\x00{'descr': '<i8', 'fortran_order': False, 'shape': (9,), }\n" + bytes([1, *[0] * 7]) * 9
)
TABLES = b"SQLite format 3\x00\x10\x00\x01\x01\x00\x40\x20\x20\x00\x00\x00\x02" + bytes(80) + RENT.encode() * 9


@pytest.mark.parametrize("data", [bytes(1), bytes(1_000), bytes(3_000_001), SOUND, FIGURES, TABLES])
def test_zeros_alone_or_in_sounds_and_figures_are_no_text(data: bytes) -> None:
    with pytest.raises(DocumentError, match="It is binary, not text"):
        decode(data)


@pytest.mark.parametrize("data", [b"\x00\x01\x02\x03" * 50, b"\xff\xfe\x00"])
def test_what_is_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(DocumentError):
        decode(data)


@pytest.mark.parametrize("data", [b"\xe9\n" + b"a" * 65_000, b"\xc0" * 16_000])
def test_a_long_line_takes_no_time(data: bytes) -> None:
    began = time.process_time()
    assert decode(data)
    assert time.process_time() - began < 5
