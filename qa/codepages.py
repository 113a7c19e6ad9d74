"""Bytes of a text of one byte a letter in; the code page whose letters make words of a language out.

Most code pages fit any bytes, and statistics do not tell them apart in a short text. Its letters do: read in another
page they are of no alphabet, capitals within words, or signs where none stand.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_WEST, _EAST = "cp1252 iso8859-15", "cp1250 iso8859-2"
_CYRILLIC = "cp1251 koi8-u iso8859-5 cp866"
_LATIN = (  # of equals the commonest: short Western text fits several
    (_WEST, "äöüß", "der die das und ist von zu mit den ein eine für auf nicht im des sich auch wird über"),
    (_WEST, "éèàêçôùîâûœïë", "le la les de des et est un une du en que à dans pour au sur qui par plus été"),
    (_WEST, "óíáéñúüç", "el la los las de y que en un una del por con para es no se su al como más está"),
    (_WEST, "èàùòéìíóú", "il la di e che un una per con del della le i non si da in è sono al più a se può"),
    (_WEST, "ãéáçíóêõâúàôü", "o a de e que do da em um uma para com não os as no na se por mais é são"),
    (_WEST, "åäöøæéèü", "och att det som en er og på för av ikke med til den de är har inte ett af to at"),
    (_WEST, "äöåšž", "ja on ei se että oli ovat tai kun mutta myös ole hän joka jos voi sen tämä"),
    (_WEST, "óàéèíçòúïü", "el la els les de i que en un una del per amb és no es al més"),
    (_WEST, "ëéïêèöüóáíô", "de het een en van die te dat in op zijn is voor niet met nie vir om wat"),
    (_WEST, "áéíóú", "agus an na ar go is a i do le ag sé bhí"),
    (_EAST, "łąęóżśćńź", "i w z na się nie do że jest to o dla od jak po za przez lub są może"),
    (_EAST, "íáéěýůčžřšúťďňó", "a v se na je že s z do o pro k za po jako nebo by od není jsou musí"),
    (_EAST, "áíéýčžšľúťóôäňďĺŕ", "a v sa na je že s z do o pre k za po ako alebo by od nie sú už môže"),
    (_EAST, "áéőöóíüúű", "a az és nem is hogy egy van ez meg csak de ha vagy már volt kell el mint"),
    (_EAST, "ăîşţâ", "de la şi în a cu pe nu un o să este din se pentru care sau mai prin"),
    (_EAST, "čšžćđ", "i je u se na da za od su ne s o koji ili to kao nije iz biti"),
    (_EAST, "čšž", "in je v na se da za so ne s z ki ali pri to kot ni biti iz od"),
    ("cp1254", "ıüşğçöİâîû", "ve bir bu için ile de da olarak olan daha en çok ne veya gibi değil ya kadar her"),
    ("cp1257", "āīšēūņļžčķģ", "un ir ar no uz par ka kas nav lai vai pie tas kā bet tiek"),
    ("cp1257", "ėšųįžąūčę", "ir yra į iš su kad tai ne bet kaip ar už nuo apie prie buvo turi"),
    ("cp1252 cp1257", "äõüöšž", "ja on ei ka et see oli kui või aga ning ta mis seda oma"),
    (_WEST, "ðáíúóöþéæý", "og að í á er sem ekki til við um það var með fyrir en"),
)
_OTHERS = (  # the commonest letters first
    (_CYRILLIC, "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё", "и в не на что с по для к из от за о или это как у до"),
    (_CYRILLIC, "оанивітерслкдмупязьбгйчюхцїжєшфщґ", "і в на не що з до для та за у від про або це як по є"),
    (_CYRILLIC, "аоиентрсвлпдкмзбъугяйцчжщшхюфь", "и на за от в да се не с по е са или до като това"),
    ("cp1251 iso8859-5", "аоиенртсјуквдплмгзбшћчхжцњђфљџ", "и је у на да се за од су не са или као по то"),
    ("cp1251 iso8859-5", "аоеинтрсвкдлпмујзгбчшцжфхќњѓљџѕ", "и на да за од во не се со е или што по ги"),
    ("cp1253 iso8859-7", "αοιετσνηυρπκμλςωδγάίόέχθήφβύώζξψϊΐϋΰ", "και το να του η της ο με για την από είναι των"),
    ("cp1255", "יוהלאמרתבשנדקעחפםסכטזןגצךףץ", "של את על לא או עם זה הוא כל אל כי אם היא"),
    ("cp1256 iso8859-6", "اليمنرتوبةعدسفهكأقحجشطصىخإذزثءضغظئؤآًٌٍَُِّْـ", "في من على أن إلى هذا لا أو مع هذه التي عن"),
    ("cp1256", "اردينهمتوسبلشکكزگفقخعپجحچصطغآضذئژظثءؤًٌٍَ", "و در به از که این با را است برای یک"),
    ("cp874", "านรกอเงมยลวดทตสิ่้ีัะปบหคชพจขุไแืถใูผซธ็์ณญโศำฟษฐึภๆฉฒฮฎฝฏฬฑฆฌฤ๐๑๒๓๔๕๖๗๘๙ฯ", ""),
)
"""Of languages their code pages, their letters beyond ASCII, and some of their commonest words."""
_ENGLISH = "éáíóàèâäåãæçêëìîïñòôöõøúùûüœß", "the of and to in is a for that with be or was are this from not by on"
"""Names in English may be of any Western language, so that other languages go before it."""
_MANY = 10
"""So many letters of an alphabet make up most of a text."""
_ENOUGH, _SURE = 0.8, 0.95
"""The share of signs and letters that have their places: others are in names, or nothing that we know."""

_SIGN = re.compile(
    r"[£€¥¢](?=[\s\d,.;:)]|$)|(?<![A-Za-z])[£€¥¢](?=[A-Za-z])|(?<=\d)[%‰°ºª]|(?<=\s)°(?=[CF]\b)"  # money, degrees
    r"|(?<=[A-Za-z\d])[²³](?![A-Za-z])|(?<=\d)[¼½¾×±]|(?<=\s)[¼½¾×±÷µ]"  # measures
    r"|[§¶®™†‡©№](?![^\W\d_])|(?<!\w)•|[·–—…\xa0\xad\u200c-\u200f،؛؟]"
    r"|[“‘„‚«‹¿¡](?=\S|\xa0)(?<!\w.)|(?<=[\S\xa0])[”“’‘»›](?!\w)|(?<=\w)’(?=\w)|’(?=n\b|\d)|(?<=\s)[«»‹›](?=\s)"
)
"""Signs where they stand in texts: no word has one inside but an apostrophe."""
_WORD = re.compile(r"[^\W\d_]+")
_TOGETHER = re.compile(r"[^\W\d_a-zA-Z]{4,}")
"""Letters beyond ASCII side by side, as in scripts that have no others."""
_MIXED = re.compile(r"(?<![^\x00-\x7f])[^\x00-\x7f]+(?=[A-Za-z])|(?<=[A-Za-z])[^\x00-\x7f]+")
"""What stands beside plain letters, as nothing does in other scripts."""
_BEYOND = re.compile(r"[^\x00-\x7f]")
_RUN = re.compile(rb"[\x80-\xff]{3}")
"""Without a word of three letters there is no other script: «è» is «и» there."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a code page fits a text in a language: the share of what is beyond ASCII that has its place there."""

    page: str
    latin: bool
    share: float
    score: float

    @property
    def sure(self) -> bool:
        """Tell whether no other kind of encoding could look so: Chinese as Latin letters does not."""
        return self.latin and self.share > _SURE


def code_page(sample: bytes) -> Fit | None:
    """Return the page that fits best; None where none fits."""
    fits = [*_fits(sample, _LATIN, latin=True), *_fits(sample, ((_WEST, *_ENGLISH),), latin=True, less=0.1)]
    if _RUN.search(sample):
        fits += _fits(sample, _OTHERS, latin=False)
    best = max(fits, key=lambda fit: fit.score, default=None)
    return best if best and best.share >= _ENOUGH else None


def _fits(sample: bytes, languages: Iterable[tuple[str, str, str]], *, latin: bool, less: float = 0) -> Iterator[Fit]:
    read: dict[str, _Read | None] = {}
    for pages, alphabet, words in languages:
        for page in pages.split():
            if page not in read:
                read[page] = _read(sample, page, latin)
            if text := read[page]:
                share = text.share(alphabet)
                score = share + text.told(words) - text.capitals / 10 - less
                yield Fit(page, latin, share, score if latin else score - text.rare(alphabet) / 2)


def _read(sample: bytes, page: str, latin: bool) -> _Read | None:
    try:
        return _Read(sample.decode(page), _TOGETHER if latin else _MIXED)
    except UnicodeDecodeError:
        return None


class _Read:
    """A text as a code page has it: how much of it stands where it may."""

    def __init__(self, text: str, misplaced: re.Pattern[str]) -> None:
        words = _WORD.findall(text)
        self._words = Counter(map(str.casefold, words))
        self._letters = Counter(_placed(misplaced.sub("", text)))
        self._signs = sum(not sign.isascii() for sign in _SIGN.findall(text))
        self._beyond = max(1, len(_BEYOND.findall(text)))
        shouted = sum(len(word) - 1 for word in words if word.isupper() and not word.isascii())
        self.capitals = shouted / self._beyond

    def share(self, alphabet: str) -> float:
        """Return the share of what is beyond ASCII that has its place in a text of these letters."""
        return (self._count(alphabet) + self._signs) / self._beyond

    def told(self, words: str) -> float:
        """Return the share of all words that are among these."""
        return sum(self._words[word] for word in words.split()) / (1 + self._words.total())

    def rare(self, alphabet: str) -> float:
        """Return the share of letters that are not among the commonest of an alphabet."""
        return 1 - self._count(alphabet[:_MANY]) / max(1, self._count(alphabet))

    def _count(self, letters: str) -> int:
        return sum(self._letters[each] for each in {*letters, *letters.upper()})


def _placed(text: str) -> Iterator[str]:
    """Yield the letters beyond ASCII that stand where they may: a capital after a small letter may not."""
    small = False
    for letter in text:
        if letter > "\x7f" and not (small and letter.isupper()):
            yield letter
        small = letter.islower()
