"""How much of each source the reader is trained on.

`squad_train_reqa` is left out: its sentences come from articles among which the questions of a reported set are asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Share:
    """How many questions of a source are taken, and how many of one passage at most."""

    questions: int
    of_a_passage: int = 8


QUESTIONS: Final = {
    "squadshifts_newwiki": Share(8_000, 8),
    "squadshifts_reddit": Share(6_000, 5),
    "squadshifts_amazon": Share(5_000, 5),
    "selqa": Share(2_400),
    "docs_faq": Share(2_400),
    "omosqa_integreat": Share(1_900),
    "contractnli": Share(2_900),
    "onestopqa": Share(1_500),
    "bioasq_sent": Share(9_000),
    "qamr": Share(9_000, 12),
    "quoref_contrast": Share(1_100),
    "drop_contrast": Share(400, 5),
    "ni_doqa": Share(800),
    "ni_qasper": Share(2_700),
    "ni_mocha": Share(2_000),
    "ni_ropes": Share(1_200, 5),
    "ni_boolq": Share(2_500),
    "ni_scitail_q": Share(1_500),
    "pubmedqa_l": Share(1_000),
    "fairytaleqa": Share(3_000),
    "medquad": Share(4_500),
}

COMPOSED: Final = 6_000
"""Questions made of two, in the second round."""
FOLLOWED: Final = 3_000
"""Questions with their document's title in brackets, in the second round."""

CLAIMS: Final = {
    "nli_te_new_protocols": 40_000,
    "nli_fever_athnlp": 13_000,
    "nli_fever_jackhhchan": 9_000,
    "nli_fever_symmetric": 1_100,
    "nli_mnli_felipes": 12_000,
    "nli_mnli_ni": 6_600,
    "nli_snli_20k": 6_000,
    "nli_snli_felipes": 4_000,
    "nli_scitail_felipes": 2_200,
    "nli_contractnli": 2_900,
}
