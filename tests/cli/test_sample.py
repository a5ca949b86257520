"""The sample data is made by its script, byte for byte, and is what the truth says."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import re
import subprocess
import sys

import pytest


def read_truth(folder):
    """Return the planted places."""
    return [json.loads(line) for line in (folder / "truth.jsonl").read_text().splitlines()]


def text_at(folder, place) -> str:
    """Return the planted value."""
    data = (folder / place["file"]).read_text()
    if place["file"].endswith(".csv"):
        row = list(csv.DictReader(io.StringIO(data)))[place["row"]]
        return row[place["field"]][place["start"] : place["end"]]
    record = json.loads(data.splitlines()[place["row"]])
    turn = re.fullmatch(r"messages\[(\d+)\]\.content", place["field"])
    text = record["messages"][int(turn[1])]["content"] if turn else record[place["field"]]
    return text[place["start"] : place["end"]]


@pytest.fixture(scope="module")
def made(tmp_path_factory, repository):
    """The sample, made again with secrets."""
    folder = tmp_path_factory.mktemp("sample")
    script = repository / "scripts" / "make_sample.py"
    subprocess.run([sys.executable, script, folder, "--secrets"], check=True)
    return folder


def test_the_stored_sample_is_what_the_script_makes(tmp_path, repository) -> None:
    """Whoever doubts the sample can make it again."""
    subprocess.run(
        [sys.executable, repository / "scripts" / "make_sample.py", tmp_path], check=True
    )

    made = {
        str(p.relative_to(tmp_path)): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()
    }
    stored = {name: (repository / "sample" / name).read_bytes() for name in made}
    assert made == stored
    assert "truth.jsonl" in made


def test_truth_points_at_what_was_planted(made) -> None:
    """Offsets are exact, and each value has the form that its entity says."""
    forms = {
        "CREDIT_CARD": r"[\d -]{15,19}",
        "US_SSN": r"9\d\d-\d\d-\d{4}",
        "EMAIL_ADDRESS": r"\w+\.\d\d@example\.org",
        "IBAN_CODE": r"GB\d\dTEST\d{14}",
        "PHONE_NUMBER": r"\(\d{3}\) 555-01\d\d",
        "AWS_ACCESS_KEY_ID": r"AKIA[A-Z2-7]{16}",
    }
    places = [each for each in read_truth(made) if each["entity"] in forms]

    assert {each["entity"] for each in places} == set(forms)
    for place in places:
        assert re.fullmatch(forms[place["entity"]], text_at(made, place)), place


def test_cards_and_accounts_have_valid_check_digits(made) -> None:
    """Detectors that check digits must see them."""
    truth = read_truth(made)

    for place in (each for each in truth if each["entity"] == "CREDIT_CARD"):
        digits = [int(each) for each in text_at(made, place) if each.isdigit()][::-1]
        doubled = [sum(divmod(2 * each, 10)) for each in digits[1::2]]
        assert (sum(digits[::2]) + sum(doubled)) % 10 == 0
    for place in (each for each in truth if each["entity"] == "IBAN_CODE"):
        value = text_at(made, place)
        assert int("".join(str(int(each, 36)) for each in value[4:] + value[:4])) % 97 == 1


def test_the_clean_variant_differs_only_where_something_was_planted(made) -> None:
    """Cleaning changes planted records and no other."""
    planted = {each["row"] for each in read_truth(made) if each["file"] == "support.jsonl"}
    dirty = (made / "support.jsonl").read_bytes().splitlines()
    clean = (made / "clean" / "support.jsonl").read_bytes().splitlines()

    differing = {
        row for row, pair in enumerate(zip(dirty, clean, strict=True)) if len(set(pair)) == 2
    }
    assert differing == planted


def test_no_token_is_kept_in_git(repository) -> None:
    """What scanners would take for a credential is made on demand only."""
    script = repository / "scripts" / "make_sample.py"
    spec = importlib.util.spec_from_file_location("make_sample", script)
    data = b"".join(p.read_bytes() for p in (repository / "sample").rglob("*") if p.is_file())
    refused = subprocess.run(
        [sys.executable, script, "--secrets"], capture_output=True, text=True, check=False
    )

    assert spec is not None
    assert re.search(rb"AKIA[A-Z2-7]{16}", data) is None
    assert refused.returncode == 2
    assert "needs a folder of its own" in refused.stderr
