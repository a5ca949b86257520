"""Documents that are broken or lie: a finding or a clear error, and never a pass."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

POLICY = """\
apiVersion: assaymark/v1
kind: Policy
metadata: {name: p, version: 1.0.0, owner: o@example.org}
checks:
  - {id: licence-purpose, purpose: commercial}
requirements:
  - {id: named, metric: licence.unidentified, on: dataset, at_most: 0, severity: high, enforce: deny}
  - {id: own-terms, metric: licence.own-terms-unnamed, on: dataset, at_most: 0, severity: high, enforce: deny}
  - {id: may-be-sold, metric: licence.purpose-refused, on: dataset, at_most: 0, severity: high, enforce: deny}
  - {id: one-answer, metric: licence.disagreements, on: dataset, at_most: 0, severity: high, enforce: deny}
  - {id: lineage, metric: provenance.lineage-broken, on: dataset, at_most: 0, severity: high, enforce: deny}
  - {id: files, metric: provenance.file-mismatches, on: dataset, at_most: 0, severity: high, enforce: deny}
"""
SOUND = (
    "originator: Birds Ltd\ncollected: {until: 2025-01-01, method: survey}\nlicence: CC-BY-4.0\n"
)
ROWS = '{"text": "x"}\n'


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder of one file, in order as far as it goes."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "rows.jsonl").write_text(ROWS)
    (tmp_path / "policy.yaml").write_text(POLICY)
    return folder


def own(data: Path, text: str) -> None:
    """Put a manifest beside the rows."""
    (data / "assaymark.yaml").write_text(f"apiVersion: assaymark/v1\nkind: Manifest\n{text}")


@pytest.fixture
def audited(run, data, tmp_path) -> Callable[[], tuple[int, str, set[str]]]:
    """Audit the folder, and return status, what was said, and the rules of the findings."""

    def call() -> tuple[int, str, set[str]]:
        result = run(
            "audit", tmp_path / "policy.yaml", "--dataset", data, "--out", tmp_path / "out"
        )
        evidence = tmp_path / "out/evidence.json"
        if not evidence.is_file():
            return result.status, result.err, set()
        (subject,) = json.loads(evidence.read_text())["subjects"]
        return result.status, result.err, {each["rule"] for each in subject["findings"]["sample"]}

    return call


def test_a_sound_manifest_passes(data, audited) -> None:
    """So that the others fail for their own reason."""
    own(data, SOUND)
    (data / "SHA256SUMS").write_text(f"{hashlib.sha256(ROWS.encode()).hexdigest()}  rows.jsonl\n")

    assert audited()[0] == 0


def test_broken_front_matter_is_undecided(data, audited) -> None:
    """What could not be read may say anything."""
    own(data, SOUND)
    (data / "README.md").write_text("---\nlicense: [mit\n---\n")

    status, _, _ = audited()

    assert status == 3


def test_a_list_of_licences_is_judged_each(data, audited) -> None:
    """One of them refuses what the policy is for."""
    own(data, SOUND.replace("CC-BY-4.0", "[CC-BY-4.0, CC-BY-NC-4.0]"))

    status, _, rules = audited()

    assert status == 1
    assert "LIC-010:noncommercial:CC-BY-NC-4.0" in rules


def test_other_is_no_licence(data, audited) -> None:
    """Without a name, a link and a digest nobody can look it up."""
    own(data, SOUND.replace("CC-BY-4.0", "other"))

    status, _, rules = audited()

    assert status == 1
    assert "LIC-003:without-name-link-text" in rules


def test_a_lineage_that_runs_in_a_circle(data, audited) -> None:
    """Two sources that descend from each other."""
    own(
        data,
        SOUND
        + "sources:\n"
        + "".join(
            f"  - {{id: {one}, originator: o, licence: CC0-1.0, parents: [{two}]}}\n"
            for one, two in ("ab", "ba")
        ),
    )

    status, _, rules = audited()

    assert status == 1
    assert "PRV-001:cycle" in rules


def test_a_list_of_a_hundred_thousand_files_that_are_not_there(data, audited) -> None:
    """All of them are counted."""
    lines = "".join(f"{'a1' * 32}  d/{number}.csv\n" for number in range(100_000))
    own(data, SOUND)
    (data / "SHA256SUMS").write_text(lines)

    status, _, rules = audited()

    assert status == 1
    assert "PRV-002:missing" in rules


@pytest.mark.parametrize(
    ("digest", "rule"),
    [("ab" * 16, "malformed"), ("xy" * 32, "malformed"), ("0" * 64, "placeholder")],
)
def test_a_digest_that_is_none(data, audited, digest: str, rule: str) -> None:
    """Too short, no hexadecimal number, or made up."""
    own(data, f'{SOUND}files: [{{path: rows.jsonl, sha256: "{digest}"}}]\n')

    status, _, rules = audited()

    assert status == 1
    assert f"PRV-002:{rule}" in rules


@pytest.mark.parametrize("path", ["../outside.csv", "/etc/hostname", "d/../../outside.csv"])
def test_a_path_that_leads_out_of_the_data(data, audited, path: str) -> None:
    """Nothing is read there."""
    own(data, f'{SOUND}files: [{{path: "{path}", sha256: "{"a1" * 32}"}}]\n')

    status, _, rules = audited()

    assert status == 1
    assert "PRV-002:path-traversal" in rules


@pytest.mark.parametrize("name", ["rows2.jsonl", "LICENSE", "README.md"])
def test_a_link_out_of_the_data_is_refused(data, audited, tmp_path, name: str) -> None:
    """Data or document: what is there could be anything, and somebody else's."""
    outside = tmp_path / "secret"
    outside.write_text('{"text": "canary-5c1d"}\n')
    own(data, SOUND)
    (data / name).symlink_to(outside)

    status, said, _ = audited()

    assert status in (1, 2, 3)
    assert "canary" not in said
