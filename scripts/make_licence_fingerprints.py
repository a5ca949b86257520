"""
Compute `src/assaymark/licences/texts.json` from licence texts: numbers alone, see `known_texts` there.

    python scripts/make_licence_fingerprints.py TEXTS NAMES [TEXTS …]

TEXTS holds one JSON object with `id` and `text` a line, NAMES is the SPDX list as JSON. A licence that
several TEXTS hold is known by each of them.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assaymark.licences.known_texts import (
    RUN,
    Stretch,
    hash_of,
    hash_of_words,
    sketch_of,
)
from assaymark.licences.names import deprecated, resolve
from assaymark.licences.text_tokens import without_notices, words_of

OUT = Path(__file__).parent.parent / "src/assaymark/licences/texts.json"
SOURCES = [
    "spdx/license-list-XML e4c1f27: the list is CC0-1.0",
    "npm spdx-license-list 6.12.0, texts of license-list-data: CC0-1.0",
]
SHORTEST = 5  # words of a stretch; less between two gaps is part of the gap
BREAK, OPTIONAL, REQUIRED = "\x01", "\x02", "\x03"

_FILLED_IN = re.compile(
    r"<[^<>]{1,60}>|\[_+\]|\[\s*(?:y{4}|x{4}|years?|various years)\s*\]|\{\s*year\s*\}|\{licensor name\}"
    r"|\[(?:name of|owner|software name|copyright holder)[^\[\]]{0,40}\]|\byear by author email\b",
    re.IGNORECASE,
)
_NAMES = re.compile(  # where SPDX's templates let names vary
    r"(?<=neither the name of ).{1,60}?(?= nor the names? of)"
    r"|(?<=nor the names of )(?:its|the|any|other)(?= contributors)"
    r"|(?<=this software is provided by ).{1,60}?(?= [\"“'`\u2018]+\s?as is)"
    r"|(?<=as is and )(?:the )?.{1,40}?(?= disclaims? all warranties)"
    r"|(?<=as is\" and ).{1,40}?(?= disclaims? all warranties)"
    r"|(?<=in no event shall ).{1,80}?(?= be liable)",
    re.IGNORECASE | re.DOTALL,
)
_NOTICE = re.compile(
    rf"copyright\s*(?:\(c\)|©)?[\s,]*(?:\d{{4}}[\d,\s-]*)?(?:{BREAK}[\s,.-]*)+"
    rf"|copyright\s*(?:\(c\)|©)\s*\d{{4}}[^.>{BREAK}]{{0,90}}[.>](?:\s*{BREAK})?",
    re.IGNORECASE,
)
_OPTIONAL_HEADS = (  # where a licence begins; what stands before it is an explanation
    r"creative commons [\w -]+ 4\.0 international public license\s+by exercising the licensed rights",
    r"license\s+the work \(as defined below\) is provided under the terms",
    r"statement of purpose\s+the laws of most jurisdictions",
)
_OPTIONAL_TAILS = (  # what follows is none of the terms
    r"creative commons is not a party to (?:its public licenses|this license|this legal code)",
    r"creative commons notice",
    r"appendix:? how to apply the apache license",
    r"how to apply these terms to your new (?:programs|libraries)",
    r"end of terms and conditions",
)
_TITLE = 15  # words that a title may have


def main(texts: str, names: str, *further: str) -> None:
    """Write the fingerprints."""
    listed = list(_names(json.loads(_read(names))))
    titles = {each["id"]: each["name"] for each in listed}
    known = [*_texts(texts), *(pair for path in further for pair in _texts(path))]
    by_id: dict[tuple[str, str], dict[str, Any]] = {}
    for name, text in sorted(known):
        if name not in titles or name.lower() in deprecated():
            continue
        entry = fingerprint(text, titles[name], name)
        if entry is None:
            print(f"{name}: too short to be known by its text")
            continue
        core = json.dumps([each for each in entry["stretches"] if "o" not in each[3]])
        by_id[(name, core)] = _joined(by_id.get((name, core), entry), entry)
    merged: dict[str, dict[str, Any]] = {}
    for (name, _), entry in by_id.items():
        key = json.dumps(entry["stretches"])
        merged.setdefault(key, {"ids": [], **entry})["ids"].append(name)
    for entry in merged.values():
        ids = {other for name in entry["ids"] for other in _same_text(name)}
        entry["ids"] = sorted(ids & set(titles))
    # One that our reader of names does not know yet would only be called unknown under its own name.
    named = [each for each in merged.values() if any(resolve(name).id for name in each["ids"])]
    written = {
        "about": "fingerprints of licence texts; see known_texts.py",
        "sources": SOURCES,
        "texts": named,
    }
    lines = ",\n".join(json.dumps(each, separators=(",", ":")) for each in written.pop("texts"))
    head = json.dumps(written, indent=1).rstrip("\n}")
    OUT.write_text(f'{head},\n "texts": [\n{lines}\n]\n}}\n')
    print(f"{len(named)} texts of {len(titles)} ids, {OUT.stat().st_size:,} bytes")


def _joined(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Return one entry with the optional stretches of both, where the rest is the same."""
    if one is other:
        return one
    parts: list[list[Any]] = [[], [], []]  # before, the rest, after
    for entry in (one, other):
        at = 0
        for each in entry["stretches"]:
            at = at if "o" in each[3] and at != 1 else 1 if "o" not in each[3] else 2
            if each not in parts[at]:
                parts[at].append(each)
    titles = sorted({*one["titles"], *other["titles"]})
    return {**one, "stretches": [*parts[0], *parts[1], *parts[2]], "titles": titles}


def _texts(path: str) -> Iterator[tuple[str, str]]:
    for line in _read(path).decode().splitlines():
        each = json.loads(line)
        yield each["id"], each["text"]


def _same_text(name: str) -> list[str]:
    """Return the ids that share the text of `name`: with and without a later version."""
    for end, other in (("-only", "-or-later"), ("-or-later", "-only")):
        if name.endswith(end):
            return [name, name.removesuffix(end) + other]
    return [name]


def fingerprint(text: str, title: str, name: str) -> dict[str, Any] | None:
    """Return the numbers of one text."""
    # Published texts are one line each here, which would be one notice.
    marked = without_notices(text, f" {BREAK} ") if "\n" in text else text.lower()
    marked = _NAMES.sub(BREAK, _FILLED_IN.sub(f" {BREAK} ", " ".join(marked.split())))
    marked = _NOTICE.sub(f" {BREAK} ", marked)
    for pattern in _OPTIONAL_HEADS:
        if match := re.search(pattern, marked):
            marked = f"{OPTIONAL} {marked[: match.start()]} {REQUIRED} {marked[match.start() :]}"
            break
    for pattern in _OPTIONAL_TAILS:
        if match := list(re.finditer(pattern, marked))[-1:]:
            at = match[0].start()
            if at > len(marked) / 3:
                marked = f"{marked[:at]} {OPTIONAL} {marked[at:]}"
    title_words = set(words_of(f"{title} {name}").words)
    stretches: list[Stretch] = []
    titles: set[int] = {hash_of(each) for each in title_words}
    is_optional = has_gap = False
    all_hashes: list[int] = []
    for piece in re.split(f"([{BREAK}{OPTIONAL}{REQUIRED}])", marked):
        if piece == BREAK:
            has_gap = True
        elif piece in (OPTIONAL, REQUIRED):
            is_optional = piece == OPTIONAL
        else:
            words = words_of(piece).words
            if not stretches and not has_gap:
                words = _without_title(words, title_words)
            if len(words) < SHORTEST:
                has_gap = has_gap or bool(words)
                titles |= {hash_of(each) for each in words} if not stretches else set()
                continue
            hashes = [hash_of(each) for each in words]
            all_hashes += hashes
            stretches.append(
                Stretch(
                    len(hashes),
                    hash_of_words(hashes[:RUN]),
                    hash_of_words(hashes),
                    is_optional,
                    has_gap,
                )
            )
            has_gap = False
    required = [each for each in stretches if not each.is_optional]
    if sum(each.words for each in required) < 3 * RUN or all(each.words < RUN for each in required):
        return None
    return {
        "stretches": [
            [s.words, _in_36(s.start), _in_36(s.whole), "o" * s.is_optional + "g" * s.has_gap]
            for s in stretches
        ],
        "sketch": base64.b64encode(
            b"".join(struct.pack(">I", each) for each in sorted(sketch_of(all_hashes)))
        ).decode(),
        "titles": sorted(_in_36(each) for each in titles),
    }


def _without_title(words: list[str], title: set[str]) -> list[str]:
    plain = title | {"the", "license", "version", "licenses"}
    at = 0
    while at < min(_TITLE, len(words)) and words[at] in plain:
        at += 1
    return words[at:]


def _in_36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits or "0"


def _read(path: str) -> bytes:
    data = Path(path).read_bytes()
    return gzip.decompress(data) if path.endswith(".gz") else data


def _names(data: Any) -> Iterator[dict[str, str]]:
    for each in data["licenses"]:
        yield {"id": each["licenseId"], "name": each["name"]}


if __name__ == "__main__":
    main(*sys.argv[1:])
