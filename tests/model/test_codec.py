from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaymark.canonical import canonical_bytes, parse_strict
from assaymark.errors import EvidenceError
from assaymark.model.codec import format_time, from_plain, parse_time, to_plain
from assaymark.model.decision import Decision
from assaymark.model.evidence import Coverage, DetectorRecord, Evidence, FindingLog, Sample
from assaymark.model.finding import Finding, Location
from assaymark.model.intervals import Interval
from assaymark.model.measurement import (
    Contrast,
    Counts,
    GroupCounts,
    Labels,
    Measured,
    NotMeasured,
)
from assaymark.model.subject import Sha256, Subject, SubjectKind
from assaymark.model.waiver import Waiver

TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
JSON_INTEGERS = st.integers(-(2**53) + 1, 2**53 - 1)
MOMENTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)).map(  # noqa: DTZ001 - given UTC below
    lambda each: each.replace(microsecond=0, tzinfo=UTC)
)
SETTINGS = st.dictionaries(
    TEXT,
    st.recursive(
        st.none() | st.booleans() | JSON_INTEGERS | st.floats(-1e6, 1e6) | TEXT,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
        max_leaves=6,
    ),
    max_size=3,
)

st.register_type_strategy(datetime, MOMENTS)
FIELDS: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    int: JSON_INTEGERS,
    float: st.floats(allow_nan=False, allow_infinity=False),
    Sha256: st.text("0123456789abcdef", min_size=64, max_size=64),
    Labels: st.dictionaries(TEXT, TEXT, max_size=3).map(lambda each: tuple(sorted(each.items()))),
    DetectorRecord.__annotations__["settings"]: SETTINGS,
}


def values_of(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a frozen dataclass of the model, made from its annotations."""
    if kind is Interval:
        return st.tuples(FIELDS[float], FIELDS[float], st.floats(0.01, 1.0)).map(
            lambda each: Interval(low=min(each[:2]), high=max(each[:2]), level=each[2])
        )
    if kind is Counts:
        return st.tuples(*[st.integers(0, 2**40)] * 3).map(
            lambda each: Counts(hits=min(each[:2]), judged=max(each[:2]), unjudged=each[2])
        )
    hints = typing.get_type_hints(kind)
    fields = {name: field_of(hint) for name, hint in hints.items()}
    if kind is Measured:
        fields["n"] = st.integers(0, 2**53 - 1)
    if kind is GroupCounts:
        fields["expected"] = st.none() | st.floats(0.0, 1.0)
        # Clusters add up to the counts: the whole group in one, or none.
        return st.builds(kind, **fields | {"clusters": st.none()}).flatmap(
            lambda each: st.sampled_from([each, _in_one_cluster(each)])
        )
    if kind is Contrast:
        fields["scale"] = st.none() | st.integers(1, 1_000)
        # Names belong to one family whose groups have as many clusters.
        return st.builds(kind, **fields | {"cases": st.none()}).flatmap(
            lambda each: st.sampled_from([each, _with_a_case(each)])
        )
    return st.builds(kind, **fields)


def _with_a_case(contrast: Contrast) -> Contrast:
    family = tuple(_in_one_cluster(each) for each in next(iter(contrast.families), ()))
    return replace(contrast, families=(family,), cases=("only",))


def _in_one_cluster(group: GroupCounts) -> GroupCounts:
    counts = group.counts
    return replace(group, clusters=((counts.hits, counts.judged, counts.unjudged),))


def field_of(hint: Any) -> st.SearchStrategy[Any]:
    """Any value that a field annotated with `hint` may hold."""
    if hint == Labels:
        return FIELDS[Labels]
    if hint in FIELDS:
        return FIELDS[hint]
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) is tuple:
        return st.lists(field_of(arguments[0]), max_size=2).map(tuple)
    if hint == Mapping[str, Any]:
        return SETTINGS
    if typing.get_origin(hint) is Mapping:
        return st.dictionaries(TEXT, field_of(arguments[1]), max_size=3)
    if arguments:
        return st.one_of([field_of(each) for each in arguments])
    if hint is type(None):
        return st.none()
    return values_of(hint) if dataclasses.is_dataclass(hint) else st.from_type(hint)


@pytest.mark.parametrize(
    "kind",
    [Decision, Evidence, Waiver, Finding, Coverage, Subject, Measured, NotMeasured, FindingLog],
    ids=lambda each: each.__name__,
)
@given(st.data())
def test_values_survive_the_trip_through_bytes(kind: Any, data: st.DataObject) -> None:
    """Written as canonical JSON and read strictly, a value is the same and has the same bytes."""
    value = data.draw(values_of(kind))

    written = canonical_bytes(to_plain(value))
    plain = parse_strict(written)
    if kind in (Measured, NotMeasured):
        plain.pop("type")
    read = from_plain(kind, plain)

    assert read == value
    assert canonical_bytes(to_plain(read)) == written


def coverage() -> dict[str, Any]:
    """A coverage as a parser returns it."""
    return {
        "rows": 3,
        "read": 2,
        "empty": 0,
        "texts": 2,
        "skipped": {"invalid JSON": 1},
        "fields": {"text": 2},
        "unread": {"image": 1},
        "unknownFiles": {"unknown format": 1},
        "documents": ["README.md"],
    }


def test_an_absent_value_is_an_absent_key() -> None:
    """`None` is not written, and what is not written is `None`."""
    read = from_plain(Coverage, coverage())

    assert read.sample is None
    assert to_plain(read) == coverage()


def test_a_null_stands_for_an_absent_value() -> None:
    """An explicit null is read as absent; writing leaves it out again."""
    assert from_plain(Coverage, {**coverage(), "sample": None}).sample is None


def test_names_are_lower_camel_case() -> None:
    """As in-toto asks of predicates."""
    log = FindingLog(total=0, digest=Sha256("0" * 64), sample=())
    waiver = Waiver(
        id="w",
        requirement="r",
        subject=Sha256("0" * 64),
        reason="why",
        approver="a",
        granted_at=datetime(2026, 1, 1, tzinfo=UTC),
        expires_at=datetime(2026, 2, 1, tzinfo=UTC),
    )

    assert list(to_plain(log)) == ["total", "digest", "sample"]
    assert to_plain(waiver)["grantedAt"] == "2026-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"extra": 1}, "$: unknown key `extra`"),
        ({"rows": None}, "$.rows: expected an integer, got null"),
        ({"rows": "3"}, "$.rows: expected an integer, got a string"),
        ({"rows": 3.0}, "$.rows: expected an integer, got a number"),
        ({"rows": True}, "$.rows: expected an integer, got a boolean"),
        ({"rows": [3]}, "$.rows: expected an integer, got an array"),
        ({"skipped": []}, "$.skipped: expected an object, got an array"),
        ({"skipped": {"a": "b"}}, "$.skipped.a: expected an integer, got a string"),
        ({"sample": {}}, "$.sample: the key `rows` is missing"),
        (
            {"sample": {"rows": 1, "seed": "A" * 64}},
            "$.sample.seed: expected 64 lower-case hexadecimal digits",
        ),
        (
            {"sample": {"rows": 1, "seed": "a" * 64 + "\n"}},
            "$.sample.seed: expected 64 lower-case hexadecimal digits",
        ),
        ({"sample": {"rows": 1, "seed": 7}}, "$.sample.seed: expected a string, got an integer"),
    ],
)
def test_what_is_not_exactly_a_value_is_refused_with_its_place(
    change: dict[str, Any], message: str
) -> None:
    """Unknown keys, missing keys and wrong types are errors; nothing is coerced."""
    with pytest.raises(EvidenceError) as error:
        from_plain(Coverage, {**coverage(), **change})

    assert error.value.message == message


@pytest.mark.parametrize("missing", ["rows", "read", "empty", "texts", "skipped", "fields"])
def test_a_missing_key_is_named(missing: str) -> None:
    """Only what may be absent may be left out."""
    plain = {key: each for key, each in coverage().items() if key != missing}

    with pytest.raises(EvidenceError) as error:
        from_plain(Coverage, plain, at="$.subjects[0].coverage")

    assert error.value.message == f"$.subjects[0].coverage: the key `{missing}` is missing"


def result(**change: Any) -> dict[str, Any]:
    """A measurement inside evidence, as a parser returns it."""
    plain = {
        "type": "measured",
        "metric": "f.rate",
        "check": "c",
        "labels": {"entity": "X"},
        "value": 0.5,
        "n": 2,
        "interval": {"low": 0.5, "high": 0.5, "level": 1},
        "method": "exact",
        "counts": {"hits": 1, "judged": 2, "unjudged": 0},
    }
    return {**plain, **change}


def evidence(*results: dict[str, Any]) -> dict[str, Any]:
    """Evidence about one subject, as a parser returns it."""
    subject = {"kind": "dataset", "name": "s", "digest": "0" * 64, "files": 1, "size": 2}
    log = {"total": 0, "digest": "0" * 64, "sample": []}
    found = {
        "subject": subject,
        "coverage": coverage(),
        "results": [*results],
        "findings": log,
    }
    return {"tool": "assaymark 0.1.0", "detectors": [], "checks": [], "subjects": [found]}


def test_a_whole_number_is_read_as_a_float() -> None:
    """JSON has one number type, and canonical JSON writes 1.0 as 1."""
    (found,) = from_plain(Evidence, evidence(result(value=1))).subjects[0].results

    assert isinstance(found, Measured)
    assert type(found.value) is float
    assert type(found.interval.level) is float


@pytest.mark.parametrize(
    ("change", "place", "message"),
    [
        ({"type": "guessed"}, ".type", "expected one of measured, notMeasured"),
        ({"type": None}, ".type", "expected one of measured, notMeasured"),
        ({"type": "notMeasured"}, "", "unknown key `counts`"),
        ({"labels": {"entity": 5}}, ".labels.entity", "expected a string, got an integer"),
        ({"labels": [["a", "b"]]}, ".labels", "expected an object, got an array"),
        ({"value": "0.5"}, ".value", "expected a number, got a string"),
        ({"value": False}, ".value", "expected a number, got a boolean"),
        ({"value": 10**400}, ".value", "the number is too large for double precision"),
        ({"n": -1}, "", "expected a finite value and n >= 0"),
        (
            {"interval": {"low": 1, "high": 0, "level": 1}},
            ".interval",
            "expected finite ends, the lower one first",
        ),
        (
            {"counts": {"hits": 3, "judged": 2, "unjudged": 0}},
            ".counts",
            "expected 0 <= hits <= judged, unjudged >= 0, and at most 2**53 rows",
        ),
    ],
)
def test_a_measurement_that_cannot_be_is_refused_with_its_place(
    change: dict[str, Any], place: str, message: str
) -> None:
    """Numbers that no run could give do not get as far as a decision."""
    with pytest.raises(EvidenceError) as error:
        from_plain(Evidence, evidence(result(**change)))

    assert error.value.message == f"$.subjects[0].results[0]{place}: {message}"


@pytest.mark.parametrize(
    ("plain", "message"),
    [
        ([], "$: expected an object, got an array"),
        (None, "$: expected an object, got null"),
        ({**evidence(), "subjects": {}}, "$.subjects: expected an array, got an object"),
        ({**evidence(), "subjects": ["x"]}, "$.subjects[0]: expected an object, got a string"),
    ],
)
def test_evidence_of_another_shape_is_refused(plain: Any, message: str) -> None:
    """The outermost value is checked like every other."""
    with pytest.raises(EvidenceError) as error:
        from_plain(Evidence, plain)

    assert error.value.message == message


def test_an_unknown_kind_is_answered_with_the_known_ones() -> None:
    """Members of a closed set are listed."""
    plain = {"kind": "film", "name": "s", "digest": "0" * 64, "files": 1, "size": 2}

    with pytest.raises(EvidenceError) as error:
        from_plain(Subject, plain)

    assert error.value.message == "$.kind: expected one of dataset, outputs, model"


def test_a_tuple_of_fixed_length_is_read_whole() -> None:
    """A pair is two values of two types, no more and no fewer."""

    @dataclasses.dataclass(frozen=True)
    class Pair:
        both: tuple[str, int]

    assert from_plain(Pair, {"both": ["a", 1]}) == Pair(("a", 1))
    with pytest.raises(EvidenceError) as error:
        from_plain(Pair, {"both": ["a"]})
    assert error.value.message == "$.both: expected 2 items, got 1"


@given(MOMENTS)
def test_times_survive_in_one_spelling(moment: datetime) -> None:
    """RFC 3339, UTC, whole seconds, four digits of year, whatever the century."""
    text = format_time(moment)

    assert len(text) == len("2026-01-31T12:00:00Z")
    assert parse_time(text) == moment


def test_times_are_written_in_utc_without_fractions() -> None:
    """A zone is converted, a fraction of a second is cut."""
    local = datetime(2026, 1, 31, 12, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=2)))

    assert format_time(local) == "2026-01-31T10:00:00Z"


@pytest.mark.parametrize(
    "text",
    [
        "2026-1-31T12:00:00Z",
        "2026-01-31T12:00:00",
        "2026-01-31T12:00:00+00:00",
        "2026-01-31t12:00:00z",
        "2026-02-30T12:00:00Z",
        "2026-01-31T24:00:00Z",
        "2026-01-31T12:00:00.5Z",
        " 2026-01-31T12:00:00Z",
        "",
    ],
)
def test_other_spellings_of_a_time_are_refused(text: str) -> None:
    """One moment, one spelling."""
    with pytest.raises(EvidenceError) as error:
        parse_time(text, at="$.decidedAt")

    assert error.value.message == "$.decidedAt: expected a time such as 2026-01-31T12:00:00Z"


def test_what_was_judged_follows_from_the_sample() -> None:
    """Row checks answer for the rows that were drawn, or else for all of them."""
    read = from_plain(Coverage, coverage())
    drawn = Sample(rows=2, seed=Sha256("0" * 64), nonce=None)

    assert read.judged_rows == 3
    assert dataclasses.replace(read, sample=drawn).judged_rows == 2


def test_the_kinds_of_place_and_subject_are_plain_values() -> None:
    """Two places with the same parts are the same place, and hashable."""
    place = Location(file="a", row=0, line=None, field="text", start=0, end=1)

    assert {place, dataclasses.replace(place)} == {place}
    assert SubjectKind("dataset") is SubjectKind.DATASET
