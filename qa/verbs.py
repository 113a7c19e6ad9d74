"""A word in; what it has in common with its other forms, those of irregular verbs and nouns too, out. For English."""

from __future__ import annotations

import re

from qa.words import key

_FORMS = """beat beaten|become became|begin began begun|bend bent|bind bound|bite bit bitten|blow blew blown
    break broke broken|breed bred|bring brought|build built|burn burnt|buy bought|catch caught|choose chose chosen
    come came|deal dealt|die dies dying died dead death deaths|dig dug|draw drew drawn|drink drank drunk
    drive drove driven|eat ate eaten|fall fell fallen|feed fed|feel felt|fight fought|flee fled
    fly flew flown|forget forgot forgotten|freeze froze frozen|get got gotten|give gave given|go went gone
    grow grew grown|hang hung|hear heard|hide hid hidden|hold held|keep kept|know knew known|lay laid|lead led
    leave left|lend lent|lie lay lain|lose lost losing|make made|mean meant|meet met|pay paid|ride rode ridden
    ring rang rung|rise rose risen|run ran|say said|see saw seen|seek sought|sell sold|send sent|shake shook shaken
    shoot shot|show shown|shrink shrank shrunk|sing sang sung|sink sank sunk|sit sat|sleep slept|speak spoke spoken
    spend spent|spin spun|stand stood|steal stole stolen|stick stuck|strike struck|swear swore sworn
    swim swam swum|take took taken|teach taught|tear tore torn|tell told|think thought|throw threw thrown
    wake woke woken|wear wore worn|win won|wind wound|write wrote written
    child children|foot feet|man men|woman women|person people persons|mouse mice|tooth teeth"""
_FIRST = {key(each): key(forms.split()[0]) for forms in re.split(r"[|\n]", _FORMS) for each in forms.split()}
_POSSESSOR = re.compile(r"[’']s?$")


def form(word: str) -> str:
    """Return one key for all forms of a word, the possessive too: «built», «builds» and «building» are one."""
    if not word:
        return ""
    found = key(_POSSESSOR.sub("", word) or word)
    return _FIRST.get(found, found)
