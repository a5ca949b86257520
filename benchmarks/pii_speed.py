"""
Speed of the `pii` detector, beside Presidio's own analyzer with the same recognizers.

Both get the same rows in turns within one run, and their answers are compared. Times are processor time
of one thread. What else a shared machine does still shows in it, by what it leaves in the caches, so the
best pass of each is compared; the ratio of the medians stands beside it.

* chat: rows of public conversations as they are;
* one row in ten with personal data: the same, with each tenth row from a set of sentences with invented
  personal data, those in which Presidio finds some;
* clean: the rows of chat in which nothing matches, against a bare Hyperscan scan of the same bytes;
* pathological: single texts of up to a megabyte that a backtracking pattern tries in many ways.

Claims: at least 200 times Presidio on chat, 50 times with one row in ten, at most 4 times the bare scan.

    python benchmarks/pii_speed.py [--data ../shared/data] [--rows 2000] [--out reports/benchmarks]
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

import hyperscan
import pyarrow as pa
from presidio_reference import reference

from assaymark.detectors.pii.detector import PiiDetector
from assaymark.detectors.pii.settings import PiiSettings, enabled_entities

CHAT = ("topical_chat", "service_dialogues", "self_dialogues")
PERSONAL = "presidio_generated_large"
TURNS = 5
REPEATS = 20
"""How often our detector reads the rows for each time that Presidio does."""


@dataclass(frozen=True)
class Comparison:
    """Both on the same rows."""

    name: str
    rows: int
    megabytes: float
    ours_mb_s: float
    presidio_mb_s: float
    ratio: float
    """Presidio's best time divided by ours."""

    median_ratio: float
    """The same of the medians."""

    differences: int
    """Rows with another answer."""


@dataclass(frozen=True)
class Clean:
    """Our detector and the bare scan on rows without a match."""

    rows: int
    megabytes: float
    ours_mb_s: float
    scan_mb_s: float
    ratio: float
    """Our best time divided by the scan's."""


@dataclass(frozen=True)
class Growth:
    """Highest memory after ever more rows."""

    megabytes_read: float
    resident_mb: float


@dataclass(frozen=True)
class Long:
    """Single texts of ever greater length."""

    shape: str
    ours_s: list[float]
    presidio_s: list[float]


def processor_time(work: Callable[[], object]) -> float:
    """Return the seconds of processor time that `work` takes."""
    started = time.process_time()
    work()
    return time.process_time() - started


def compare(name: str, rows: Sequence[str], detector: Any, presidio: Any) -> Comparison:
    """Time both in turns."""
    texts = pa.array(rows, pa.large_string())
    size = sum(len(each.encode()) for each in rows) / 1e6
    answers = detector.detect(texts)
    assert not answers.unjudged
    found: list[list[Any]] = [[] for _ in rows]
    for each in answers.spans:
        found[each.text].append((each.start, each.end, each.entity, each.score))
    differences = sum(ours != presidio(text) for ours, text in zip(found, rows, strict=True))
    ours, theirs = [], []
    for _ in range(TURNS):
        ours += [processor_time(lambda: detector.detect(texts)) for _ in range(REPEATS)]
        theirs.append(processor_time(lambda: [presidio(each) for each in rows]))
    return Comparison(
        name,
        len(rows),
        size,
        size / min(ours),
        size / min(theirs),
        min(theirs) / min(ours),
        statistics.median(theirs) / statistics.median(ours),
        differences,
    )


def bare_database(analyzer: Any) -> Any:
    """Return a Hyperscan database of all of Presidio's patterns as they are, as a prefilter."""
    patterns = {
        each.regex
        for recognizer in analyzer.registry.recognizers
        for each in getattr(recognizer, "patterns", ())
    }
    flags = hyperscan.HS_FLAG_PREFILTER | hyperscan.HS_FLAG_UTF8 | hyperscan.HS_FLAG_UCP
    flags |= hyperscan.HS_FLAG_CASELESS | hyperscan.HS_FLAG_DOTALL | hyperscan.HS_FLAG_MULTILINE
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    expressions = [each.encode() for each in sorted(patterns)]
    database.compile(
        expressions=expressions,
        ids=list(range(len(expressions))),
        elements=len(expressions),
        flags=flags,
    )
    return database


def compare_with_scan(rows: Sequence[str], detector: PiiDetector) -> Clean:
    """Time our detector and a bare scan, on rows without a match, several megabytes of them."""
    texts = pa.array(rows, pa.large_string())
    matching = {index for index, _ in detector.prefilter.hits(texts)}
    clean = [each for index, each in enumerate(rows) if index not in matching and each.isascii()]
    texts = pa.array(clean * max(1, 8_000_000 // sum(map(len, clean))), pa.large_string())
    data = "\n".join(texts.to_pylist()).encode()
    database = bare_database(detector.analyzer)
    scratch = hyperscan.Scratch(database)
    ours, scan = [], []
    for _ in range(TURNS):
        ours.append(processor_time(lambda: detector.detect(texts)))
        scan.append(
            processor_time(
                lambda: database.scan(data, match_event_handler=_ignore, scratch=scratch)
            )
        )
    size = len(data) / 1e6
    return Clean(len(texts), size, size / min(ours), size / min(scan), min(ours) / min(scan))


def _ignore(*_: object) -> None:
    return None


SHAPES: dict[str, Callable[[int], str]] = {
    "digits": lambda size: "7" * size,
    "`@`": lambda size: "@" * size,
    "`a.`": lambda size: "a." * (size // 2),
    "`a.` and one `@`": lambda size: "a." * (size // 2) + "@",
    "`1.`": lambda size: "1." * (size // 2),
    "`12 `": lambda size: "12 " * (size // 3),
    "`a.co.`": lambda size: "a.co." * (size // 5),
    "time stamps": lambda size: "2012-01-02 08:00 " * (size // 17),
    "e-mail addresses": lambda size: "a@b.co " * (size // 7),
}
SIZES = (240_000, 480_000, 960_000)
"""The longest text that is judged has a million characters."""

SMALL_SIZES = (500, 1_000, 2_000)
"""Presidio needs minutes for more."""


def best(work: Callable[[], object]) -> float:
    """Return the least of three times."""
    return min(processor_time(work) for _ in range(3))


def pathological(detector: Any, presidio: Any) -> list[Long]:
    """Time single texts of ever greater length; short ones for Presidio too."""

    def ours(text: str) -> None:
        assert not detector.detect(pa.array([text], pa.large_string())).unjudged

    # A full pass of Python's collector over both libraries' own objects takes a quarter of a second, however
    # long the text is, and falls into some of the times and not into others.
    gc.collect()
    gc.freeze()
    return [
        Long(
            name,
            [best(partial(ours, made(size))) for size in SIZES],
            [best(partial(presidio, made(size))) for size in SMALL_SIZES],
        )
        for name, made in SHAPES.items()
    ]


def memory(rows: Sequence[str], detector: Any) -> list[Growth]:
    """Read ever more rows, in batches as the engine hands them over, and note the highest memory."""
    texts = pa.array(rows, pa.large_string())
    size = sum(len(each.encode()) for each in rows) / 1e6
    result, read = [], 0
    for until in (20, 40, 80, 160):
        while read < until:
            detector.detect(texts)
            read += 1
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
        result.append(Growth(read * size, peak))
    return result


def table(
    comparisons: list[Comparison], clean: Clean, growth: list[Growth], long: list[Long]
) -> str:
    """Return the result as Markdown."""
    rows = "".join(
        f"| {each.name} | {each.rows:,} | {each.megabytes:.2f} MB | {each.ours_mb_s:.1f} MB/s "
        f"| {each.presidio_mb_s:.3f} MB/s | {each.ratio:.0f} times | {each.median_ratio:.0f} times "
        f"| {each.differences} |\n"
        for each in comparisons
    )
    chat, tenth = comparisons
    claims = (
        ("chat at least 200 times Presidio", chat.ratio >= 200),
        ("one row in ten at least 50 times Presidio", tenth.ratio >= 50),
        ("clean text at most 4 times the bare scan's time", clean.ratio <= 4),
        (
            "four times the pathological text, less than six times the time",
            all(each.ours_s[2] < 6 * each.ours_s[0] + 0.05 for each in long),
        ),
        ("answers equal", not any(each.differences for each in comparisons)),
        ("memory grows by less than 5 %", growth[-1].resident_mb < 1.05 * growth[0].resident_mb),
    )
    shapes = "".join(
        f"| {each.shape} | "
        + " | ".join(f"{seconds:.3f} s" for seconds in (*each.ours_s, *each.presidio_s))
        + " |\n"
        for each in long
    )
    sizes = " | ".join(
        [f"ours, {each // 1000} kB" for each in SIZES]
        + [f"Presidio, {each / 1000:g} kB" for each in SMALL_SIZES]
    )
    held = "".join(f"* {claim}: **{'holds' if ok else 'does not hold'}**\n" for claim, ok in claims)
    grown = "".join(
        f"| {each.megabytes_read:.0f} MB | {each.resident_mb:.0f} MB |\n" for each in growth
    )
    return f"""# Speed of the `pii` detector

The policy's default settings, English, no trained model; one thread, processor time, best of \
{TURNS} passes by Presidio with {REPEATS} of ours between two of them.
Python {platform.python_version()}, {platform.machine()}. Made by `benchmarks/pii_speed.py`.

| rows | number | size | assaymark | Presidio's analyzer | ratio | of medians | rows that differ |
|---|---:|---:|---:|---:|---:|---:|---:|
{rows}
Clean text, {clean.megabytes:.1f} MB in {clean.rows:,} rows: {clean.ours_mb_s:.0f} MB/s; a bare Hyperscan \
scan of Presidio's patterns over the same bytes {clean.scan_mb_s:.0f} MB/s, so {clean.ratio:.2f} times its \
time (less than 1 is faster: most rows are dismissed by a coarser, cheaper expression).

Single texts built to be costly, without the collector's passes over what the libraries hold anyway:

| text | {sizes} |
|---|{"---:|" * (len(SIZES) + len(SMALL_SIZES))}
{shapes}
| read so far | highest memory |
|---:|---:|
{grown}
Claims:

{held}"""


def main() -> None:
    """Measure, print and store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--rows", type=int, default=2_000)
    parser.add_argument("--out", type=Path, default=Path("reports/benchmarks"))
    given = parser.parse_args()
    settings = PiiSettings()
    detector = PiiDetector(settings)
    presidio = reference(settings.languages, enabled_entities(settings), settings.min_score)

    files = (given.data / "benign" / f"{each}.jsonl.gz" for each in CHAT)
    per_file = given.rows // len(CHAT)
    chat = list(chain.from_iterable(islice(_long(each), per_file) for each in files))
    personal = [
        each for each in _long(given.data / "pii" / f"{PERSONAL}.jsonl.gz") if presidio(each)
    ]
    tenth = [
        personal[at // 10 % len(personal)] if at % 10 == 0 else each for at, each in enumerate(chat)
    ]
    comparisons = [
        compare("chat", chat, detector, presidio),
        compare("one row in ten with personal data", tenth, detector, presidio),
    ]
    clean = compare_with_scan(chat, detector)
    growth = memory(tenth, detector)
    long = pathological(detector, presidio)
    given.out.mkdir(parents=True, exist_ok=True)
    text = table(comparisons, clean, growth, long)
    (given.out / "pii_speed.md").write_text(text, encoding="utf-8")
    raw = {
        "comparisons": [asdict(each) for each in comparisons],
        "clean": asdict(clean),
        "memory": [asdict(each) for each in growth],
        "pathological": [asdict(each) for each in long],
    }
    (given.out / "pii_speed.json").write_text(json.dumps(raw, indent=2) + "\n", encoding="utf-8")
    print(text)


def _long(path: Path) -> Any:
    """Yield the texts of a set, without its short fields such as ids."""
    import gzip

    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)["text"]


if __name__ == "__main__":
    sys.exit(main())
