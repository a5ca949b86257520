"""`export`: an audit in the forms that others read."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import docx
import pytest

POLICY = """\
apiVersion: assaymark/v1
kind: Policy
metadata: {name: p, version: 1.0.0, owner: o@example.org}
requirements:
  - {id: enough, metric: records.count, on: [dataset, outputs], at_least: 1, severity: high, enforce: deny}
"""
MANIFEST = """\
apiVersion: assaymark/v1
kind: Manifest
name: birds
licence: CC-BY-4.0
sources: [{id: notes, url: "https://example.org/notes", licence: CC0-1.0}]
surprise: yes
"""


def sha256(path: Path) -> str:
    """Return the digest of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """A policy that anything meets."""
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY)
    return path


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """A data set of one record, which must not be quoted."""
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "write to canary.7f3a@example.org"}\n')
    return path


@pytest.fixture
def audited(run, policy, rows, tmp_path) -> Path:
    """The folder that an audit filled."""
    assert run("audit", policy, "--dataset", rows, "--out", tmp_path / "out").status == 0
    return tmp_path / "out"


def test_an_audit_and_its_documents_become_a_bill(run, audited, tmp_path) -> None:
    """The one dataset has the manifest's licence and source; what was not understood is told."""
    manifest = tmp_path / "birds.manifest.yaml"
    manifest.write_text(MANIFEST)
    bom = tmp_path / "bom.json"

    result = run("export", audited, "--manifest", manifest, "-o", bom, "--json")

    written = json.loads(bom.read_text())
    assert result.status == 0
    assert result.json == {
        "output": str(bom),
        "form": "cyclonedx",
        "madeFrom": {
            "evidence:sha256": sha256(audited / "evidence.json"),
            "document:birds.manifest.yaml:sha256": sha256(manifest),
        },
        "notUnderstood": ["`birds.manifest.yaml#surprise` is no field of a manifest"],
    }
    assert (written["specVersion"], written["metadata"]["component"]["name"]) == ("1.6", "birds")
    assert written["metadata"]["component"]["licenses"] == [{"expression": "CC-BY-4.0"}]
    assert [each["name"] for each in written["components"]] == ["notes"]
    assert "canary" not in bom.read_text()


def test_without_documents_it_says_what_was_measured(run, audited, tmp_path) -> None:
    """The evidence may be named itself, and is known by its digest."""
    bom = tmp_path / "bom.json"

    result = run("export", audited / "evidence.json", "-o", bom)

    component = json.loads(bom.read_text())["metadata"]["component"]
    assert (result.status, result.out) == (0, f"wrote `{bom}`\n")
    assert {
        "name": "assaymark:measured:records.count",
        "value": "1 (from 1 to 1, n = 1, exact)",
    } in component["properties"]
    assert "licenses" not in component


def test_nothing_is_overwritten(run, audited, tmp_path) -> None:
    """A file that is there stays as it is."""
    bom = tmp_path / "bom.json"
    bom.write_text("mine")

    result = run("export", audited, "-o", bom)

    assert result.status == 2
    assert f"`{bom}` exists already" in result.err
    assert bom.read_text() == "mine"


def test_documents_that_could_be_about_several_datasets_are_refused(
    run, policy, rows, tmp_path
) -> None:
    """Guessing would give a licence to the wrong one."""
    other = tmp_path / "other.jsonl"
    other.write_text('{"text": "x"}\n')
    manifest = tmp_path / "birds.manifest.yaml"
    manifest.write_text(MANIFEST)
    out = tmp_path / "out"
    assert run("audit", policy, "--dataset", rows, "--dataset", other, "--out", out).status == 0

    result = run("export", out, "--manifest", manifest, "-o", tmp_path / "bom.json")

    assert result.status == 2
    assert result.err == (
        "error: `--manifest` describes one dataset, and the evidence is about 2\n"
        "hint: audit each dataset by itself\n"
    )
    assert not (tmp_path / "bom.json").exists()


def test_what_is_no_evidence_is_refused(run, tmp_path) -> None:
    """As by every command that reads some."""
    path = tmp_path / "evidence.json"
    path.write_text("{}")

    result = run("export", path, "-o", tmp_path / "bom.json")

    assert result.status == 2
    assert not (tmp_path / "bom.json").exists()


@pytest.fixture
def signed(run, policy, rows, tmp_path) -> Path:
    """The folder that a signed audit filled."""
    assert run("keys", "new", tmp_path / "key", "--no-passphrase").status == 0
    words = ("audit", policy, "--dataset", rows, "--out", tmp_path / "signed")
    assert run(*words, "--key", tmp_path / "key").status == 0
    return tmp_path / "signed"


FORMS = {
    "cyclonedx": "bom.json",
    "spdx": "bom.spdx.json",
    "croissant": "croissant.json",
    "training-summary": "summary.md",
    "datasheet": "datasheet.docx",
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_names_the_evidence_and_the_signed_report(run, signed, tmp_path, form) -> None:
    """By digests that anybody can compute again; no value of the data is in any of them."""
    out = tmp_path / FORMS[form]

    result = run("export", signed, "--as", form, "-o", out, "--json")

    bundle = json.loads((signed / "report.sigstore.json").read_bytes())
    statement = base64.b64decode(bundle["dsseEnvelope"]["payload"])
    assert result.status == 0
    assert result.json["madeFrom"] == {
        "evidence:sha256": sha256(signed / "evidence.json"),
        "report:statement:sha256": hashlib.sha256(statement).hexdigest(),
        "report:bundle:sha256": sha256(signed / "report.sigstore.json"),
    }
    written = text_of(out)
    assert all(digest in written for digest in result.json["madeFrom"].values())
    assert "canary" not in written


def text_of(path: Path) -> str:
    """Return what a person reads in a file."""
    if path.suffix != ".docx":
        return path.read_text()
    read = docx.Document(str(path))
    cells = [cell.text for table in read.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(each.text for each in read.paragraphs), *cells])


@pytest.mark.parametrize("form", FORMS)
def test_a_signed_audit_is_exported_to_equal_bytes(run, signed, tmp_path, form) -> None:
    """The time of the decision stands where a form demands a clock."""
    name = FORMS[form]
    once, again = tmp_path / f"once.{name}", tmp_path / f"again.{name}"
    for out in (once, again):
        assert run("export", signed, "--as", form, "-o", out).status == 0

    assert once.read_bytes() == again.read_bytes()


def test_a_report_about_other_evidence_is_not_named(run, signed, audited, tmp_path) -> None:
    """Somebody mixed up two folders."""
    (signed / "evidence.json").write_bytes(
        (audited / "evidence.json").read_bytes().replace(b"assaymark 0", b"assaymark 9")
    )

    result = run("export", signed, "-o", tmp_path / "bom.json")

    assert (result.status, result.err) == (
        4,
        "error: `report.sigstore.json` is about other evidence than what lies beside it\n",
    )
    assert not (tmp_path / "bom.json").exists()


def test_a_report_that_an_identity_signed_is_named_too(run, signed, tmp_path) -> None:
    """A certificate stands in the place of the key's hint; nothing is believed of either."""
    path = signed / "report.sigstore.json"
    bundle = json.loads(path.read_bytes())
    bundle["verificationMaterial"] = {"certificate": {"rawBytes": "AA=="}, "tlogEntries": []}
    path.write_text(json.dumps(bundle))

    result = run("export", signed, "-o", tmp_path / "bom.json", "--json")

    statement = base64.b64decode(bundle["dsseEnvelope"]["payload"])
    assert result.json["madeFrom"]["report:statement:sha256"] == (
        hashlib.sha256(statement).hexdigest()
    )


@pytest.mark.parametrize("content", [b"{}", b"\xff"])
def test_a_report_that_is_none_is_refused(run, audited, tmp_path, content) -> None:
    """Before anything is written."""
    (audited / "report.sigstore.json").write_bytes(content)

    assert run("export", audited, "-o", tmp_path / "bom.json").status == 4
    assert not (tmp_path / "bom.json").exists()


def test_a_test_result_is_no_report(run, signed, tmp_path) -> None:
    """It says nothing about evidence."""
    projection = next(each for each in signed.glob("*.sigstore.json") if "report" not in each.name)
    (signed / "report.sigstore.json").write_bytes(projection.read_bytes())

    assert run("export", signed, "-o", tmp_path / "bom.json").status == 4


def test_the_time_of_making_can_be_given(run, audited, tmp_path) -> None:
    """SPDX demands one, and an unsigned audit has none."""
    out = tmp_path / "a.spdx.json"

    result = run("export", audited, "--as", "spdx", "--created", "2026-01-31T12:00:00Z", "-o", out)

    assert result.status == 0
    assert json.loads(out.read_text())["@graph"][0]["created"] == "2026-01-31T12:00:00Z"


def test_a_time_that_is_none_is_refused(run, audited, tmp_path) -> None:
    """With the form that is read."""
    result = run("export", audited, "--created", "today", "-o", tmp_path / "a.json")

    assert (result.status, result.err) == (
        2,
        "error: `--created` is no time\nhint: write it as `2026-01-31T12:00:00Z`\n",
    )


def test_a_paper_says_by_its_name_how_it_is_written(run, audited, tmp_path) -> None:
    """Guessing would leave Markdown in a file that Word is asked to open."""
    result = run("export", audited, "--as", "datasheet", "-o", tmp_path / "sheet.pdf")

    assert (result.status, result.err) == (
        2,
        (
            "error: `sheet.pdf` does not say in which form it is: expected `.md` or `.docx`\n"
            "hint: name the file `sheet.md` or `sheet.docx`\n"
        ),
    )


@pytest.mark.parametrize("form", ["croissant", "datasheet"])
def test_a_form_about_one_dataset_needs_exactly_one(run, policy, rows, tmp_path, form) -> None:
    """Which of two it describes, nobody could tell."""
    other = tmp_path / "other.jsonl"
    other.write_text('{"text": "x"}\n')
    out = tmp_path / "out"
    assert run("audit", policy, "--dataset", rows, "--dataset", other, "--out", out).status == 0

    result = run("export", out, "--as", form, "-o", tmp_path / FORMS[form])

    assert (result.status, result.err) == (
        2,
        (
            f"error: `--as {form}` describes one dataset, and the evidence is not about exactly one\n"
            "hint: audit each dataset by itself\n"
        ),
    )


@pytest.mark.parametrize("form", ["croissant", "datasheet"])
def test_recorded_outputs_are_data_too(run, policy, rows, tmp_path, form) -> None:
    """They are described where there is no dataset beside them."""
    out = tmp_path / "out"
    assert run("audit", policy, "--outputs", rows, "--out", out).status in (0, 3)

    assert run("export", out, "--as", form, "-o", tmp_path / FORMS[form]).status == 0


def test_papers_use_the_words_of_the_checks(run, audited, tmp_path) -> None:
    """A reader need not know the name of a metric."""
    out = tmp_path / "sheet.md"
    run("export", audited, "--as", "datasheet", "-o", out)

    assert "(`records.count`): 1" in out.read_text()
