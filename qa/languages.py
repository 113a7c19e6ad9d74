"""A text in; the language it is in, where that is beyond doubt, out: by the small words that no text goes without.

Names count for nothing, and neither does a single word: «Was Ingrid Solheim convicted?» may look like anything.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence, Set
from functools import cache

NAMES = {
    "ar": "Arabic", "bg": "Bulgarian", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English",
    "es": "Spanish", "et": "Estonian", "fa": "Persian", "fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi",
    "hr": "Croatian", "hu": "Hungarian", "id": "Indonesian", "it": "Italian", "ja": "Japanese", "ko": "Korean",
    "lt": "Lithuanian", "lv": "Latvian", "nl": "Dutch", "no": "Norwegian", "pl": "Polish", "pt": "Portuguese",
    "ro": "Romanian", "ru": "Russian", "sk": "Slovak", "sl": "Slovenian", "sr": "Serbian", "sv": "Swedish",
    "th": "Thai", "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip

_SMALL = {
    "en": """a an the of on in at to for from by with about as into over after before and or but not no if than then
        is are was were be been being am do does did has have had can could will would shall should may might
        must many much it its this that these those there they them their he she his him her you your we our us
        i me my so such any some all most more very only also ? what which who whom whose when where why how""",
    "ar": """في من على إلى عن مع هذا هذه ذلك تلك التي الذي الذين عدد أن إن كان كانت لا لم لن قد هو هي هم أو و ثم بعد
        قبل بين ? ما ماذا متى أين كيف لماذا كم هل أي""",
    "bg": """и в във на с със по за от до не това беше бяха е са той тя те се да ли а но или има ? какво как кой коя
        къде кога защо колко каква какви какъв""",
    "cs": """a v ve z ze na do od o po za pro při nad pod se si ne je jsou byl byla bylo byli být to ten ta zda jeho
        její jejich i u k s ? jak jaký jaká jaké kolik kdo co kde kdy proč která který které""",
    "da": """og at det som en et er var ikke på for af med til den de har havde om mange meget blev fra ved i under
        efter sig han hun der ? hvor hvad hvem hvornår hvorfor hvilken hvilke hvordan""",
    "de": """der die das den dem des ein eine einen einem einer eines und oder aber ist sind war waren wird werden
        wurde wurden hat haben hatte hatten gab gibt es er sie wir ihr ich man nicht kein keine mit von vom zu
        zum zur bei beim im in am an auf aus für über unter nach vor durch um als auch viel viele noch sich so
        sein seine seinen seiner ihre ihren dass kann soll will muss ? wie was wer wen wem wo wann warum welche
        welcher welches welchen woher wohin""",
    "es": """el la los las un una unos unas de del y o pero es son era fue fueron he ha han había hay ser estar está
        están no se lo le les su sus que por para con sin en al a sobre entre hasta desde más este esta ? qué
        quién quiénes cuál cuáles cuándo cuando cuánto cuántos cuánta cuántas cuanto cuantos cuanta cuantas
        dónde donde cómo como quien""",
    "et": """ja või aga on oli olid ei see need ta palju et kui ka ? kes mis kus millal miks kuidas mitu milline""",
    "fa": """در از به با که این آن را و است بود شد برای تا یا هر ? چه کی کجا چند چگونه چرا""",
    "fi": """ja tai mutta on oli olivat ovat ei se ne hän monta paljon joka että kun niin myös ? kuka mikä mitä
        missä milloin miksi miten kuinka""",
    "fr": """le la les l un une des du de et ou mais est sont était a ont été être avoir avait il elle ils elles on
        nous vous je ne pas plus dont ce cette ces son sa ses leur leurs au aux en dans sur sous par pour avec
        sans y n c j se à ? qui quoi où quand comment pourquoi combien quel quelle quels quelles qu que""",
    "hi": """है हैं था थी थे का की के को में से पर और या यह वह ये वे ने भी नहीं एक कि जो तो हो गया गई ? क्या कौन कब
        कहाँ कहां कैसे क्यों कितने कितना कितनी किस""",
    "hr": """i u na do od o po za pri pod se si ne je su bio bila bilo bili biti to taj li iz s ? kako kakav koliko
        tko što gdje kada zašto koji koja koje""",
    "hu": """a az és vagy de nem van volt voltak lesz egy ez hogy meg már csak mint után ? ki mi mit hol mikor miért
        hogyan hány mennyi melyik""",
    "id": """dan atau tetapi adalah yang di ke dari untuk dengan pada ini itu tidak ada mana oleh telah akan ? apa
        siapa kapan mengapa bagaimana berapa""",
    "it": """il lo la i gli le l un uno una di del dello della dei degli delle e o ma è sono era fu ha hanno essere
        non si suo sua che per con senza in nel nella nei al alla ai da dal dalla su sul sulla tra fra più
        questo questa stato stata ? chi cosa quale quali quando quanto quanti quanta quante dove come perché""",
    "ko": """이다 입니다 있다 있습니다 하다 합니다 그리고 그 이 ? 무엇 누구 언제 어디 어디에 어디서 왜 어떻게 어떤 몇
        인가 인가요 입니까 있습니까 습니까 나요""",
    "lt": """ir ar bet yra buvo nėra tai su iš į prie už apie kad ? kas ką kur kada kodėl kaip kiek kuris kuri""",
    "lv": """un vai bet ir bija nav tas tā ar no uz pie par lai ? kas ko kur kad kāpēc kā cik kurš kura""",
    "nl": """de het een en of maar is zijn was waren wordt werd werden heeft hebben had niet geen met van voor op in
        aan uit over onder na door om als ook veel er dat die dit deze bij naar te tot zich nog hij zij ze wij
        kan ? hoe hoeveel wat wie waar wanneer waarom welke welk""",
    "no": """og at det som en et er var ikke på for av med til den de har hadde om mange mye ble fra ved i under
        etter seg han hun ? hvor hva hvem når hvorfor hvilken hvilke hvordan""",
    "pl": """i w we z ze na do od o po za przez dla przy nad pod się nie jest są był była było byli być to ten ta te
        tego tej jego jej ich oraz ? jak jaki jaka jakie ile ilu kto co gdzie kiedy dlaczego czy kim który
        która które""",
    "pt": """o a os as um uma de do da dos das e ou mas é são era foi foram há ser está não se lhe seu sua seus suas
        que por para com sem em no na nos nas ao à pelo pela sobre mais este esta ? quem qual quais quando
        quanto quantos quanta quantas onde como""",
    "ro": """și sau dar este sunt era a au fost fi nu se că de din la pe cu în pentru prin un o unei unui al ale lui
        mai ? care ce cine cât câți câte când unde cum""",
    "ru": """и в во на с со по за из от до для о об у к не это был была было были есть он она они его её их ли же а
        но или ко ? что как кто где когда почему сколько какой какая какие каких чей""",
    "sk": """a v vo z zo na do od o po za pre pri nad pod sa si nie je sú bol bola bolo boli byť to ten tá či jeho
        jej ich ? ako aký aká aké koľko kto čo kde kedy prečo ktorý ktorá ktoré""",
    "sl": """in v na do od o po za pri pod se si ne je so bil bila bilo bili biti to ta ki ali iz z s ? kako kakšen
        koliko kdo kaj kje kdaj zakaj""",
    "sr": """и у на са по за од до не то што је су био била било били се да ли а али или ? како ко где када зашто
        колико који која које""",
    "sv": """och att det som en ett är var inte på för av med till den de har hade om många mycket blev från vid i
        under efter hos sig han hon ? hur vad vem när varför vilka vilken vilket""",
    "th": """ที่ และ ของ ใน มี เป็น คือ ได้ จะ ว่า ไม่ ให้ จาก กับ ? อะไร ไหน ที่ไหน เมื่อไร เมื่อไหร่ ใคร ทำไม อย่างไร
        กี่ เท่าไร เท่าไหร่ ไหม หรือ ใด""",
    "tr": """ve veya ama bir bu şu o da de mi mı mu mü zaman için ile gibi olan oldu var yok değil ? ne kim nerede
        neden nasıl kaç hangi""",
    "uk": """і й в у на з із зі по за від до для про не це був була було були є він вона вони його її їх чи же а але
        або та ? що як хто де коли чому скільки який яка які чий""",
    "ur": """میں کے کی کا سے کو اور ہے ہیں تھا تھے نے پر یہ وہ ? کیا کون کب کہاں کتنے کتنی کیوں کیسے""",
    "vi": """và là của có không được trong cho với các những một này đó khi nào tại nhiêu bị đã sẽ ? ai đâu gì sao
        bao""",
}
"""Words that join others, and behind the «?» those that ask: they tell a language, not what a text is about."""

_JOINING = {"ja": "[\u3040-\u309f]", "zh": "[的是了在和与吗呢吧么什谁哪怎这那]"}
"""Letters that do the same where words are not parted; Japanese writes these with an alphabet of their own."""

_SCRIPTS = {
    re.compile(f"[{letters}]"): languages.split()
    for letters, languages in {
        "\u0370-\u03ff\u1f00-\u1fff": "el",
        "\u0400-\u052f": "ru uk bg sr",
        "\u0590-\u05ff": "he",
        "\u0600-\u06ff": "ar fa ur",
        "\u0900-\u097f": "hi",
        "\u0e00-\u0e7f": "th",
        "\uac00-\ud7af": "ko",
        "\u3040-\u30ff": "ja",
        "\u4e00-\u9fff": "zh",
    }.items()
}
"""Letters that are not ours, and whose they are."""
_OURS = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")
_IN_OURS = frozenset(_SMALL) - {each for languages in _SCRIPTS.values() for each in languages} - {"en"}
_WORD = re.compile(r"[^\W\d_]+")
_NAME = re.compile(r"\b([A-Z]\w+) (?:(?:de|da|do|dos|del|di|du|des|la|las|los|le|van|y) )+(?=[A-Z])")
_LOOKED_AT = 2_000
"""Letters of a text: more say no more."""
_TELLING = 2
"""Words that English has not, and that name a language."""


def language(text: str) -> str | None:
    """Return the language of a text as its code of two letters; None where there is any doubt, as of a name."""
    text = text[:_LOOKED_AT]
    likely, telling = _likely(text)
    told = telling >= _TELLING or (telling and _asked_in(likely, text))
    return _nearest(text, likely) if told else None


def foreign(text: str) -> bool:
    """Tell whether a text is rather in another language than in English, whichever: a single word of one may do."""
    likely, telling = _likely(text[:_LOOKED_AT])
    return telling > 0 and "en" not in likely


@cache
def small_words(language: str) -> frozenset[str]:
    """Return the words of a language that say nothing of what a text is about; none where we know none."""
    return frozenset(_SMALL.get(language, "").replace("?", "").split())


def joins(language: str, pair: str) -> bool:
    """Tell whether a pair of letters has one that only joins words, where these are not parted."""
    return language in _JOINING and re.search(_JOINING[language], pair) is not None


def _asked_in(languages: Sequence[str], text: str) -> bool:
    """Tell whether a question begins as they do in one of these: «Wo wohnt Jens?» may have no other small word."""
    first = _WORD.search(text) if "?" in text else None
    asking = {word for each in languages for word in _SMALL.get(each, "").partition("?")[2].split()}
    return first is not None and first[0].casefold() in asking and _nearest(text, NAMES) in languages


def _likely(text: str) -> tuple[list[str], int]:
    """Return the languages that have most small words of a text, and how many words, or letters, tell them."""
    words, ours = _plain(text), len(_OURS.findall(text))
    for letters, languages in _SCRIPTS.items():
        if (there := len(letters.findall(text))) > ours:
            return _having_most(words, languages), there
    likely, english = _having_most(words, sorted(_IN_OURS)), words & small_words("en")
    theirs = words & small_words(likely[0])
    strange = any(not word.isascii() for word in words - theirs)  # «é» and «ł» are hardly English either
    if len(theirs) + strange > len(english):
        return likely, len(theirs - small_words("en")) + strange
    return ["en"], len(english) if len(english) > len(theirs) else 0


def _having_most(words: Set[str], languages: Sequence[str]) -> list[str]:
    counts = {each: len(words & small_words(each)) for each in languages}
    return [each for each, count in counts.items() if count == max(counts.values())]


def _plain(text: str) -> set[str]:
    """Return the words of a text that are no names, nor stand within one."""
    found = _WORD.findall(_NAME.sub(r"\1 ", text))
    return {word.casefold() for at, word in enumerate(found) if at == 0 or not word[0].isupper()}


def _nearest(text: str, likely: Collection[str]) -> str:
    """Return the likeliest of several languages by the letters that follow each other in a text."""
    if len(likely) == 1:
        return next(iter(likely))
    # half a second to load: only where words alone do not tell
    import py3langid

    return next(str(each) for each, _ in py3langid.rank(text) if each in likely)
