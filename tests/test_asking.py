"""Asking: every kind of question gets something sensible."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import QUESTION, Fill
from hypothesis import given
from hypothesis import strategies as st
from llama_index.core.embeddings import MockEmbedding

from qa import Library
from qa.answers import Answer, Composer, Event, Piece, escape_marks, unescape_marks
from qa.citations import Citation
from qa.errors import EmptyLibrary, TooLarge, UsageError
from qa.evidence import enough, signs
from qa.questions import Kind, kind
from qa.records import Source
from qa.support import judge
from qa.terminal import answer_lines

MARK = re.compile(r"(?<!\\)\[(\d+)\]")


def check_marks(text: str, count: int) -> None:
    """Every [n] in an answer names a citation of that answer."""
    assert all(1 <= int(number) <= count for number in MARK.findall(text)), text


KINDS = "lamp chair table shelf mirror rug clock vase bench stool desk cabinet kettle drawer candle basket".split()


def check(answer: Answer) -> None:
    """Hold an answer against the invariants that it alone can show."""
    check_marks(answer.text, len(answer.citations))
    assert [citation.number for citation in answer.citations] == list(range(1, len(answer.citations) + 1))
    for sentence in answer.sentences:
        assert answer.text[sentence.start : sentence.end] == sentence.text
        assert {int(n) for n in MARK.findall(sentence.text)} == set(sentence.citations)
        assert sentence.support == "quoted" and sentence.citations
    for citation in answer.citations:
        assert not answer.passages or any(
            hit.document.id == citation.document.id and hit.start_char_index <= citation.start_char_index
            and citation.end_char_index <= hit.end_char_index for hit in answer.passages
        )  # what the answerer saw is what is shown  # fmt: skip


def test_an_answer_holds_and_is_brief(seeds: Library) -> None:
    answer = seeds.ask(QUESTION)
    check(answer)
    assert not answer.refused and 1 <= len(answer.sentences) <= 3
    assert "66 times" in answer.sentences[0].text


def test_of_a_table_the_row_is_cited_in_which_the_answer_stands(library: Library, fill: Fill) -> None:
    rows = "\n".join(f"| Lamp of kind {number} | {10 + number} | {number} |" for number in range(1, 9))
    fill(
        {
            "a.md": f"# Lamps\n\n| Lamp | Price | Stock |\n|---|---|---|\n{rows}\n| Blue lamp | 77 | 3 |\n",
            "b.csv": "district,planned,built\nNorthbank,500,210\nFennside,300,40\n",
            "c.csv": 'Bulb;How;Price\nRed bulb;alone;5\nGreen bulb;"sold ""by the dozen"",\nor singly";9\n',
        }
    )
    library.sync()
    for question, row, cell in (
        ("What is the price of the blue lamp?", "| Blue lamp | 77 | 3 |", "77"),
        ("What is the price of the green bulb?", 'Green bulb;"sold ""by the dozen"",\nor singly";9', "9"),
        ("How many were built in Fennside?", "Fennside,300,40", "40"),
    ):
        answer = library.ask(question)
        assert answer.citations[0].cited_text == row
        span = answer.sentences[0].answer_span
        assert span and answer.answer[slice(*span)] == cell
    assert answer.citations[0].part == "row 3"


def test_a_row_far_below_its_head_is_found_by_what_it_is_called_and_stands_alone(library: Library, fill: Fill) -> None:
    things = [f"{colour} {kind}" for colour in ("Amber", "Blue", "Copper", "Teal") for kind in KINDS]
    values = [(name, 100 + at, at % 40, ("Norden", "Halvorsen")[at % 2]) for at, name in enumerate(things)]
    lines = "".join(f"{name},{price},{stock},{by}\n" for name, price, stock, by in values)
    marked = "".join(f"| {name} | {price} | {stock} | {by} |\n" for name, price, stock, by in values[::-1])
    fill(
        {
            "prices.csv": f"product,price,stock,supplier\n{lines}",
            "stock.md": f"# The old shop\n\n| Product | Sold for | Left | Supplier |\n|---|---|---|---|\n{marked}",
            "about.txt": "Norden has made lamps since 1954. It sells lamps and clocks. A teal kettle won a prize.",
        }
    )
    library.sync()
    price, stock = 100 + things.index("Teal kettle"), things.index("Teal kettle") % 40
    answer = library.ask("What is the price of the teal kettle?", within="*.csv")
    assert answer.citations[0].cited_text == f"Teal kettle,{price},{stock},Norden"
    assert len(answer.sentences) == 1 and (span := answer.sentences[0].answer_span)
    assert answer.answer[slice(*span)] == str(price)
    answer = library.ask("How many teal kettles are left?", within="*.md")
    assert answer.citations[0].cited_text == f"| Teal kettle | {price} | {stock} | Norden |"
    assert not answer.reason
    assert "counted" in (library.ask("Which lamp of Norden is the cheapest?", within="*.csv").reason or "")


def test_what_the_documents_do_not_say_is_refused_with_the_nearest_passages(seeds: Library) -> None:
    for question in ("Who won the football world cup in 1998?", "How do I bake sourdough bread?", "xqzzy flurb"):
        answer = seeds.ask(question)
        assert answer.refused and answer.reason and answer.passages, question
        assert not answer.citations and not answer.sentences
        check(answer)


@pytest.mark.parametrize("words", ["hello", "Hi there!", "Guten Tag", "bonjour", "what can you do?", "Thanks!"])
def test_a_greeting_is_answered_with_what_can_be_asked(seeds: Library, words: str) -> None:
    answer = seeds.ask(words)
    assert "Ask me anything about the documents" in answer.text and not answer.refused and not answer.passages


@pytest.mark.parametrize(
    "words",
    [
        "what is in here?",
        "Summarise this",
        "What's this about?",
        "what are these documents about",
        "give me an overview",
    ],
)
def test_an_overview_names_titles_each_cited(seeds: Library, words: str) -> None:
    answer = seeds.ask(words)
    check(answer)
    assert answer.citations[0].cited_text == "U.S. Retaliatory Strikes Vs. Iranian Targets in Iraq"
    assert len(answer.citations) > 2


def test_an_overview_of_many_documents_shows_some_and_says_so(library: Library, fill: Fill) -> None:
    fill({f"{i:02}.md": f"# Title number {i}\n\nText.\n\n## Part {i}\n\nMore." for i in range(20)})
    library.sync()
    answer = library.ask("What is in here?")
    check(answer)
    assert "20 documents" in (answer.reason or "") and "8 of them" in (answer.reason or "")
    assert answer.citations[1].cited_text == "Part 0"
    assert answer.text.startswith("00.md: Title number 0 [1] — Part 0 [2]\n\n02.md: Title number 2 [3]")
    assert "one document" in (library.ask("What is in here?", within="03.md").reason or "")


def test_a_question_in_another_language_is_looked_up_by_its_words_and_told(seeds: Library) -> None:
    answer = seeds.ask("Was sagte Sabrina Singh über den Angriff im Pentagon?")
    assert "German" in (answer.reason or "") and "English" in (answer.reason or "")
    check(answer)
    assert all(hit.found_by == ("lexical",) for hit in answer.passages)


class Multilingual(MockEmbedding):
    """An embedding that knows what some words of two languages are about."""

    def _get_text_embedding(self, text: str) -> list[float]:
        return [1.0 + 9 * any(word in text for word in words) for words in (("stork", "Störche"), ("ship", "Schiff"))]

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)


def test_an_embedder_that_knows_another_language_is_asked_in_it(fill: Fill, tmp_path: Path) -> None:
    folder = fill({"a.txt": "The big white birds called storks nest on roofs.", "b.txt": "The ship sank in the bay."})
    with Library.open(folder, index=tmp_path / "index", embedder=Multilingual(embed_dim=2)) as library:
        library.sync()
        answer = library.ask("Wo bauen die Störche, und warum gerade dort?")
    assert [citation.document.path for citation in answer.citations][:1] == ["a.txt"]
    assert answer.reason is None


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("hello", Kind.GREETING),
        ("hello kitty sold how many toys?", Kind.QUESTION),
        ("What is in here?", Kind.OVERVIEW),
        ("What is in the bag of the man from Utrecht?", Kind.QUESTION),
        ("summarise the ballistic missile attack", Kind.QUESTION),
        ("help", Kind.GREETING),
        ("Who helped?", Kind.QUESTION),
    ],
)
def test_the_kind_of_a_question_is_told_by_the_whole_of_it(words: str, expected: Kind) -> None:
    assert kind(words) is expected


OWN = {
    "de.txt": (
        "Zwei Jahre nach dem Brand im Silo von Elswick haben die Angehörigen der sieben Toten noch nichts erhalten. "
        "Die Hafenbehörde hatte am 11. März je 85.000 Euro versprochen, sagte die Witwe Joan Mercer."
    ),
    "fr.txt": "Un incendie a tué quatre dockers dimanche. L'enquête est menée par le juge M. Dupont.",
    "es.txt": "La reparación del puente costará tres millones de euros. El puente fue construido en 1931.",
    "pl.txt": "W pożarze magazynu zginęło trzech strażaków. Straty oszacowano na 12 milionów złotych.",
    "ru.txt": "Ремонт моста обойдётся в 40 миллионов рублей. Мост построил инженер Воронов.",
    "ar.txt": "قتل سبعة عمال في حريق اندلع في صومعة الحبوب. وقالت مديرة الميناء إن سبب الحريق غير معروف.",
    "en.txt": "The orchard at Nethercombe was sold to Ruth Ainsley. She was born in Tromsdal.",
}


@pytest.fixture(scope="module")
def tongues(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """A library of little documents, each in another language; for reading only."""
    folder = tmp_path_factory.mktemp("tongues")
    for name, words in OWN.items():
        (folder / name).write_text(words, "utf-8")
    with Library.open(folder) as opened:
        opened.sync()
        yield opened


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Wie viel hatte die Hafenbehörde den Angehörigen versprochen?", "85.000 Euro"),
        ("Wie viele Tote gab es beim Brand in Elswick?", "der sieben Toten"),
        ("Combien de dockers ont été tués ?", "quatre dockers"),
        ("Qui mène l'enquête ?", "le juge M. Dupont"),
        ("¿Cuánto costará la reparación del puente?", "tres millones"),
        ("Ilu strażaków zginęło w pożarze?", "trzech strażaków"),
        ("Во сколько обойдётся ремонт моста?", "40 миллионов"),
        ("كم عدد القتلى في الحريق؟", "سبعة عمال"),
    ],
)
def test_documents_are_asked_in_their_own_language_by_its_words(tongues: Library, question: str, words: str) -> None:
    answer = tongues.ask(question)
    check(answer)
    assert words in answer.text and answer.reason is None


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Wer ist der Bürgermeister von Elswick?", "German"),
        ("Quel est le prix du pain à la boulangerie ?", "French"),
        ("¿Quién ganó las elecciones?", "Spanish"),
        ("Kto jest prezydentem Polski?", "Polish"),
        ("Wie alt ist Joan Mercer?", "German"),
        ("Когда утонул Титаник?", "Russian"),
    ],
)
def test_so_they_are_refused_where_little_of_the_question_is_there(
    tongues: Library, question: str, language: str
) -> None:
    answer = tongues.ask(question)
    assert answer.refused and f"The question is in {language}" in (answer.reason or "")


def test_what_is_asked_in_another_language_than_the_documents_is_told_both(library: Library, fill: Fill) -> None:
    fill({"see.txt": "Der See ist 41 Meter tief. Er liegt auf 812 Metern Höhe, und seit 1974 ist das Baden erlaubt."})
    library.sync()
    reason = library.ask("How many signatures did the teacher collect for the school?").reason or ""
    assert "The question is in English" in reason and "Ask in German" in reason
    assert "Ask in German" in (
        library.ask("Quelle est la profondeur de la Seine, et qui a construit le See ?").reason or ""
    )


@pytest.mark.parametrize("question", ["Was Ingrid Solheim born?", "Is Ainsley guilty?", "éclair worth"])
def test_a_question_that_may_be_in_english_is_not_told_that_it_is_in_another_language(
    tongues: Library, question: str
) -> None:
    answer = tongues.ask(question)
    assert "The question is in" not in (answer.reason or "")


@pytest.mark.parametrize(
    ("question", "error", "words"),
    [
        ("", UsageError, "The question is empty"),
        (" \n\t", UsageError, "The question is empty"),
        ("x" * 100_000, TooLarge, r"The question is too long \(100,000 characters\)"),
    ],
)
def test_a_question_that_is_none_gets_one_sentence(
    seeds: Library, question: str, error: type[Exception], words: str
) -> None:
    for ask in (seeds.ask, seeds.search):
        with pytest.raises(error, match=words):
            ask(question)


@pytest.mark.parametrize("count", [0, -1, 10**9, True])
def test_an_impossible_count_gets_one_sentence(seeds: Library, count: int) -> None:
    for ask in (seeds.ask, seeds.search):
        with pytest.raises(UsageError, match="The count must be from 1 to 100"):
            ask(QUESTION, count=count)


def test_a_library_that_was_closed_is_opened_again_by_who_asks(library: Library, fill: Fill) -> None:
    fill({"a.txt": "The otter swims in the river of Brask."})
    library.sync()
    for _ in range(2):
        assert "Brask" in library.ask("Where does the otter swim?").text
        library.close()


def test_asking_before_there_is_anything_says_what_to_do(library: Library) -> None:
    with pytest.raises(EmptyLibrary, match="has not been indexed yet: run `qa sync /"):
        library.ask("Anything?")
    library.sync()
    with pytest.raises(EmptyLibrary, match="no documents here yet"):
        library.ask("Anything?")
    assert library.documents() == []


def test_where_the_index_lies_elsewhere_the_command_names_it(folder: Path, tmp_path: Path) -> None:
    with (
        Library.open(folder, index=tmp_path / "index") as library,
        pytest.raises(EmptyLibrary, match=rf"run `qa sync {folder} --index {tmp_path / 'index'}` first"),
    ):
        library.ask("Anything?")


def test_within_asks_only_some_documents(library: Library, fill: Fill) -> None:
    fill({"a/one.txt": "The stork is white.", "b/two.txt": "The stork is black.", "b/three.txt": "Nothing else."})
    library.sync()
    assert {hit.document.path for hit in library.search("stork", within="b/*")} == {"b/two.txt", "b/three.txt"}
    assert library.ask("What colour is the stork?", within="b/*").citations[0].cited_text == "The stork is black."
    assert library.search("stork", within="none/*") == []
    assert library.ask("What colour is the stork?", within="none/*").refused


def test_what_the_answerer_saw_is_what_is_shown(library: Library, fill: Fill) -> None:
    """What the answerer saw is what is shown: each passage given to a model is in `answer.passages`."""
    fill({f"{i}.txt": f"Note {i}. The heron of pond {i} eats {i} fish a day." for i in range(30)})
    library.sync()
    for count in (1, 3, 10):
        answer = library.ask("How many fish does the heron of pond 7 eat?", count=count)
        check(answer)
        seen = {hit.id for hit in answer.passages}
        events = list(library.stream("How many fish does the heron of pond 7 eat?", count=count))
        assert {hit.id for hit in [event for event in events if event.name == "passages"][-1].value} == seen


def test_a_stream_tells_the_same_as_the_answer(seeds: Library) -> None:
    """Every [n] in an answer names a citation of that answer, in the finished text and in every prefix of a stream."""
    events = list(seeds.stream(QUESTION))
    assert [events[0].name, events[-1].name] == ["passages", "answer"]
    text, numbers = "", 0
    for event in events[1:-1]:
        if event.name == "citation":
            numbers += 1
            assert event.value.number == numbers
        elif event.name == "delta":
            text += event.value
            check_marks(text, numbers)
    assert text == events[-1].value.text


SOURCE = Source(id="a" * 64, path="a.txt", paths=("a.txt",), title="", media_type="text/plain", modified="")


def made_up(words: str, start: int) -> Citation:
    return Citation(
        id=f"{'a' * 16}.{start}-{start + len(words)}",
        document=SOURCE,
        start_char_index=start,
        end_char_index=start + len(words),
        start_page_number=None,
        end_page_number=None,
        start_line=1,
        end_line=1,
        heading=(),
        number=None,
        cited_text=words,
        prefix="",
        suffix="",
        status="valid",
    )


SOURCES = st.lists(st.text("ab[]\\123 \n٣", min_size=1, max_size=20).filter(str.strip), max_size=6)


@given(SOURCES)
def test_brackets_of_a_source_are_never_marks_of_ours(sources: list[str]) -> None:
    """Brackets that a source itself contains are escaped there, while `cited_text` stays exact."""
    composer, text, numbers = Composer(), "", 0
    for i, words in enumerate(sources):
        for event in composer.add(Piece(words, (made_up(words, i % 3 * 100),), judge(words, [words]))):
            assert isinstance(event, Event)
            numbers += event.name == "citation"
            text += event.value if event.name == "delta" else ""
            check_marks(text, numbers)
    assert text == composer.text
    marks = [int(n) for n in MARK.findall(text)]
    assert marks == [n for sentence in composer.sentences for n in sentence.citations]
    for sentence in composer.sentences:
        assert composer.text[sentence.start : sentence.end] == sentence.text
        assert sentence.support == "quoted"


@given(st.text("a[]1\\ "))
def test_escaping_leaves_no_mark_and_can_be_undone(text: str) -> None:
    assert not MARK.search(escape_marks(text))
    assert unescape_marks(escape_marks(text)) == text


TWO = "The tenant may not keep dogs.\nCats are allowed.\n\nThe Mirabel was a fine ship of Brask. She sank in 1911.\n"


def test_a_sentence_that_leans_on_another_is_shown_with_it(library: Library, fill: Fill) -> None:
    fill({"a.txt": TWO})
    library.sync()
    for question, words in (("Are dogs allowed?", "may not keep dogs"), ("When did the Mirabel sink?", "Mirabel was")):
        answer = library.ask(question)
        check(answer)
        assert words in answer.text
    assert answer.citations[0].cited_text == "The Mirabel was a fine ship of Brask. She sank in 1911."


def test_a_question_that_stands_in_a_document_is_quoted_with_its_answer(library: Library, fill: Fill) -> None:
    faq = (
        "# Questions\n\n**Who do I call when I have lost my key?**\nThe caretaker, Mr Dunmore.\n\n"
        "**Do you buy used bicycles?**\nNo.\n\n**How long does a full service take?**\nUsually three working days."
    )
    fill({"faq.md": faq})
    library.sync()
    for question, expected in {
        "Who do I call when I have lost my key?": "Mr Dunmore",
        "Do you buy used bicycles?": "No.",
        "How long does a full service take?": "three working days",
    }.items():
        assert expected in library.ask(question).text, question


def test_what_is_said_of_one_name_does_not_answer_for_another(library: Library, fill: Fill) -> None:
    fill({"a.txt": TWO})
    library.sync()
    answer = library.ask("When did the Titanic sink?")
    assert answer.refused and "«Titanic» stands nowhere" in (answer.reason or "")


def test_one_word_is_looked_up(library: Library, fill: Fill) -> None:
    fill({"a.txt": "The rent is 1,450 euros a month.\n\nPets are another matter, and so are bicycles."})
    library.sync()
    assert "1,450" in library.ask("rent").text


@pytest.mark.parametrize("question", ["?", "…", '"', "!!! ???"])
def test_a_question_without_a_word_is_none(seeds: Library, question: str) -> None:
    with pytest.raises(UsageError, match="There is no word in the question"):
        seeds.ask(question)


def test_an_edited_file_answers_no_more_with_its_old_words(library: Library, fill: Fill) -> None:
    fill({"a.txt": "The rent is 1,450 euros a month.", "b.txt": "The deposit is 2,900 euros."})
    library.sync()
    fill({"a.txt": "The rent is 1,520 euros a month, as of April."})
    answer = library.ask("What is the rent?")
    assert "1,450" not in answer.text and all("1,450" not in hit.text for hit in answer.passages)


@pytest.mark.parametrize("question", ["What should I do when the display shows E-1042?", "Is it OK to open E-1042?"])
def test_a_question_in_the_first_person_asks_for_no_name(library: Library, fill: Fill, question: str) -> None:
    fill({"a.txt": "When the display shows E-1042, close the inlet valve. It is fine to open E-1042 afterwards."})
    library.sync()
    assert not library.ask(question).refused


def test_a_code_that_stands_nowhere_is_not_answered_by_another_one(library: Library, fill: Fill) -> None:
    fill({f"{n}.txt": f"The fault E-{n} is caused by sensor {3 * n}. See page 1077." for n in range(1030, 1040)})
    library.sync()
    assert "«E-1077» stands nowhere" in (library.ask("What causes the fault E-1077?").reason or "")
    assert library.ask("What causes the fault E-1037?").citations[0].document.path == "1037.txt"


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.floats(0, 1))
def test_as_many_sentences_are_shown_as_the_question_needs(likelihoods: list[float], certainty: float) -> None:
    scores = sorted(likelihoods, reverse=True)
    few = enough(scores, [{"holds": certainty}])
    assert 1 <= few <= 5 and all(score >= 0.25 * scores[0] for score in scores[:few])
    assert few <= enough(scores, [{"holds": 0.0}])  # the surer a short answer, the less is shown beside it


def test_the_same_cosine_says_more_where_there_is_less_to_be_found_by_chance() -> None:
    found = [SimpleNamespace(known={"cosine": 0.7, "share": 0.5})]
    few, many = (signs(found, None, passages=count)["above"] for count in (10, 10_000))  # type: ignore[arg-type]
    assert few > many


MARKDOWN = (
    "# The log of the *Adler*\n\n"
    "The Adler landed at noon ![map](https://example.org/x.png), says [the mate](javascript:run) in note [12] "
    "<img src=x onerror=run>.\n\n| Ship | Port |\n|---|---|\n| Adler | `Husum` |\n\n> \x1b[31mred\x1b[0m\n"
)


def test_the_markup_of_a_document_is_words_in_an_answer_and_at_a_terminal(library: Library, fill: Fill) -> None:
    fill({"log.md": MARKDOWN})
    library.sync()
    for question in ("When did the Adler land?", "What is the port of the ship Adler?", "What is in here?"):
        answer = library.ask(question)
        check_marks(answer.text, len(answer.citations))
        assert answer.citations, question
        for citation in answer.citations:
            assert citation.cited_text == MARKDOWN[citation.start_char_index : citation.end_char_index]
            assert unescape_marks(" ".join((citation.cited_text or "").split())) in unescape_marks(answer.text)
        assert all(line.isprintable() for lines in answer_lines(answer) for line in lines.split("\n"))
    landed = library.ask("When did the Adler land?")
    assert "in note \\[12] <img" in landed.text and "in note [12] <img" in "\n".join(answer_lines(landed))
