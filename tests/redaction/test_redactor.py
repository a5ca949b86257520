"""The laws of redaction."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assaymark.contracts.detector import Detections, Span
from assaymark.redaction.keys import Secret
from assaymark.redaction.operators import Encrypt, Hash, Mask, Operator, Pseudonymise, Replace
from assaymark.redaction.redactor import WITHHELD, Change, Redactor
from assaymark.redaction.vault import Vault

from .words import Words

SECRET = Secret(bytes(range(32)))
ENTITIES = ("NUMBER", "PERSON", "EMAIL_ADDRESS")
WORDS = Words()
PARTS = st.one_of(
    st.sampled_from(
        [
            "Jo Doe",
            "Jo",
            "123456",
            "123 456 789",
            "a@b.c",
            "<PERSON>",
            "<NUMBER>",
            "<JO>",
            "***",
            "-",
            "@",
            " ",
            "<",
            ">",
        ]
    ),
    st.text(max_size=3),
)
TEXTS = st.lists(PARTS, max_size=8).map("".join)


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vault]:
    """One vault for many texts."""
    with Vault(tmp_path_factory.mktemp("vault") / "vault", SECRET) as opened:
        yield opened


@pytest.fixture(params=["replace", "mask", "mask-4", "hash", "encrypt", "pseudonym"])
def redactor(request: pytest.FixtureRequest, vault: Vault) -> Redactor:
    """One for each operator."""
    made: dict[str, Callable[[], Operator]] = {
        "replace": lambda: Replace(ENTITIES),
        "mask": Mask,
        "mask-4": lambda: Mask(keep_last=4),
        "hash": lambda: Hash(SECRET),
        "encrypt": lambda: Encrypt(SECRET),
        "pseudonym": lambda: Pseudonymise(vault),
    }
    return Redactor(detectors={"words": WORDS}, operators={}, otherwise=made[request.param]())


LAWS = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)


@LAWS
@given(st.lists(TEXTS, max_size=4))
def test_twice_changes_nothing_more(redactor: Redactor, texts: list[str]) -> None:
    """What was redacted is left as it is."""
    once = redactor.redact(texts)
    again = redactor.redact([each.text for each in once])

    assert [each.text for each in again] == [each.text for each in once]


@LAWS
@given(TEXTS)
def test_outside_the_spans_every_character_stays(redactor: Redactor, text: str) -> None:
    """The changes say where, in the original and in the result; between them the texts are equal."""
    redacted = redactor.redact([text])[0]
    old = new = 0
    for each in redacted.changes:
        assert text[old : each.start] == redacted.text[new : each.new_start]
        old, new = each.end, each.new_end

    assert text[old:] == redacted.text[new:]


@LAWS
@given(TEXTS)
def test_nothing_that_is_looked_for_is_left(redactor: Redactor, text: str) -> None:
    """Whatever letters and digits the detector finds in the result stand in what was put there."""
    redacted = redactor.redact([text])[0]
    placed = [(each.new_start, each.new_end) for each in redacted.changes]
    for operator in (redactor.otherwise,):
        assert operator is not None
        placed += operator.placed(redacted.text)
    covered = {place for start, end in placed for place in range(start, end)}
    answer = WORDS.detect(pa.array([redacted.text], type=pa.large_string()))

    left = [place for each in answer.spans for place in range(each.start, each.end)]
    assert not any(redacted.text[place].isalnum() for place in left if place not in covered)


@LAWS
@given(st.lists(TEXTS, max_size=4))
def test_the_company_does_not_matter(redactor: Redactor, texts: list[str]) -> None:
    """A text alone comes out as in any batch."""
    together = redactor.redact(texts)

    assert together == [redactor.redact([each])[0] for each in texts]


@LAWS
@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_pseudonyms_are_restored_exactly(vault: Vault, texts: list[str]) -> None:
    """Also where a text holds what looks like a placeholder."""
    redactor = Redactor(detectors={"words": WORDS}, operators={}, otherwise=Pseudonymise(vault))
    redacted = [each.text for each in redactor.redact(texts) if each.withheld is None]
    kept = [each for each in texts if "\0" not in each]

    assert [vault.restore(each) for each in redacted] == kept


@LAWS
@given(TEXTS)
def test_sealed_values_are_opened_exactly(text: str) -> None:
    """With the key alone."""
    operator = Encrypt(SECRET)
    redacted = Redactor(detectors={"words": WORDS}, operators={}, otherwise=operator).redact(
        [text]
    )[0]

    assert redacted.withheld or operator.decrypt(redacted.text) == text


def test_each_entity_has_its_operator() -> None:
    """`None` leaves an entity; what is not named is done otherwise; the changes name the entity."""
    redactor = Redactor(
        detectors={"words": WORDS},
        operators={"PERSON": None, "NUMBER": Mask()},
        otherwise=Replace(ENTITIES),
    )

    (redacted,) = redactor.redact(["Jo Doe, 123456, a@b.c!"])

    assert redacted.text == "Jo Doe, ******, <EMAIL_ADDRESS>!"
    assert redacted.changes == (
        Change(8, 14, 8, 14, "NUMBER", "words"),
        Change(16, 21, 16, 31, "EMAIL_ADDRESS", "words"),
    )


def test_what_cannot_be_judged_is_withheld() -> None:
    """Whole, with the reason; its neighbours are not."""
    redactor = Redactor(detectors={"words": WORDS}, operators={}, otherwise=Replace(ENTITIES))

    withheld, other = redactor.redact(["Jo\0 123456", "Jo"])

    assert withheld.text == WITHHELD
    assert withheld.withheld == "`words` could not judge it: a NUL"
    assert other.text == "<PERSON>"


class _NoNames:
    """Judges every text for numbers, and none for names."""

    digest = "12" * 32

    def detect(self, texts: pa.StringArray) -> Detections:
        return Detections(
            unjudged=dict.fromkeys(range(len(texts)), "another language"),
            judged_for=dict.fromkeys(range(len(texts)), ("NUMBER",)),
        )


@pytest.mark.parametrize(
    ("operators", "looked_for", "goes_out"),
    [
        ({}, ("NUMBER", "PERSON"), False),
        ({"PERSON": None}, ("NUMBER", "PERSON"), True),
        ({"PERSON": None}, ("NUMBER", "PERSON", "PLACE"), False),
        ({"PERSON": None}, None, False),
        ({}, ("NUMBER",), True),
    ],
)
def test_what_is_judged_in_part_is_withheld_unless_the_rest_stays_anyway(
    operators: dict[str, None], looked_for: tuple[str, ...] | None, *, goes_out: bool
) -> None:
    """A name that nobody looked for goes out only where names are to stay."""
    redactor = Redactor(
        detectors={"d": _NoNames()},
        operators=operators,
        otherwise=Mask(),
        looked_for={} if looked_for is None else {"d": looked_for},
    )

    (redacted,) = redactor.redact(["Frau Doe"])

    why = "`d` could judge only a part of it: another language"
    expected = ("Frau Doe", None) if goes_out else (WITHHELD, why)
    assert (redacted.text, redacted.withheld) == expected


class _Endless:
    """Finds the first letter of every text that has one."""

    digest = "11" * 32

    def detect(self, texts: pa.StringArray) -> Detections:
        return Detections(
            spans=[
                Span(number, at, at + 1, "LETTER", 1.0)
                for number, text in enumerate(texts.to_pylist())
                if (at := next((place for place, each in enumerate(text) if each.islower()), -1))
                >= 0
            ]
        )


def test_a_text_without_an_end_is_withheld() -> None:
    """Where looking again always finds more, nothing of it goes out."""
    redactor = Redactor(detectors={"e": _Endless()}, operators={}, otherwise=Mask())

    short, long = redactor.redact(["abc", "abcdefghijkl"])

    assert short.text == "***"
    assert (long.text, long.withheld) == (WITHHELD, "after 8 rounds something was still found")


def test_with_the_real_detector(tmp_path: Path) -> None:
    """Presidio's answers, pseudonymised, restored, and nothing original in between."""
    from assaymark.detectors.pii.spec import PII

    text = "mail john@acme-mail.com or call +49 171 5550100, card 4111 1111 1111 1111."
    detector = PII.load(PII.settings())
    with Vault(tmp_path / "vault", SECRET) as vault:
        redactor = Redactor(
            detectors={"pii": detector}, operators={}, otherwise=Pseudonymise(vault)
        )

        (redacted,) = redactor.redact([text])
        (again,) = redactor.redact([redacted.text])

        assert [each.entity for each in redacted.changes] == [
            "EMAIL_ADDRESS",
            "PHONE_NUMBER",
            "CREDIT_CARD",
        ]
        assert not any(each in redacted.text for each in ("john", "5550100", "1111"))
        assert again.text == redacted.text
        assert vault.restore(redacted.text) == text


def test_what_a_mask_left_is_masked_when_it_is_found() -> None:
    """Of digits that are taken for a number themselves half goes again; to the log it is one change."""
    redactor = Redactor(detectors={"words": WORDS}, operators={}, otherwise=Mask(keep_last=4))

    (redacted,) = redactor.redact(["no 12345678!"])

    assert redacted.text == "no ******78!"
    assert redacted.changes == (Change(3, 11, 3, 11, "NUMBER", "words"),)


def test_what_stands_within_what_is_kept_is_kept() -> None:
    """Where it is less sure; beside it, it is replaced as ever."""
    redactor = Redactor(
        detectors={"words": WORDS},
        operators={"EMAIL_ADDRESS": None, "PERSON": None},
        otherwise=Replace(ENTITIES),
    )

    (redacted,) = redactor.redact(["a123456@b.c 123456"])

    assert redacted.text == "a123456@b.c <NUMBER>"


def test_what_is_surer_than_what_is_kept_is_replaced() -> None:
    """An address in a kept URL is an address."""
    redactor = Redactor(
        detectors={"words": WORDS},
        operators={"NUMBER": None},
        otherwise=Replace(ENTITIES),
    )

    (redacted,) = redactor.redact(["123456 123@b.c"])

    assert redacted.text == "123456 <EMAIL_ADDRESS>"


def test_two_pseudonyms_beside_each_other_stay(vault: Vault) -> None:
    """A detector may take the end of one and the start of the next for a name; neither is replaced again."""
    redactor = Redactor(detectors={"words": WORDS}, operators={}, otherwise=Pseudonymise(vault))

    (redacted,) = redactor.redact(["Jo DoeÄnne Jo"])

    assert [each.start for each in redacted.changes] == [0, 11]
    assert vault.restore(redacted.text) == "Jo DoeÄnne Jo"


def test_pseudonyms_stand_alone() -> None:
    """What touches a value is part of it, or the pseudonym could not be told from its neighbours."""
    redactor = Redactor(detectors={"words": WORDS}, operators={}, otherwise=Alone())

    (redacted,) = redactor.redact(["x123456y 789, Jo12345"])

    assert redacted.text == "[x123456y] [789], [Jo12345]"


class Alone:
    """Brackets."""

    alone = True

    def replace(self, entity: str, values: Sequence[str]) -> list[str]:  # noqa: ARG002 - all alike
        """Return each value in brackets."""
        return [f"[{each}]" for each in values]

    def placed(self, text: str) -> list[tuple[int, int]]:
        """Return what stands in brackets."""
        return [each.span() for each in re.finditer(r"\[[^]]*\]", text)]
