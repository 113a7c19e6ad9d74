"""What requests to the API look like, and those of its answers that are no object of the library."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from qa.search import Hit
from qa.support import Verdict


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    @field_validator("*")
    @classmethod
    def _is_text(cls, value: Any) -> Any:
        if isinstance(value, str) and any("\ud800" <= c <= "\udfff" for c in value):
            raise ValueError("it holds half of a character")  # JSON can write one, and nothing can encode it
        return value


class Said(_Body):
    """What was said before: an earlier question, by the user, or its answer, by the assistant."""

    role: str = Field(examples=["user", "assistant"])
    content: str


_RERANK = "Let the reader, or the reranker that is named, rank the best passages anew: "


class AskBody(_Body):
    """A question; `within` is a glob over paths, or a list of them; `stream` asks for server-sent events."""

    question: str = Field(examples=["How many times have U.S. forces been attacked since October 17th?"])
    history: list[Said] = Field(default=[], description="What was said before, the oldest first.")
    count: int = Field(default=10, description="How many passages are shown.")
    within: str | list[str] | None = Field(default=None, examples=["*.txt"])
    rerank: bool | None = Field(default=None, description=_RERANK + "on unless it is said.")
    conversation: str | None = Field(default=None, description="The id of the conversation that it becomes a turn of.")
    stream: bool = False


class SearchBody(_Body):
    """What to look for; `within` is a glob over paths, or a list of them."""

    query: str = Field(examples=["ballistic missile"])
    count: int = 10
    within: str | list[str] | None = Field(default=None, examples=["*.txt"])
    rerank: bool | None = Field(default=None, description=_RERANK + "off unless it is said.")


class ResolveBody(_Body):
    """A quote, the words around it (they choose among repeats), and the document's id or path, if known."""

    quote: str = Field(examples=["close-range ballistic missile"])
    prefix: str = ""
    suffix: str = ""
    document: str | None = None


class _Told(_Body):
    """What a client tells of an answer: it may send all that it got, and no more is taken than what is named."""

    model_config = ConfigDict(extra="ignore", strict=True)


class ToldSentence(_Told):
    """A sentence of an answer; `citations` are the numbers in its marks."""

    text: str
    start: int
    end: int
    citations: list[int] = []
    support: Verdict = "unsupported"
    score: float = 0.0
    why: str = ""
    answer_span: list[int] | None = None


class ToldCitation(_Told):
    """A citation of an answer: the library looks its id up anew."""

    id: str
    number: int


class ToldPassage(_Told):
    """A passage that was found: of an answer that refuses the nearest are looked up anew."""

    id: str


class ToldAnswer(_Told):
    """An answer as it came from this API."""

    question: str
    answer: str
    refused: bool = False
    reason: str | None = None
    model: str = ""
    searched_as: str | None = None
    sentences: list[ToldSentence] = []
    citations: list[ToldCitation] = []
    passages: list[ToldPassage] = []


class ExportBody(_Body):
    """Answers that this API gave, or a conversation that it keeps, and the format of the file that they become."""

    format: str = Field(examples=["markdown", "html", "json", "annotations", "csl"])
    answers: list[ToldAnswer] | None = None
    conversation: str | None = Field(default=None, description="The id of a conversation, in place of answers.")


class VerifyBody(_Body):
    """A text whose sentences are checked: somebody's draft, another tool's answer."""

    text: str = Field(examples=["U.S. forces have been attacked about 66 times since October 17th."])


class ForgetBody(_Body):
    """A file or a folder that is gone, null for all that are; `delete_file` deletes what is still there first."""

    path: str | None = Field(examples=["reports/draft.txt"])
    delete_file: bool = False


class SyncBody(_Body):
    """Whether to wait until everything is embedded too, or only until it can be searched."""

    wait: bool = False


class Hits(BaseModel):
    """The passages found, best first."""

    hits: list[Hit]


class Text(BaseModel):
    """The words of a text from `start` to `end`; `length` is that of the whole text."""

    id: str
    start: int
    end: int
    length: int
    text: str


class Added(BaseModel):
    """Where the uploaded files are now, in the folder."""

    paths: list[str]


class Problem(BaseModel):
    """An error, as RFC 9457 has it; `detail` is one sentence that says what to do."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
