"""
A first manifest of a directory: what can be known is filled in, what only a person knows is asked for.

Filled in are the files with their digests, and whatever documents beside them state already. The rest stands
there as comments, so that the draft is a manifest from the start and gets better line by line. Where there
are many files, their digests go into a list of checksums, which tools can read and write.

tests/inputs/manifests/test_draft.py
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from assaymark.errors import UsageError
from assaymark.inputs.documents import Role, role_of
from assaymark.inputs.listing import list_files
from assaymark.inputs.manifest import manifest_of
from assaymark.inputs.manifests.recognise import limit_of
from assaymark.inputs.stored import FileDigest, StoredFile
from assaymark.inputs.tree_hash import OnBytes, hash_files
from assaymark.licences.expression import tree_of
from assaymark.licences.names import NAMELESS_TEXTS
from assaymark.model.manifest import Manifest, Scope, Topic

MANIFEST, SUMS = "assaymark.yaml", "SHA256SUMS"

MAX_LISTED = 200
"""Files that the manifest lists itself."""

_DOCUMENTS = (Role.CARD, Role.LICENCE, Role.MANIFEST)
_ASKED: tuple[tuple[str, Topic | None, str], ...] = (
    ("url", Topic.URL, "where it is published"),
    ("originator", Topic.ORIGINATOR, "who made it"),
    ("attribution", Topic.ATTRIBUTION, "whom to name"),
    ("issued", Topic.ISSUED, "day of release, as YYYY-MM-DD"),
    ("combination", Topic.COMBINATION, "collection or adaptation, where there are sources"),
    ("distributed", Topic.DISTRIBUTED, "whether it is handed to others: yes or no"),
    ("intended_use", Topic.INTENDED_USE, "what it is for"),
    ("synthetic_share", Topic.SYNTHETIC_SHARE, "share that a model wrote, from 0 to 1"),
)
_BLOCKS = """\
# collected: {from: 2024-01-01, until: 2024-12-31, method: survey}
# sources:                       # what it was made from
#   - {id: a-name, url: "https://...", originator: ..., licence: ..., digest: "sha256:..."}
# personal_data: {present: unknown, lawful_basis: ..., consent: ..., retention: ...}
# annotation: {by: human, who: ...}
# generated_by: [{model: ..., terms: ...}]
# opt_out: [{signal: tdmrep, value: "0", fetched: 2024-12-31, crawler: ...}]
# geography: {origin: [...], processing_allowed: [...], storage_allowed: [...]}
"""


@dataclass(frozen=True, slots=True)
class Draft:
    """Files to write, by name."""

    files: Mapping[str, str]
    listed: int
    """How many files are listed."""


def draft_manifest(folder: str, *, on_bytes: OnBytes | None = None) -> Draft:
    """Draft a manifest of a directory.

    Args:
        folder: Its path.
        on_bytes: Told how many bytes were hashed.

    Raises:
        UsageError: It is no directory.
        InputError: It cannot be read, or holds a symbolic link.
    """
    path = Path(folder)
    if not path.is_dir():
        raise UsageError(f"`{folder}` is not a folder", hint="name the folder that holds the data")
    files = [each for each in list_files(folder).files if each.name not in (MANIFEST, SUMS)]
    said = manifest_of(
        {each.name: _start_of(each) for each in files if role_of(each.name) in _DOCUMENTS}
    )
    digests = hash_files(files, on_bytes=on_bytes)
    data = {name: each for name, each in digests.items() if role_of(name) not in _DOCUMENTS}
    name = next(iter(said.values(Topic.NAME)), path.resolve().name)
    written = {MANIFEST: _manifest(name, said, data)}
    if len(data) > MAX_LISTED:
        written[SUMS] = "".join(f"{each.sha256}  {name}\n" for name, each in data.items())
    return Draft(written, len(data))


def _start_of(file: StoredFile) -> bytes:
    with file.open() as stream:
        return stream.read(limit_of(file.name) + 1)


def _manifest(name: str, said: Manifest, data: Mapping[str, FileDigest]) -> str:
    lines = ["apiVersion: assaymark/v1", "kind: Manifest", f"name: {_quoted(name)}"]
    lines += _licence(said)
    for key, topic, what in _ASKED:
        stated = () if topic is None else said.values(topic)
        if len(stated) == 1:
            lines.append(f"{key}: {_quoted(stated[0])}")
        else:
            lines.append(f"# {key}:".ljust(32) + f"# {what}")
    lines += _BLOCKS.splitlines()
    if len(data) > MAX_LISTED:
        lines.append(f"# files: {len(data)} of them are listed in {SUMS}")
    elif data:
        lines.append("files:")
        lines += [
            f"  - {{path: {_quoted(path)}, sha256: {_quoted(each.sha256)}, size: {each.size}}}"
            for path, each in data.items()
        ]
    return "\n".join(lines) + "\n"


def _licence(said: Manifest) -> list[str]:
    claimed = [
        each.claimed
        for each in said.licences
        if each.scope is Scope.SUBJECT and each.expression not in NAMELESS_TEXTS
    ]
    # One licence in two spellings is one; the first that was written stays.
    found = list({tree_of(each): each for each in reversed(claimed)}.values())[::-1]
    if not found:
        return ["# licence:".ljust(32) + "# SPDX expression, such as CC-BY-4.0"]
    # What documents say is repeated as it stands; whether they agree is for a person to see.
    return [f"licence: [{', '.join(_quoted(each) for each in found)}]"]


def _quoted(text: str) -> str:
    # A JSON string is a YAML string, whatever stands in it.
    return json.dumps(text)
