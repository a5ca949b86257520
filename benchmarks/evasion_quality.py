r"""
How many disguised values the detectors find, without views and with them, and what views cost.

Values that a detector finds in plain sight in public rows are disguised in place, each by every technique
that fits it; so without a disguise the recall is 1 by construction. A value counts as found if a span of its
entity overlaps it, as placed if the span has exactly its ends. Rows are halved by a digest of their id: one
half was used while the views were written, the other one only here. Techniques marked as not covered are
there to show what is still missed.

False alarms are spans that views add on rows without personal data or secrets. The cost is the time of the
detector with all views over its time without, the best of several turns each.

    python benchmarks/evasion_quality.py [--shared ../shared] [--half measure] [--out reports/benchmarks]
"""

from __future__ import annotations

import argparse
import base64
import gzip
import hashlib
import json
import platform
import textwrap
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa

from assaymark.detectors.registry import installed_detectors
from assaymark.detectors.views.settings import NAMES

VALUES = {
    "pii": (
        "pii/presidio_generated_large",
        "pii/presidio_synth_v2",
        "pii/contextual_anonymizer",
        "pii/sgd_contact_slots",
    ),
    "secrets": ("secrets/credsweeper_samples",),
}
BENIGN = (
    "benign/python_code",
    "benign/gsm8k_test",
    "benign/eval_only/system_logs",
    "benign/topical_chat",
    "benign/service_dialogues",
    "benign/dolly_instructions",
    "benign/wikipedia_sentences",
    "pii/uner_chinese_gsdsimp",
    "pii/uner_serbian_set",
    "pii/europeana_fr",
)
ENTITIES = (
    "CREDIT_CARD",
    "EMAIL_ADDRESS",
    "IBAN_CODE",
    "IP_ADDRESS",
    "PHONE_NUMBER",
    "US_SSN",
)
AROUND = 100  # characters kept on each side of a value
WORDS = "zero one two three four five six seven eight nine".split()  # noqa: SIM905 - reads as the words do
TWINS = dict(zip("acehiopsxyABCEHKMOPTX", "асеһіорѕхуАВСЕНКМОРТХ", strict=True))  # noqa: RUF001


@dataclass(frozen=True)
class Value:
    """One value in its surroundings."""

    detector: str
    entity: str
    before: str
    value: str
    after: str


@dataclass(frozen=True)
class Technique:
    """One way to disguise a value."""

    name: str
    disguise: Callable[[str], str | None]
    """Return the disguised value, `None` where the technique does not fit it or changes nothing."""

    covered: bool = True


def styled(digits: int, upper: int, lower: int) -> Callable[[str], str]:
    """Return a mapping of ASCII letters and digits to the blocks that begin at these code points."""
    table = {ord("0") + i: digits + i for i in range(10)}
    table |= {ord("A") + i: upper + i for i in range(26)} if upper else {}
    table |= {ord("a") + i: lower + i for i in range(26)} if lower else {}
    return lambda value: value.translate(table)


def between(mark: str) -> Callable[[str], str]:
    """Return a mapping that puts `mark` between all characters."""
    return mark.join


def spelled(value: str) -> str | None:
    """Return digits in words, with marks in words."""
    if not set(value) <= set("0123456789 -+"):
        return None
    words = {"-": "dash", "+": "plus"}
    return " ".join(WORDS[int(c)] if c.isdigit() else words[c] for c in value if c != " ")


def apart(value: str) -> str | None:
    """Return digits, blanks between them, without the marks that were there."""
    digits = [each for each in value if each.isdigit()]
    return " ".join(digits) if set(value) <= set("0123456789 -().") and len(digits) > 8 else None


def regrouped(mark: str) -> Callable[[str], str | None]:
    """Return a mapping of card numbers to groups of four with `mark` between."""

    def disguise(value: str) -> str | None:
        digits = value.replace(" ", "").replace("-", "")
        fits = digits.isdigit() and len(digits) == 16
        return mark.join(textwrap.wrap(digits, 4)) if fits else None

    return disguise


def worded(at: str, dot: str) -> Callable[[str], str | None]:
    """Return a mapping of addresses to addresses with words for their marks."""

    def disguise(value: str) -> str | None:
        local, found, domain = value.partition("@")
        return f"{local}{at}{domain.replace('.', dot)}" if found else None

    return disguise


def halved(joint: str) -> Callable[[str], str]:
    """Return a mapping that puts `joint` in the middle."""
    return lambda value: f"{value[: len(value) // 2]}{joint}{value[len(value) // 2 :]}"


def in_base64(value: str) -> str | None:
    """Return standard base64, of what is long enough to be told from a word."""
    return base64.b64encode(value.encode()).decode() if len(value) >= 9 else None


def twice_in_base64(value: str) -> str:
    """Return base64 of base64."""
    return base64.b64encode(base64.b64encode(value.encode())).decode()


TECHNIQUES = (
    Technique("full-width", styled(0xFF10, 0xFF21, 0xFF41)),
    Technique("mathematical bold", styled(0x1D7CE, 0x1D400, 0x1D41A)),
    Technique("Arabic digits", styled(0x0660, 0, 0)),
    Technique("Devanagari digits", styled(0x0966, 0, 0)),
    Technique("zero-width space", between("\u200b")),
    Technique("soft hyphen", between("\u00ad")),
    Technique("struck through", lambda value: "".join(f"{each}\u0336" for each in value)),
    Technique("look-alikes", lambda value: "".join(TWINS.get(each, each) for each in value)),
    Technique("typographic dashes", lambda value: value.replace("-", "\u2011")),
    Technique("HTML decimal", lambda value: "".join(f"&#{ord(each)};" for each in value)),
    Technique("HTML, digits", lambda value: "".join(f"&#x{ord(c):x};" if c.isdigit() else c for c in value)),
    Technique("HTML, escaped twice", lambda value: "".join(f"&amp;#{ord(each)};" for each in value)),
    Technique("percent, all", lambda value: "".join(f"%{ord(each):02X}" for each in value)),
    Technique("percent, marks", lambda value: quote(value, safe="")),
    Technique("percent, twice", lambda value: "".join(f"%25{ord(each):02X}" for each in value)),
    Technique("base64", in_base64),
    Technique("base64, URL-safe", lambda v: base64.urlsafe_b64encode(v.encode()).decode().rstrip("=")),
    Technique("base64, twice", twice_in_base64),
    Technique("JSON escapes", lambda value: "".join(f"\\u{ord(each):04x}" for each in value)),
    Technique("hex escapes", lambda value: "".join(f"\\x{ord(each):02x}" for each in value)),
    Technique("spaced out", between(" ")),
    Technique("dashes between", lambda value: between("-")(value) if value.isalnum() else None),
    Technique("digits apart", apart),
    Technique("groups with dots", regrouped(".")),
    Technique("groups with slashes", regrouped(" / ")),
    Technique("digits in words", spelled),
    Technique("(at) and (dot)", worded(" (at) ", " (dot) ")),
    Technique("at and dot", worded(" at ", " dot ")),
    Technique("blanks round @", worded(" @ ", ".")),
    Technique("line break inside", halved("\n")),
    Technique("quoted-printable break", halved("=\r\n")),
    Technique("control characters", between("\0")),
    Technique("colours of terminals", halved("\x1b[1;31m")),
    Technique("next line inside", halved("\x85")),
    Technique("line separator inside", halved("\u2028")),
    Technique("characters on vertical tabs", between("\x0b")),
    Technique("private use", halved("\ue000")),
    Technique("replacement characters", halved("\ufffd")),
    Technique("middle dots", lambda value: value.translate({ord(c): "\u00b7" for c in " -."})),
    Technique("groups with bullets", regrouped(" \u2022 ")),
    Technique("groups with tabs", regrouped("\t")),
    Technique("HTML tags", halved("<b></b>")),
    Technique("HTML comments", halved("<!-- -->")),
    Technique("Markdown marks", worded("**@**", ".")),
    Technique("leaders for dots", lambda value: value.replace(".", "\u2024") if "@" in value else None),
    Technique("base64 of UTF-16", lambda v: base64.b64encode(v.encode("utf-16-le")).decode()),
    Technique("behind a path", lambda value: f"users/{value}/x" if "@" in value else None),
    Technique("full-width in HTML", lambda v: "".join(f"&#{ord(c)};" for c in styled(0xFF10, 0, 0)(v))),
    Technique("percent in base64", lambda v: in_base64("".join(f"%{ord(c):02X}" for c in v))),
    Technique("hexadecimal", lambda value: value.encode().hex(), covered=False),
    Technique("reversed", lambda value: value[::-1], covered=False),
)  # fmt: skip


def rows(shared: Path, name: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a shared file."""
    with gzip.open(shared / "data" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def is_in(half: str, row: dict[str, Any]) -> bool:
    """Whether a row belongs to the half that is asked for."""
    digest = hashlib.sha256(str(row.get("id", row.get("path", ""))).encode()).digest()[0]
    return (digest < 128) == (half == "tune")


def texts(values: list[str]) -> pa.StringArray:
    """Return texts as the engine hands them over."""
    return pa.array(values, pa.large_string())


def values_of(shared: Path, detector: str, plain: Any, half: str, most: int) -> list[Value]:
    """Return values that the detector finds in plain sight, also with only their surroundings."""
    found: defaultdict[str, dict[str, Value]] = defaultdict(dict)
    for name in VALUES[detector]:
        for row in rows(shared, name):
            if not is_in(half, row):
                continue
            for span in plain.detect(texts([row["text"]])).spans:
                value = row["text"][span.start : span.end]
                wanted = span.entity in ENTITIES or detector == "secrets"
                if not wanted or len(found[span.entity]) >= most or len(value) > 200:
                    continue
                before = row["text"][max(span.start - AROUND, 0) : span.start]
                after = row["text"][span.end : span.end + AROUND]
                again = Value(detector, span.entity, before, value, after)
                if any(judged(plain, [again], value)[0]):
                    found[span.entity].setdefault(value, again)
        if all(len(found[each]) >= most for each in ENTITIES):
            break
    return [each for by_value in found.values() for each in by_value.values()]


def judged(
    detector: Any, values: list[Value], *disguised: str
) -> tuple[list[bool], list[bool], Counter[str]]:
    """Return which disguised values are found and placed, and by which views."""
    made = [f"{a.before}{b}{a.after}" for a, b in zip(values, disguised, strict=True)]
    found, placed = [False] * len(values), [False] * len(values)
    views: Counter[str] = Counter()
    for span in detector.detect(texts(made)).spans:
        value = values[span.text]
        start = len(value.before)
        end = start + len(disguised[span.text])
        if span.entity == value.entity and span.start < end and start < span.end:
            found[span.text] = True
            placed[span.text] |= (span.start, span.end) == (start, end)
            views[span.view] += 1
    return found, placed, views


def recall(values: list[Value], plain: Any, viewed: Any) -> Iterator[dict[str, Any]]:
    """Yield what is found of the values in each disguise."""
    for technique in TECHNIQUES:
        fitting = [(each, technique.disguise(each.value)) for each in values]
        kept = [(each, new) for each, new in fitting if new is not None and new != each.value]
        if not kept:
            continue
        before = judged(plain, [a for a, _ in kept], *(b for _, b in kept))
        after = judged(viewed, [a for a, _ in kept], *(b for _, b in kept))
        missed = Counter(a.entity for (a, _), hit in zip(kept, after[0], strict=True) if not hit)
        yield {
            "technique": technique.name,
            "covered": technique.covered,
            "values": len(kept),
            "before": sum(before[0]) / len(kept),
            "placed before": sum(before[1]) / len(kept),
            "after": sum(after[0]) / len(kept),
            "placed after": sum(after[1]) / len(kept),
            "missed": dict(missed.most_common()),
        }


def alarms(
    shared: Path, name: str, plain: Any, viewed: Any, most: int, turns: int
) -> dict[str, Any]:
    """Return what views add on a benign set, and what they cost there."""
    chosen = [row["text"] for row, _ in zip(rows(shared, name), range(most), strict=False)]
    batches = [texts(chosen[start : start + 512]) for start in range(0, len(chosen), 512)]
    best = {"plain": float("inf"), "viewed": float("inf")}
    for _ in range(turns):
        for key, detector in (("plain", plain), ("viewed", viewed)):
            begun = time.perf_counter()
            answers = [detector.detect(each) for each in batches]
            best[key] = min(best[key], time.perf_counter() - begun)
    spans = [each for answer in answers for each in answer.spans]
    added = [each for each in spans if each.view]
    rows_hit = {
        (i, each.text) for i, answer in enumerate(answers) for each in answer.spans if each.view
    }
    return {
        "set": name,
        "rows": len(chosen),
        "spans": len(spans) - len(added),
        "added": len(added),
        "rows with added": len(rows_hit),
        "by": dict(Counter(f"{each.entity} by {each.view}" for each in added).most_common()),
        "unjudged": sum(len(each.unjudged) for each in answers),
        "cost": best["viewed"] / best["plain"],
        "plain seconds": best["plain"],
    }


def main() -> None:
    """Measure, print and write both tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--half", choices=("tune", "measure"), default="measure")
    parser.add_argument("--values", type=int, default=60, help="of each entity")
    parser.add_argument("--rows", type=int, default=2000, help="of each benign set")
    parser.add_argument("--turns", type=int, default=2)
    parser.add_argument("--views", default=",".join(NAMES))
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    specs = installed_detectors()
    result: dict[str, Any] = {
        "half": given.half,
        "views": given.views.split(","),
        "python": platform.python_version(),
        "recall": {},
        "benign": {},
    }
    for name in VALUES:
        settings = specs[name].settings
        plain = specs[name].load(settings(views="none"))
        viewed = specs[name].load(settings(views=given.views.split(",")))
        values = values_of(given.shared, name, plain, given.half, given.values)
        result["recall"][name] = list(recall(values, plain, viewed))
        result["benign"][name] = [
            alarms(given.shared, each, plain, viewed, given.rows, given.turns) for each in BENIGN
        ]
    text = report(result)
    print(text)
    if given.out is not None:
        given.out.mkdir(parents=True, exist_ok=True)
        (given.out / "evasion_quality.md").write_text(text, encoding="utf-8")
        made = json.dumps(result, indent=1, ensure_ascii=False) + "\n"
        (given.out / "evasion_quality.json").write_text(made, encoding="utf-8")


def report(result: dict[str, Any]) -> str:
    """Return the tables as Markdown."""
    lines = [
        "# Evasion",
        "",
        f"The half `{result['half']}` of the values, Python {result['python']}; views:",
        f"{', '.join(result['views'])}.",
        "Made by `benchmarks/evasion_quality.py`, whose head says what is counted. Every value is found",
        "without a disguise; `placed` counts spans with exactly the ends of the disguised value. Where a set",
        "takes milliseconds, other work on the machine is in the ratio of times; views scan some 50 MB/s.",
    ]
    for name, techniques in result["recall"].items():
        lines += [
            "",
            f"## Recall of `{name}`",
            "",
            "| technique | values | without views | with views | placed | missed |",
            "|---|---:|---:|---:|---:|---|",
        ]
        for each in techniques:
            missed = ", ".join(f"{entity} {count}" for entity, count in each["missed"].items())
            covered = "" if each["covered"] else " (not covered)"
            lines.append(
                f"| {each['technique']}{covered} | {each['values']} | {each['before']:.3f} "
                f"| {each['after']:.3f} | {each['placed after']:.3f} | {missed} |"
            )
        covered_ones = [each for each in techniques if each["covered"]]
        total = sum(each["values"] for each in covered_ones)
        sums = {
            key: sum(each[key] * each["values"] for each in covered_ones) / total
            for key in ("before", "after", "placed after")
        }
        lines.append(
            f"| **all that are covered** | {total} | {sums['before']:.3f} | {sums['after']:.3f} "
            f"| {sums['placed after']:.3f} | |"
        )
    for name, sets in result["benign"].items():
        lines += [
            "",
            f"## False alarms and cost of `{name}`",
            "",
            "| set | rows | spans without | added | rows with one | ms without | with / without | what |",
            "|---|---:|---:|---:|---:|---:|---:|---|",
        ]
        for each in sets:
            by = ", ".join(f"{what} {count}" for what, count in each["by"].items())
            took = f"{1000 * each['plain seconds']:,.0f} | {each['cost']:.2f}"
            lines.append(
                f"| {each['set']} | {each['rows']:,} | {each['spans']:,} | {each['added']:,} "
                f"| {each['rows with added']:,} | {took} | {by} |"
            )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
