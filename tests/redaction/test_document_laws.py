"""The laws of redaction over whole files, for every text format."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assaymark.inputs.formats import JSONL, format_named
from assaymark.redaction.keys import Secret
from assaymark.redaction.operators import Encrypt, Hash, Mask, Operator, Pseudonymise, Replace
from assaymark.redaction.redactor import Redactor
from assaymark.redaction.restoration import Restoring
from assaymark.redaction.treatment import Redacting
from assaymark.redaction.vault import Vault

from .odd_files import MAKERS, records_in, texts_in, treated, untreated
from .words import Words

SECRET = Secret(bytes(range(32)))
ENTITIES = ("NUMBER", "PERSON", "EMAIL_ADDRESS")
LAWS = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
    max_examples=20,
)
FORMATS = tuple(MAKERS)


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vault]:
    """One vault for many files."""
    with Vault(tmp_path_factory.mktemp("vault") / "vault", SECRET) as opened:
        yield opened


def redacting(operator: Operator, *, keeps_unread: bool = False) -> Redacting:
    """Every entity by one operator."""
    redactor = Redactor(detectors={"words": Words()}, operators={}, otherwise=operator)
    return Redacting(redactor=redactor, modes={}, otherwise="some", keeps_unread=keeps_unread)


@pytest.fixture(params=["replace", "mask", "hash", "encrypt", "pseudonym"])
def operator(request: pytest.FixtureRequest, vault: Vault) -> Operator:
    """Each of them."""
    made: dict[str, Callable[[], Operator]] = {
        "replace": lambda: Replace(ENTITIES),
        "mask": Mask,
        "hash": lambda: Hash(SECRET),
        "encrypt": lambda: Encrypt(SECRET),
        "pseudonym": lambda: Pseudonymise(vault),
    }
    return made[request.param]()


@pytest.mark.parametrize("name", FORMATS)
@LAWS
@given(data=st.data())
def test_what_is_not_changed_keeps_every_byte(name: str, data: st.DataObject) -> None:
    """In and out again, whatever the quoting, line ends, encoding and unreadable records."""
    stored = data.draw(MAKERS[name]())

    assert untreated(stored, format_named(name)) == stored


@pytest.mark.parametrize("name", FORMATS)
@LAWS
@given(data=st.data())
def test_twice_changes_nothing_more(name: str, operator: Operator, data: st.DataObject) -> None:
    """What was redacted is left as it is, byte by byte."""
    form, treatment = format_named(name), redacting(operator)
    once = treated(data.draw(MAKERS[name]()), form, treatment)

    assert treated(once, form, treatment) == once


@pytest.mark.parametrize("name", FORMATS)
@LAWS
@given(data=st.data())
def test_nothing_is_left(name: str, operator: Operator, data: st.DataObject) -> None:
    """Whatever an audit reads in the result, the detector finds only replacements in it."""
    form, treatment = format_named(name), redacting(operator)
    once = treated(data.draw(MAKERS[name]()), form, treatment)

    found, unjudged = treatment.redactor.look(texts_in(once, form))
    assert not any(found)
    assert not unjudged


@pytest.mark.parametrize("name", FORMATS)
@LAWS
@given(data=st.data())
def test_every_record_that_can_be_read_stays_one(
    name: str, operator: Operator, data: st.DataObject
) -> None:
    """No replacement breaks the format, and what could not be read is gone."""
    form = format_named(name)
    stored = data.draw(MAKERS[name]())

    result = records_in(treated(stored, form, redacting(operator)), form)
    readable = records_in(stored, form)
    wanted = len(readable) if name == "text" else sum(readable)
    assert result == [True] * wanted


@pytest.mark.parametrize("name", FORMATS)
@LAWS
@given(data=st.data())
def test_texts_come_back(name: str, vault: Vault, data: st.DataObject) -> None:
    """Pseudonyms and sealed values are restored in any file, without the change log."""
    form = format_named(name)
    stored = data.draw(MAKERS[name]())
    operator = data.draw(st.sampled_from([Pseudonymise(vault), Encrypt(SECRET)]))
    restoring = Restoring(vault=vault, sealed=Encrypt(SECRET), log=None)

    redacted = treated(stored, form, redacting(operator, keeps_unread=True))
    again = texts_in(treated(redacted, form, restoring), form)
    assert [_plain(each) for each in again] == [_plain(each) for each in texts_in(stored, form)]


@pytest.mark.parametrize("text", ["a@b.ca@b.c\u00b9a@b.c", "a@b.ca@b.c\u00b9a@b.c\u00b9a@b.ca@b.c"])
def test_a_value_that_goes_on_in_a_replacement_comes_back(text: str, vault: Vault) -> None:
    """What is left of a value beside a pseudonym is replaced together with it, and both are restored."""
    redactor = Redactor(detectors={"words": Words()}, operators={}, otherwise=Pseudonymise(vault))

    (redacted,) = redactor.redact([text])

    assert redacted.withheld is None
    assert "a@b.c" not in redacted.text
    assert vault.restore(redacted.text) == text


def _plain(text: str) -> str:
    # A text that the detector could not judge is withheld, which nothing takes back.
    return "" if "\0" in text or text == "<WITHHELD>" else text


@pytest.mark.parametrize("name", ["jsonl", "json", "csv"])
@LAWS
@given(data=st.data())
def test_dropped_records_are_gone_and_the_others_stay(name: str, data: st.DataObject) -> None:
    """The rest is read as before."""
    form = format_named(name)
    stored = data.draw(MAKERS[name]())
    count = len(records_in(stored, form))
    dropped = data.draw(st.frozensets(st.integers(0, max(0, count - 1))))

    left = untreated(stored, form, dropped=dropped)
    wanted = [each for row, each in enumerate(records_in(stored, form)) if row not in dropped]
    assert records_in(left, form) == wanted


@pytest.mark.parametrize("made", [Replace(ENTITIES), Mask()])
@LAWS
@given(
    st.lists(st.sampled_from(["a@b.c", "a@b.d", "<EMAIL_ADDRESS>", "*****", "x y"]), unique=True)
)
def test_keys_that_become_one_are_told_apart(made: Operator, keys: list[str]) -> None:
    """An object with one key twice could not be read."""
    line = json.dumps({"in": dict.fromkeys(keys, 1), "out": {"a@b.c": 2}}).encode()
    once = treated(line, JSONL, redacting(made))

    assert records_in(once, JSONL) == [True]
    assert len(json.loads(once)["in"]) == len(keys)
    assert treated(once, JSONL, redacting(made)) == once


def test_the_detector_of_these_tests_finds_something() -> None:
    """Otherwise they would hold for nothing."""
    assert Words().detect(pa.array(["Jo 123456"], pa.large_string())).spans
