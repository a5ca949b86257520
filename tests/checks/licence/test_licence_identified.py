from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from assaymark.checks.licence.licence_identified import LicenceIdentified
from assaymark.testing import case_contract
from checks.judged import CASES, judged


@pytest.mark.parametrize("case", ["fires", "quiet"])
def test_case(case: str, repository: Path) -> None:
    """The check reports what the documented case says."""
    case_contract(LicenceIdentified, repository / CASES / "licence-identified" / f"{case}.yaml")


@pytest.mark.parametrize(
    ("own", "rules", "numbers"),
    [
        ("name: x", ["LIC-001"], (1, 0, 0)),
        ("licence: unknown", ["LIC-001"], (1, 0, 0)),
        ("licence: [NOASSERTION, MIT]", [], (0, 0, 0)),
        ("licence: MIT AND", ["LIC-002:not-an-expression"], (0, 1, 0)),
        ("licence: No License", ["LIC-002:no-licence"], (0, 1, 0)),
        ("licence: gpl-3.0", ["deprecated-id:GPL-3.0-only"], (0, 0, 0)),
        ("licence: other", ["LIC-003:without-name-link-text", "LIC-001"], (1, 0, 1)),
        (
            "licence: {expression: LicenseRef-a, name: A, link: 'https://example.org'}",
            ["LIC-003:without-text"],
            (0, 0, 1),
        ),
        ("licence: LicenseRef-OpenAI-terms", [], (0, 0, 0)),
        ("licence: MIT\nsources: [{id: a, licence: NONE}]", ["LIC-001"], (1, 0, 0)),
        ("licence: MIT\nsources: [{id: a, licence: [NONE, MIT]}]", [], (0, 0, 0)),
        ("licence: MIT\noutput_licence: cc", ["LIC-002:no-version"], (0, 1, 0)),
    ],
)
def test_rules(own: str, rules: list[str], numbers: tuple[float, ...]) -> None:
    """What is unstated, unidentified, or unnamed own terms."""
    found = judged(LicenceIdentified, own)

    assert found.rules == rules
    assert tuple(low for low, _ in found.numbers.values()) == numbers


def test_a_text_without_identifier_leaves_the_number_open() -> None:
    """It may be the licence that is declared, and nobody can say so."""
    found = judged(LicenceIdentified, "licence: MIT", documents={"LICENSE": "Do as you like."})

    assert found.rules == ["LIC-002:unrecognised-text"]
    assert found.numbers["licence.unidentified"] == (0, 1)


def test_a_text_is_named_where_it_is_known(shared: Path) -> None:
    """Word for word it is a licence; changed, it is like one, and the number stays open."""
    with gzip.open(shared / "licence/spdx_license_texts.jsonl.gz", "rt") as lines:
        texts = {each["id"]: each["text"] for each in map(json.loads, lines)}
    changed = texts["CC-BY-4.0"].replace("worldwide", "local")

    def rules(text: str) -> tuple[list[str], tuple[float, float]]:
        found = judged(LicenceIdentified, documents={"LICENSE": text})
        return found.rules, found.numbers["licence.unidentified"]

    assert rules(texts["CC-BY-4.0"]) == ([], (0, 0))
    assert rules(changed) == (["LIC-002:unrecognised-text:like-CC-BY-4.0"], (0, 1))
    assert rules(texts["OFL-1.1"]) == (
        ["LIC-002:ambiguous-text:OFL-1.1/OFL-1.1-RFN"],
        (0, 1),
    )


def test_other_with_its_name_and_link() -> None:
    """As the hub asks for it; what is still missing is the digest of the text."""
    card = "---\nlicense: other\nlicense_name: acme-1.0\nlicense_link: https://example.org\n---\n"

    found = judged(LicenceIdentified, documents={"README.md": card})

    assert found.rules == ["LIC-002:unknown-licence", "LIC-003:without-text"]


def test_a_document_that_was_not_understood_may_state_one() -> None:
    """So nobody can say that a licence is missing."""
    found = judged(LicenceIdentified, documents={"README.md": "---\nlicense: [\n---\n"})

    assert found.numbers["licence.unstated"] == (0, 2)
