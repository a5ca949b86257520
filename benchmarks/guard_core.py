"""
Cost and delay of the guard, beside Presidio's analyzer and anonymizer doing the same redaction.

Each prompt is another one, so nothing is remembered. Presidio runs its own recognizers on a blank pipeline,
without names, and its anonymizer with `replace`. For streams: characters held back after each piece, and the
time that a piece takes.

    python benchmarks/guard_core.py [--prompts 200] [--out reports/benchmarks]
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from guard_policy import PII, QUICK, VIEWED, policy_of
from presidio_reference import reference

from assaymark.checks.registry import installed_checks
from assaymark.contracts.catalog import Catalog
from assaymark.detectors.registry import installed_detectors
from assaymark.guard import AnswerMemory, Guard, Phase
from assaymark.policy.load import parse_policy

SECTIONS = {
    "pii-patterns": PII,
    "pii-patterns, secrets": QUICK,
    "pii, secrets (views)": VIEWED,
}
WORDS = [
    "the",
    "meeting",
    "was",
    "moved",
    "to",
    "a",
    "large",
    "hall",
    "since",
    "more",
    "people",
    "than",
    "expected",
    "will",
    "attend",
    "it",
    "please",
    "tell",
    "your",
    "team",
    "and",
    "bring",
    "notes",
    "from",
    "last",
    "week",
    "so",
    "that",
    "we",
    "can",
    "go",
    "through",
    "what",
    "is",
    "still",
    "open",
    "before",
    "lunch",
]
VALUES = ("john.smith@example.com", "4111 1111 1111 1111", "+1 212 555 0187", "219-09-9999")


def prompts(count: int, size: int = 1_000, seed: int = 1) -> Iterator[str]:
    """Yield prompts of about `size` characters; every third one holds two values."""
    source = random.Random(seed)
    for number in range(count):
        words: list[str] = [f"Request {number}:"]
        while sum(map(len, words)) + len(words) < size:
            words += [
                *source.choices(WORDS, k=source.randint(6, 14)),
                source.choice((".", ",", ";")),
            ]
        if number % 3 == 0:
            for value in source.sample(VALUES, 2):
                words.insert(source.randrange(1, len(words)), value)
        yield " ".join(words).replace(" ,", ",").replace(" .", ".").replace(" ;", ";")


def guard_of(rules: str) -> Guard:
    """Return a guard that remembers nothing."""
    catalog = Catalog(detectors=installed_detectors(), checks=installed_checks())
    policy = parse_policy(policy_of(rules).encode(), "bench.yaml", catalog)
    return Guard(policy, catalog, memory=AnswerMemory(0))


def timed(work: Callable[[str], Any], texts: Sequence[str]) -> dict[str, float]:
    """Return milliseconds for each text."""
    work(texts[0])
    times = []
    for text in texts:
        began = time.perf_counter()
        work(text)
        times.append((time.perf_counter() - began) * 1e3)
    times.sort()
    return {
        "p50_ms": round(times[len(times) // 2], 3),
        "p99_ms": round(times[int(len(times) * 0.99)], 3),
        "min_ms": round(times[0], 3),
    }


def presidio() -> Callable[[str], str]:
    """Return Presidio's own analyzer and anonymizer, looking for what `pii-patterns` looks for."""
    from presidio_analyzer import RecognizerResult
    from presidio_anonymizer import AnonymizerEngine

    from assaymark.detectors.pii.settings import PatternSettings, enabled_entities

    settings = PatternSettings()
    answer = reference(settings.languages, enabled_entities(settings), settings.min_score)
    anonymizer = AnonymizerEngine()

    def redact(text: str) -> str:
        found = [RecognizerResult(each[2], each[0], each[1], each[3]) for each in answer(text)]
        return str(anonymizer.anonymize(text, found).text)

    return redact


def streamed(guard: Guard, text: str) -> tuple[list[int], list[float]]:
    """Return what is held after each piece of about a token, and the milliseconds that it took."""
    stream, held, times = guard.stream(Phase.OUTPUT), [], []
    source = random.Random(len(text))
    at = 0
    while at < len(text):
        size = source.randint(2, 7)
        began = time.perf_counter()
        stream.feed(text[at : at + size])
        times.append((time.perf_counter() - began) * 1e3)
        held.append(stream.held)
        at += size
    stream.finish()
    return held, times


def stream_row(guard: Guard, texts: Sequence[str]) -> dict[str, float]:
    """Return delay in characters and cost of pieces, over several streams."""
    held: list[int] = []
    times: list[float] = []
    for text in texts:
        one, other = streamed(guard, text)
        held += one
        times += other
    times.sort()
    return {
        "mean_held": round(statistics.mean(held), 1),
        "p99_held": sorted(held)[int(len(held) * 0.99)],
        "most_held": max(held),
        "piece_p50_ms": round(times[len(times) // 2], 3),
        "piece_p99_ms": round(times[int(len(times) * 0.99)], 3),
    }


def together(guard: Guard, texts: Sequence[str], clients: int) -> float:
    """Return prompts a second with so many clients at once."""
    with ThreadPoolExecutor(clients) as pool:
        began = time.perf_counter()
        list(pool.map(guard.check_text, texts))
        return round(len(texts) / (time.perf_counter() - began), 1)


def main() -> None:
    """Measure, print and, if asked, write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prompts", type=int, default=200)
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    texts = list(prompts(chosen.prompts))
    prose = [each for n, each in enumerate(texts) if n % 3][:8]
    result: dict[str, Any] = {
        "machine": f"{platform.machine()} {platform.system()}, Python {platform.python_version()}",
        "characters": round(statistics.mean(map(len, texts))),
    }
    for name, rules in SECTIONS.items():
        with guard_of(rules) as guard:
            result[name] = {
                "check": timed(guard.check_text, texts),
                "checks_per_second_16_clients": together(guard, texts, 16),
                "stream_of_prose": stream_row(guard, prose),
                "stream_with_values": stream_row(guard, texts[:12:3]),
            }
            print(name, json.dumps(result[name], indent=1))
    result["presidio analyzer + anonymizer"] = timed(
        presidio(), texts[: max(chosen.prompts // 4, 20)]
    )
    print("presidio", result["presidio analyzer + anonymizer"])
    if chosen.out is not None:
        chosen.out.mkdir(parents=True, exist_ok=True)
        (chosen.out / "guard_core.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
