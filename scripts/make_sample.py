"""
Make the sample data: the same bytes on every machine.

    python scripts/make_sample.py [DIR] [--secrets]

Writes support conversations, a table of customers and a small dataset with a card, once with planted
mistakes and once cleaned (`clean/`), and beside them `truth.jsonl`: one line for every planted place.
Offsets are half-open Unicode code points.

Nothing here belongs to anybody: names are letters of the radio alphabet, mail goes to example.org, card
numbers are the ones that payment networks publish for tests, social security numbers lie in a range that
is never issued, bank codes spell TEST. Tokens with a valid form would alarm every scanner that reads this
repository, so they are written only with `--secrets`, into a folder that git ignores.

Standard library only. tests/cli/test_sample.py re-runs it and compares.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SEED = 20260131
CONVERSATIONS = 400
CUSTOMERS = 200
ARTICLES = 60

BROKEN_JSON = "BROKEN_JSON"
EMPTY_ROW = "EMPTY_ROW"

ALPHABET = (
    *("Alfa", "Bravo", "Charlie", "Delta", "Echo", "Foxtrot", "Golf", "Hotel", "India"),
    *("Juliett", "Kilo", "Lima", "Mike", "November", "Oscar", "Papa", "Quebec", "Romeo"),
    *("Sierra", "Tango", "Uniform", "Victor", "Whiskey", "Xray", "Yankee", "Zulu"),
)
PRODUCTS = (
    *("desk lamp", "travel kettle", "bicycle pump", "rain jacket", "bread knife", "wall clock"),
    *("camping stove", "piano stool", "garden hose", "picture frame", "tea towel", "sewing kit"),
)
TOPICS = (
    (
        "The {product} arrived with a scratch on one side.",
        "I am sorry. I will send a new {product}.",
    ),
    ("Where is my {product}? I ordered it {days} days ago.", "It left our store {days} days ago."),
    ("Can I return the {product} without the box?", "Yes, any box of the right size will do."),
    (
        "The {product} stopped working after {days} days.",
        "That is within the warranty. We repair it.",
    ),
    ("Do you have the {product} in green?", "Not this month. Grey and blue are in stock."),
    ("I was charged twice for one {product}.", "I see both charges and have refunded one of them."),
    ("How do I clean the {product}?", "Use a damp cloth and let it dry for {days} hours."),
    ("Please cancel the {product}, I chose the wrong one.", "Done. Nothing was charged for it."),
    ("Is the {product} safe for children?", "From the age of {days}, says the manual on page two."),
    ("The voucher does not work for the {product}.", "It needs an order above {days} pounds."),
)
CLOSINGS = (
    ("Thank you, that helps.", "You are welcome."),
    ("And how long does that take?", "About {days} working days."),
    ("Could you confirm that by letter?", "A letter is on its way."),
    ("That is all for today.", "Then I close this conversation."),
)
# Published by the payment networks and processors for testing; all pass the Luhn check.
TEST_CARDS = (
    "4111 1111 1111 1111",
    "4012 8888 8888 1881",
    "5555 5555 5555 4444",
    "5105 1051 0510 5100",
    "3782 822463 10005",
    "6011 1111 1111 1117",
)
HIDDEN = {"ZERO_WIDTH": "\u200b", "BIDI_CONTROL": "\u202e", "TAG_CHARACTER": "\U000e0041"}


@dataclass
class Sample:
    """One variant of the data while it is made."""

    planted: bool
    secrets: bool
    random: random.Random
    truth: list[dict[str, Any]] = field(default_factory=list)

    def plant(self, file: str, row: int, name: str, text: str, entity: str, value: str) -> str:
        """Put `value` where `text` says `{}`; the clean variant says what was taken out."""
        before, after = text.split("{}")
        if not self.planted:
            return f"{before}[{entity.lower().replace('_', ' ')} removed]{after}"
        start = len(before)
        self.note(file, row, entity, name, start, start + len(value))
        return before + value + after

    def note(
        self,
        file: str,
        row: int,
        entity: str,
        name: str | None = None,
        start: int | None = None,
        end: int | None = None,
    ) -> None:
        """Record one planted place."""
        place = {"file": file, "row": row, "field": name, "start": start, "end": end}
        self.truth.append({**place, "entity": entity})


def card(rng: random.Random) -> str:
    """Return a published test number, with spaces, hyphens or nothing between the groups."""
    return rng.choice(TEST_CARDS).replace(" ", rng.choice((" ", "-", "")))


def ssn(rng: random.Random) -> str:
    """Return a number in the form of a US SSN that is neither an SSN nor an ITIN: 9xx-01 to 9xx-49."""
    return f"9{rng.randrange(10, 80)}-{rng.randrange(11, 50)}-{rng.randrange(1000, 9999)}"


def email(rng: random.Random) -> str:
    """Return an address in a domain that is reserved for examples (RFC 2606)."""
    return f"{rng.choice(ALPHABET).lower()}.{rng.randrange(10, 99)}@example.org"


def iban(rng: random.Random) -> str:
    """Return a British IBAN with valid check digits and the bank code TEST, which no bank has."""
    account = "TEST" + "".join(str(rng.randrange(10)) for _ in range(14))
    digits = "".join(str(int(each, 36)) for each in account + "GB00")
    return f"GB{98 - int(digits) % 97:02d}{account}"


def phone(rng: random.Random) -> str:
    """Return a US number from the block 555-0100 to 555-0199, kept for fiction."""
    return f"({rng.choice((212, 312, 415))}) 555-01{rng.randrange(100):02d}"


def token(rng: random.Random) -> str:
    """Return something that has the form of a cloud access key id, assembled here on purpose."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    return "AK" + "IA" + "".join(rng.choice(letters) for _ in range(16))


PLANTS: tuple[tuple[str, str, Callable[[random.Random], str], int], ...] = (
    ("CREDIT_CARD", "Please charge my credit card {} instead.", card, 9),
    ("US_SSN", "My social security number is {} if you need it.", ssn, 6),
    ("EMAIL_ADDRESS", "Write to {} when it is done.", email, 14),
    ("IBAN_CODE", "Refund it to my bank account, IBAN {}.", iban, 5),
    ("PHONE_NUMBER", "My phone number is {}, call after five.", phone, 5),
)


def conversations(sample: Sample, file: str) -> Iterator[bytes]:
    """Yield the lines of the support conversations."""
    rng = sample.random
    rows = list(range(CONVERSATIONS))
    rng.shuffle(rows)
    takes = iter(rows)
    plants = {next(takes): plant for plant in PLANTS for _ in range(plant[3])}
    tokens = {next(takes) for _ in range(4)}
    hidden = {next(takes): each for each in HIDDEN.items()}
    empty = {next(takes) for _ in range(4)}
    broken = {next(takes) for _ in range(2)}
    for row in range(CONVERSATIONS):
        turns = [turn for pair in _dialogue(rng) for turn in pair]
        at = rng.randrange(0, len(turns), 2)
        name = f"messages[{at}].content"
        value = token(rng)
        if row in plants:
            entity, text, make, _ = plants[row]
            said = sample.plant(file, row, name, turns[at] + " " + text, entity, make(rng))
            turns[at] = said
        if row in tokens and sample.planted and sample.secrets:
            text = turns[at] + " The log says access key {} is refused."
            turns[at] = sample.plant(file, row, name, text, "AWS_ACCESS_KEY_ID", value)
        if row in hidden and sample.planted:
            entity, character = hidden[row]
            turns[at] = sample.plant(file, row, name, turns[at] + "{}", entity, character)
        if row in empty and sample.planted:
            turns = ["", " "]
            sample.note(file, row, EMPTY_ROW)
        record = {
            "id": f"c-{row:04d}",
            "messages": [
                {"role": ("user", "assistant")[i % 2], "content": turn}
                for i, turn in enumerate(turns)
            ],
        }
        line = json.dumps(record, ensure_ascii=False).encode()
        if row in broken and sample.planted:
            sample.note(file, row, BROKEN_JSON)
            line = line[: len(line) // 2]
        yield line + b"\n"


def _dialogue(rng: random.Random) -> Iterator[tuple[str, str]]:
    product, days = rng.choice(PRODUCTS), rng.randrange(2, 15)
    chosen = [rng.choice(TOPICS), *rng.sample(CLOSINGS, rng.randrange(3))]
    for question, answer in chosen:
        yield (
            question.format(product=product, days=days),
            answer.format(product=product, days=days),
        )


def customers(sample: Sample, file: str) -> bytes:
    """Return the table of customers as CSV."""
    rng = sample.random
    out = io.StringIO(newline="")
    table = csv.writer(out, lineterminator="\n")
    table.writerow(["customer_id", "name", "plan", "since", "contact", "note"])
    for row in range(CUSTOMERS):
        name = f"{ALPHABET[row % 26]} {ALPHABET[(row * 7 + row // 26) % 26]}"
        contact = "on file"
        address, number = email(rng), ssn(rng)
        if rng.random() < 0.2:
            contact = sample.plant(file, row, "contact", "{}", "EMAIL_ADDRESS", address)
        note = rng.choice(("", "prefers letters", "calls in the morning", "two accounts merged"))
        if rng.random() < 0.03:
            text = "gave the social security number {} by mistake"
            note = sample.plant(file, row, "note", text, "US_SSN", number)
        since = f"20{rng.randrange(18, 26)}-{rng.randrange(1, 13):02d}"
        plan = rng.choice(("basic", "plus", "family"))
        table.writerow([f"k{row:05d}", name, plan, since, contact, note])
    return out.getvalue().encode()


def articles(sample: Sample, folder: str) -> Iterator[tuple[str, bytes]]:
    """Yield the files of the dataset of help articles: two parts and a card."""
    rng = sample.random
    licence = "cc-by-nc-4.0" if sample.planted else "cc-by-4.0"
    yield f"{folder}/README.md", CARD.format(licence=licence).encode()
    for part in range(2):
        file = f"data/part-{part}.jsonl"
        lines = []
        for row in range(ARTICLES // 2):
            question, answer = next(_dialogue(rng))
            address = email(rng)
            if row == 11 * part + 7:
                text = answer + " Questions go to {} any day."
                place = f"{folder}/{file}"
                answer = sample.plant(place, row, "response", text, "EMAIL_ADDRESS", address)
            lines.append(json.dumps({"prompt": question, "response": answer}) + "\n")
        yield f"{folder}/{file}", "".join(lines).encode()


CARD = """\
---
license: {licence}
language: [en]
pretty_name: Help articles of a shop that does not exist
---

# Help articles

Sixty questions and answers, made by `scripts/make_sample.py`. Nobody wrote to anybody.
"""


def make(root: Path, *, secrets: bool) -> None:
    """Write the sample into `root`."""
    for variant, planted in (("", True), ("clean", False)):
        # One seed for both, so that the clean variant is the same data without the mistakes.
        sample = Sample(planted, secrets, random.Random(SEED))
        base = root / variant
        files = {"support.jsonl": b"".join(conversations(sample, "support.jsonl"))}
        files["customers.csv"] = customers(sample, "customers.csv")
        files.update(articles(sample, "articles"))
        if planted:
            lines = (json.dumps(each) + "\n" for each in sample.truth)
            files["truth.jsonl"] = "".join(lines).encode()
        for name, data in files.items():
            path = base / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


def main() -> None:
    """Read the command line and write the sample."""
    parser = argparse.ArgumentParser(description="make the sample data")
    default = Path(__file__).resolve().parent.parent / "sample"
    parser.add_argument("folder", nargs="?", type=Path, default=default)
    parser.add_argument("--secrets", action="store_true", help="plant made-up access keys, too")
    options = parser.parse_args()
    if options.secrets and options.folder.resolve() == default:
        parser.error("`--secrets` needs a folder of its own, outside what git keeps")
    make(options.folder, secrets=options.secrets)


if __name__ == "__main__":
    main()
