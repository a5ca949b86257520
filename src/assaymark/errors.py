"""
What can go wrong, and whose turn it is then.

    AssaymarkError
    ├── UsageError            the command line or an argument is wrong
    ├── InputError            a subject cannot be read, or is not what it was said to be
    ├── PolicyError           the policy file is wrong; carries every diagnostic
    ├── RegistryError         an unknown id, a taken id, or a plug-in that does not load
    ├── MissingExtraError     an optional part is not installed; names the install line
    ├── MissingModelError     a model that a policy names is not there, or is another one
    ├── DetectorError         a detector cannot start or cannot answer
    ├── RecognizerError       a recognizer that a policy brings along raised
    ├── TargetError           a model under test cannot be asked any further
    ├── EvidenceError         a stored evidence document cannot be used
    ├── KeyFileError          a key file cannot be read, opened or trusted
    ├── SignerError           a token or key service cannot be reached, or does not sign
    └── NotAuthenticError     a signature, digest, time or log entry does not hold
        └── UnmetDemandError  nothing is wrong with it, and what is demanded besides is missing

Messages are lower case, without a full stop; text that comes from the user stands in backticks. They
say what happened, where, and what was got and expected; `hint` says what to do next. No message ever
quotes the content of a subject, because that content may be personal data.

The command line maps these classes to exit statuses (`assaymark.cli.exit_status`); the library does not
know of exit statuses.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class AssaymarkError(Exception):
    """Base of every error that this package raises on purpose.

    Args:
        message: What happened and where; got and expected. Never subject content.
        hint: The next step, or `None` where there is nothing useful to say.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        message = _as_text(message)
        super().__init__(message)
        self.message = message
        self.hint = None if hint is None else _as_text(hint)
        self.answer: Mapping[str, Any] = {}
        """What a command says in JSON beside the error, so that its answers have one shape."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel between processes whole, whatever arguments a subclass takes."""
        return BaseException.__new__, (type(self), *self.args), self.__dict__


def _as_text(words: str) -> str:
    """Spell out halves of surrogate pairs, as names that are not UTF-8 hold: they can be printed nowhere."""
    return words.encode("utf-8", "backslashreplace").decode()


class UsageError(AssaymarkError):
    """The command line, or an argument to a public function, is wrong."""


class InputError(AssaymarkError):
    """A subject cannot be read, or is not what it was said to be."""


class PolicyError(AssaymarkError):
    """The policy cannot be used. `message` holds the rendered diagnostics."""


class RegistryError(AssaymarkError):
    """An id is unknown or taken, or a plug-in does not load."""


class MissingExtraError(AssaymarkError):
    """An optional dependency is needed and not installed."""

    def __init__(self, what: str, *, extra: str) -> None:
        super().__init__(
            f"{what} needs a part that is not installed",
            hint=f"pip install 'assaymark[{extra}]'",
        )
        self.extra = extra


class MissingModelError(AssaymarkError):
    """A model that a policy names is not on this machine, or is not what the policy takes it for."""


class DetectorError(AssaymarkError):
    """A detector cannot start, or cannot answer at all."""


class RecognizerError(AssaymarkError):
    """A recognizer that a policy brings along raised on a text: a mistake in the policy, not in the data."""


class TargetError(AssaymarkError):
    """A model under test cannot be reached, refuses us, or would cost more than was allowed."""


class EvidenceError(AssaymarkError):
    """A stored evidence document is malformed, or of a version we do not read."""


class KeyFileError(AssaymarkError):
    """A key file is missing, malformed, too widely readable, or the passphrase is wrong."""


class SignerError(AssaymarkError):
    """A token or key service has no such key, refuses the secret, or does not sign."""


class NotAuthenticError(AssaymarkError):
    """A verification step did not hold.

    Args:
        step: Number of the step in `assaymark.attest.verify`, from 1.
        message: What did not hold; got and expected.
    """

    def __init__(self, step: int, message: str, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.step = step
        self.passed: tuple[tuple[int, str], ...] = ()
        """The steps that held before this one, with what was found at each; filled in by `verify`."""


class UnmetDemandError(NotAuthenticError):
    """A document holds, and lacks what the verifier demands besides: a time stamp, a log entry, a witness.

    Nobody tampered with it, and whoever made it can add what is missing. Each subclass is one demand.
    """

    demand: str
    """Which one, as `assaymark.attest.demand.Demand` calls it."""
