"""
Licence files: by their identifier, by their name in `LICENSES/`, or as a text that is there.

Read are `SPDX-License-Identifier` lines of licence files and of REUSE side files, and `REUSE.toml`. A text
without an identifier is the licence that it is word for word; `LicenseRef-ambiguous-text` where several
licences share it, with their names; else `LicenseRef-unrecognised-text`, with the name of what it resembles.
Its digest stands with it, so that a policy can ask for one.

Source: REUSE specification 3.3; SPDX 2.3, annex E, on short identifiers.

tests/inputs/manifests/test_licence_files.py
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from assaymark.errors import InputError
from assaymark.inputs.manifests.notes import Notes
from assaymark.licences.known_texts import recognise
from assaymark.licences.names import AMBIGUOUS_TEXT, UNRECOGNISED_TEXT
from assaymark.marked_yaml import Mark, Node
from assaymark.model.manifest import Scope, Topic

_IDENTIFIER = re.compile(r"SPDX-License-Identifier:[ \t]*([^\r\n]+)")
_COPYRIGHT = re.compile(r"SPDX-FileCopyrightText:[ \t]*([^\r\n]+)")
_COMMENT_END = re.compile(r"[ \t]*(\*/|-->|\*\))?[ \t]*$")
_MAX_EXPRESSION = 500  # characters; longer ones are no expressions
_MAX_TABLES = 10_000  # of REUSE.toml


def read_licence_file(notes: Notes, data: bytes) -> None:
    """Note the licence that a file is, or names.

    Raises:
        InputError: It is empty.
    """
    path = PurePosixPath(notes.file)
    text = data.decode("utf-8", "replace")
    scope, of = Scope.SUBJECT, ""
    if path.suffix == ".license":
        scope, of = Scope.FILE, notes.file.removesuffix(".license")
    digest = hashlib.sha256(data).hexdigest()
    found = {
        expression: _line(text, match.start())
        for match in _IDENTIFIER.finditer(text)
        if (expression := _COMMENT_END.sub("", match[1]))
        and len(expression) <= _MAX_EXPRESSION
        and (expression := notes.usable(expression, ""))
    }
    for expression, line in found.items():
        notes.licence(expression, "", line, scope=scope, of=of)
    if not found and path.parent.name == "LICENSES":
        # REUSE names these files after the licence.
        name = path.name.removesuffix(".txt").removesuffix(".md")
        notes.licence(name, "", text_digest=digest)
    elif not found and text.strip():
        expression, name = _recognised(text)
        notes.licence(expression, "", scope=scope, of=of, name=name, text_digest=digest)
    elif not found:
        raise InputError(f"`{notes.file}` is empty")
    for match in _COPYRIGHT.finditer(text):
        line = _line(text, match.start())
        notes.say(Topic.ATTRIBUTION, notes.usable(_COMMENT_END.sub("", match[1]), ""), "", line)


def _recognised(text: str) -> tuple[str, str]:
    """Return what a text declares, and the names of the licences that it may be or is like."""
    found = recognise(text)
    if len(found.ids) == 1:
        return found.ids[0], ""
    if found.ids:
        return AMBIGUOUS_TEXT, "/".join(found.ids)
    return UNRECOGNISED_TEXT, f"like-{found.resembles}" if found.resembles else ""


def read_reuse(notes: Notes, data: bytes) -> None:
    """Note the annotations of a `REUSE.toml`.

    Raises:
        InputError: It is not TOML.
    """
    try:
        table: Mapping[str, Any] = tomllib.loads(data.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError, ValueError):
        raise InputError(f"`{notes.file}` is not TOML") from None
    annotations = table.get("annotations", [])
    if not isinstance(annotations, list):
        notes.problem("annotations", "is no list of tables")
        return
    for index, each in enumerate(annotations[:_MAX_TABLES]):
        _annotation(notes, each, f"annotations[{index}]")


def _annotation(notes: Notes, table: object, field: str) -> None:
    if not isinstance(table, dict):
        notes.problem(field, "is no table")
        return
    paths = [each for each in _strings(table.get("path")) if each]
    licences = _strings(table.get("SPDX-License-Identifier"))
    key = f"{field}.SPDX-License-Identifier"
    if not paths or not all(licences):
        notes.problem(field, "names no path, or no licence")
    is_all = "**" in paths
    for licence in filter(None, licences):
        scope = Scope.SUBJECT if is_all else Scope.FILE
        of = "" if is_all else ", ".join(paths)
        notes.licence(notes.usable(licence, key), key, scope=scope, of=of)
    for text in _strings(table.get("SPDX-FileCopyrightText")):
        notes.say(Topic.ATTRIBUTION, notes.usable(text, field), field)


def _strings(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [each.strip() if isinstance(each, str) else "" for each in values if each is not None]


def _line(text: str, at: int) -> Node:
    return Node(None, Mark(text.count("\n", 0, at) + 1, 1, 1))
