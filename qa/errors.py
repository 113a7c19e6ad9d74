"""Everything that can go wrong, one tree; each message says what to do."""

from __future__ import annotations


class QAError(Exception):
    """The root: catching it catches everything this package raises on purpose."""

    status = 500
    """The HTTP status that a door answers with."""

    @property
    def title(self) -> str:
        """Name the kind of error in words, for a problem report."""
        name = type(self).__name__.removeprefix("QA")
        return "".join(f" {c.lower()}" if c.isupper() else c for c in name).strip().capitalize()


class UsageError(QAError):
    """What was asked for cannot be asked for: a blank question, a count of -1."""

    status = 400


class TooLarge(UsageError):
    """More was sent than is taken: a question of a megabyte, an upload over the limit."""

    status = 413


class SettingsError(UsageError):
    """A setting has a value that it cannot have."""


class FolderError(UsageError):
    """The folder is missing, is a file, or cannot be read."""

    status = 404


class EmptyLibrary(QAError):
    """There is nothing to ask."""

    status = 409


class DocumentError(QAError):
    """One file cannot be read. It is reported with its reason and never stops the others."""

    status = 422


class NotFound(QAError):
    """No such document, path or quote."""

    status = 404


class MalformedCitation(UsageError):
    """What was given is not the id of a citation."""


class UnknownCitation(NotFound):
    """The id is well formed, and names nothing that this library has or had."""


class ModelError(QAError):
    """The bundled model's weights are missing or are not the ones we know."""


class EmbedderError(QAError):
    """An embedder is not there, or gave back something that is no vector."""


class RerankerError(QAError):
    """A reranker is not there, or gave back something that is no list of scores."""


class LlmError(QAError):
    """A language model is not there, or gave no reply that can be used."""

    status = 502


class UnusableLlm(LlmError):
    """What is named is no language model: an unknown name, a URL that is none, a file that is damaged."""

    status = 400


class LlmUnreachable(LlmError):
    """Nobody answers where the language model should be."""


class LlmTimeout(LlmError):
    """The language model took too long, or fell silent."""

    status = 504


class LlmKeyRefused(LlmError):
    """The language model's server wants a key, or another one."""


class LlmUnknownModel(LlmError):
    """The server has no model of that name."""


class LlmBusy(LlmError):
    """The server takes no more requests for now."""

    status = 503


class LlmFailed(LlmError):
    """The server or the model broke down, or refused the request."""


class LlmGarbled(LlmError):
    """What came back is no reply of a language model."""


class LlmCutOff(LlmError):
    """The reply ended before the model had finished."""


class LlmTooLong(LlmError):
    """The reply had as many tokens as it may have, and was ended; what came until then holds."""


class LlmEmpty(LlmError):
    """The reply had no words."""


class LlmLooping(LlmError):
    """The reply said the same few words over and over, and was ended."""


class IndexDamaged(QAError):
    """A part of the index cannot be opened or contradicts another."""


class IndexVersion(QAError):
    """The index was made by a newer version, or with another embedder."""

    status = 409


class LibraryBusy(QAError):
    """Another process holds the index."""

    status = 409


class ReadOnly(QAError):
    """Changing the folder is switched off."""

    status = 403


class Refused(QAError):
    """The request does not come from where, or with the key, that it must."""

    status = 403


class StorageError(QAError):
    """The disk is full, or the index cannot be written."""

    status = 507


class ServerError(QAError):
    """A server cannot be started, or the one that holds the index does not answer."""

    status = 502
