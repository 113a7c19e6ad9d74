"""The word index, and the language of a question, in; how words are compared in that language out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from qa.candidates import Vocabulary
from qa.languages import NAMES, joins, small_words
from qa.lexical import Lexical, stems


def vocabulary(lexical: Lexical, language: str | None = None) -> Vocabulary:
    """Return how the index sees words; in another language than English with the forms of a word as one.

    The index knows English endings alone, so «Tote» and «Toten» are two words to it; and in a library of English texts
    «der» is a rare word. A word counts as often as the commonest of its forms.
    """
    if language in (None, "en"):
        return Vocabulary(lexical.terms, lexical.empty, lexical.rarity, lexical.stands, lexical.count())
    stemmed = stems(NAMES[language].lower())
    forms = defaultdict[str, set[str]](set)
    empty = set[str]()

    def terms(text: str) -> list[str]:
        found = stemmed(text)
        for stem, form in zip(found, lexical.terms(text), strict=True):
            forms[stem].add(form)
        empty.update(term for term in found if joins(language, term))
        return found

    def rarity(terms: Iterable[str]) -> dict[str, int]:
        wanted = {term: forms[term] for term in terms}
        counts = lexical.rarity(set[str]().union(*wanted.values()))
        return {term: max((counts[form] for form in each), default=0) for term, each in wanted.items()}

    empty.update(terms(" ".join(small_words(language))))
    return Vocabulary(terms, empty, rarity, lexical.stands, lexical.count())
