"""A policy's own recognizers, and any registry of Presidio, against Presidio itself."""

from __future__ import annotations

import re
import textwrap
import warnings
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from assaymark.detectors.pii.detector import PiiDetector
from assaymark.detectors.pii.settings import PiiSettings, enabled_entities
from assaymark.detectors.pii.spec import remarks

from .conftest import ask, seen

OWN: list[dict[str, Any]] = [
    {
        "name": "tickets",
        "supported_entity": "TICKET",
        "patterns": [
            {"name": "plain", "regex": r"\bTCK-[0-9]{3,}\b", "score": 0.3},
            {"name": "twice", "regex": r"(tk|k)(\d)-\2", "score": 0.6},
        ],
        "context": ["ticket", "case"],
    },
    {
        "name": "code names",
        "supported_entity": "CODE_NAME",
        "deny_list": ["bluebird", "red.kite", "the", "\u017fecret"],
        "deny_list_score": 0.7,
        "context": ["project"],
    },
    {
        "name": "anything",
        "supported_entity": "ODD",
        "patterns": [{"name": "recursive", "regex": r"<(?:[^<>]|(?R))*>", "score": 0.5}],
    },
]
SETTINGS = PiiSettings.model_validate(
    {"recognizers": OWN, "entities": ["TICKET", "CODE_NAME", "ODD", "EMAIL_ADDRESS"]}
)


def presidio(entries: list[dict[str, Any]]) -> Any:
    """Return Presidio's analyzer with the same entries in a registry of its own."""
    from presidio_analyzer import AnalyzerEngine, PatternRecognizer, RecognizerRegistry

    from assaymark.detectors.pii.engine import OfflineEmailRecognizer
    from assaymark.detectors.pii.words import BlankNlpEngine

    engine = BlankNlpEngine(["en"])
    engine.load()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        registry = RecognizerRegistry(supported_languages=["en"])
        registry.add_recognizer(OfflineEmailRecognizer())
        for each in entries:
            registry.add_recognizer(PatternRecognizer.from_dict(each))
        return AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["en"])


@pytest.fixture(scope="module")
def detector() -> PiiDetector:
    """Ours, built once."""
    return PiiDetector(SETTINGS)


@pytest.fixture(scope="module")
def analyzer() -> Any:
    """Presidio's."""
    return presidio(OWN)


_pieces = st.sampled_from(
    [
        *(
            "TCK-123",
            "tck-9999",
            "TCK-12",
            "k3-3",
            "\u212a3-3",
            "tk3-4",
            "<a<b>c>",
            "<",
            ">",
            "a@b.co",
        ),
        *("bluebird", "Bluebird", "red.kite", "redxkite", "The", "secret", "\u017fecret", "ticket"),
        *("case", "project", " ", " ", "\n", ".", ",", "é", "and", "12:30"),
    ]
)


@settings(max_examples=150, deadline=None)
@given(pieces=st.lists(_pieces, max_size=14))
def test_own_recognizers_answer_as_presidio(
    detector: PiiDetector, analyzer: Any, pieces: list[str]
) -> None:
    """Patterns, back references, deny lists, context words, and what no prefilter stands for."""
    text = "".join(pieces)

    ours = [tuple(each[1:5]) for each in ask(detector, text).spans]

    theirs = analyzer.analyze(
        text, "en", entities=list(enabled_entities(SETTINGS)), score_threshold=0.4
    )
    assert ours == sorted((s.start, s.end, s.entity_type, s.score) for s in theirs)


def test_what_no_prefilter_stands_for_is_told(detector: PiiDetector) -> None:
    """It is run on every text, and `doctor` says so."""
    assert detector.run_on_every_text == ("anything", "tickets")
    assert remarks(SETTINGS) == (
        "the pattern `twice` of `tickets` has to be run on every text",
        "the pattern `recursive` of `anything` has to be run on every text",
    )
    assert remarks(PiiSettings()) == ()


def test_all_of_presidios_recognizers_have_a_prefilter() -> None:
    """In English, with every country; nothing is run on every text."""
    from assaymark.detectors.pii.engine import build_analyzer, build_words
    from assaymark.detectors.pii.patterns.compiled import unbounded_sources
    from assaymark.detectors.pii.patterns.judge import Judge
    from assaymark.detectors.pii.vocabulary import COUNTRIES, RECOGNIZERS

    read = {each.country for each in RECOGNIZERS if each.reads("en")}
    configured = PiiSettings(countries=tuple(each for each in COUNTRIES if each in read))
    judge = Judge(
        build_analyzer(configured, build_words(configured)),
        {"en": enabled_entities(configured)},
        0.4,
    )

    slow = unbounded_sources([each.source for each in judge.tasks])

    assert len(judge.tasks) > 100
    assert slow == []


def test_an_entry_of_presidios_yaml_is_taken_as_it_is() -> None:
    """Languages as Presidio writes them, too."""
    made = PiiSettings.model_validate(
        {"recognizers": [{**OWN[1], "supported_languages": [{"language": "en"}]}]}
    )

    assert "CODE_NAME" in enabled_entities(made)
    assert seen(PiiDetector(made), "ask BLUEBIRD about it") == [("CODE_NAME", "BLUEBIRD")]


def test_a_pattern_out_of_time_leaves_the_text_unjudged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Presidio would skip the pattern and call the text clean."""
    import presidio_analyzer.pattern_recognizer as presidio

    slow = {"name": "slow", "regex": "(?:a|aa)+[bc]d", "score": 0.5}
    own = [{"name": "slow", "supported_entity": "SLOW", "patterns": [slow]}]
    detector = PiiDetector(PiiSettings.model_validate({"recognizers": own, "entities": ["SLOW"]}))
    monkeypatch.setattr(presidio, "REGEX_TIMEOUT_SECONDS", 0.05)

    detections = ask(detector, "a" * 60 + "b", "aabd", "a" * 60 + "bx d aabd")

    assert detections.unjudged == {2: "a pattern ran out of time"}
    assert {each.text for each in detections.spans} == {1}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"supported_entity": "ticket"},
            "`ticket` is no name of an entity; write it like `TICKET_NUMBER`",
        ),
        ({"patterns": []}, "`tickets` finds nothing; give it `patterns` or a `deny_list`"),
        (
            {"supported_languages": ["enn"]},
            "no recognizer reads the language `enn`; did you mean `en`?",
        ),
        (
            {"supported_languages": ["de"]},
            "`tickets` is not asked about texts in `en`; add `de` to `languages`",
        ),
        (
            {"patterns": [{"name": "x", "regex": "(", "score": 0.5}]},
            "the pattern does not compile: missing ) at position 1; see the `regex` module",
        ),
    ],
)
def test_mistakes_are_told(change: dict[str, Any], message: str) -> None:
    """Before any run, with the next step."""
    with pytest.raises(ValidationError) as caught:
        PiiSettings.model_validate({"recognizers": [{**OWN[0], **change}]})

    assert [each["msg"] for each in caught.value.errors()] == [message]


def test_any_registry_of_presidio_is_taken(tmp_path: Path) -> None:
    """What a user has in a YAML file of Presidio's: the judge answers as the analyzer made from it."""
    from presidio_analyzer.recognizer_registry import RecognizerRegistryProvider

    from assaymark.detectors.pii.patterns.compiled import compile_prefilter
    from assaymark.detectors.pii.patterns.judge import Judge

    file = tmp_path / "recognizers.yaml"
    file.write_text(
        "supported_languages: [en]\n"
        "global_regex_flags: 26\n"
        "recognizers:\n"
        "  - {name: CreditCardRecognizer, type: predefined, supported_languages: [en]}\n"
        "  - name: Zip\n"
        "    type: custom\n"
        "    supported_languages: [{language: en, context: [zip, code]}]\n"
        "    patterns: [{name: zip, regex: '(\\b\\d{5}(?:\\-\\d{4})?\\b)', score: 0.2}]\n"
        "    supported_entity: ZIP\n"
    )
    analyzer = presidio([])
    analyzer.registry = RecognizerRegistryProvider(conf_file=file).create_recognizer_registry()
    entities = ["CREDIT_CARD", "ZIP"]
    judge = Judge(analyzer, {"en": entities}, 0.4)
    prefilter = compile_prefilter([each.source for each in judge.tasks], tmp_path / "cache")
    texts = ["zip code 12345", "12345", "card 4111 1111 1111 1111, zip: 90210-1234", ""]

    ours = {
        at: judge.answer(texts[at], tasks)
        for at, tasks in prefilter.hits(pa.array(texts, pa.large_string()))
    }

    for at, text in enumerate(texts):
        theirs = analyzer.analyze(text, "en", entities=entities, score_threshold=0.4)
        assert [tuple(each) for each in ours.get(at, [])] == sorted(
            (s.start, s.end, s.entity_type, s.score) for s in theirs
        )


def test_policies_without_recognizers_keep_their_digest() -> None:
    """A policy's digest is over its settings, and trust files name it: a key that is not used is not in."""
    assert "recognizers" not in PiiSettings().model_dump()
    assert PiiSettings.model_validate(SETTINGS.model_dump()) == SETTINGS


def test_internal_mail_is_found_by_the_recognizer_in_the_documentation() -> None:
    """Addresses under suffixes that are not public, which Presidio leaves out."""
    page = Path(__file__).parents[2] / "docs" / "detectors" / "pii.md"
    blocks = re.findall(r"^ *```yaml\n.*?```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    (block,) = (each for each in blocks if "internal mail" in each)
    written = yaml.safe_load(textwrap.dedent(block).strip().strip("`").removeprefix("yaml"))
    own = PiiDetector(PiiSettings.model_validate(written["detectors"]["pii"]))
    plain = PiiDetector(PiiSettings())
    texts = [
        "to J.Doe@mail.test, please",
        "jane@db.internal",
        "jane@printer.lan.",
        "jane@a.b.corp!",
        "x.y@localhost",
        "jane@example.localname",
    ]

    def found(detector: PiiDetector) -> list[str]:
        spans = ask(detector, *texts).spans
        return [texts[s.text][s.start : s.end] for s in spans if s.entity == "EMAIL_ADDRESS"]

    assert found(plain) == []
    assert found(own) == [
        "J.Doe@mail.test",
        "jane@db.internal",
        "jane@printer.lan",
        "jane@a.b.corp",
        "x.y@localhost",
    ]
