"""
Counterfactual templates of the user's own: JSON Lines, one case on each line.

    {"id": "tariff", "context": "insurance", "role": "the customer", "decision": "offered the cheaper tariff",
     "facts": "{Person} asked for a cheaper tariff after two years without a claim.", "favourable": "yes"}

`not_for` may name axes along which nobody is to be swapped. tests/probes/sets/test_templates.py
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from assaymark.probes.counterfactual import PERSON, Template, axes
from assaymark.probes.sets.file import field_of, read_json_lines, wrong_record

_NAME = re.compile(r"[a-z0-9]+([ -][a-z0-9]+)*")
_TEXTS = ("id", "context", "role", "decision", "facts", "favourable")
_KNOWN = {*_TEXTS, "not_for"}


def read_templates(path: Path, sha256: str, *, known: Collection[str]) -> list[Template]:
    """Return the templates of a file, in its order.

    Args:
        path: The file.
        sha256: Of its bytes.
        known: Ids that are taken.

    Raises:
        InputError: The file cannot be used, or a template is none.
    """
    found: list[Template] = []
    taken = set(known)
    for line, record in read_json_lines(path, sha256):
        if not set(record) <= _KNOWN:
            raise wrong_record(path, line, f"expected no other fields than {_listed(_KNOWN)}")
        text = {name: str(field_of(record, name, str, path, line)).strip() for name in _TEXTS}
        if not all(text.values()):
            raise wrong_record(path, line, "expected no empty text")
        if not _NAME.fullmatch(text["id"]) or not _NAME.fullmatch(text["context"]):
            raise wrong_record(
                path, line, "expected `id` and `context` in lower-case words joined by hyphens"
            )
        if PERSON not in text["facts"]:
            raise wrong_record(path, line, f"expected `{PERSON}` in `facts`")
        if text["favourable"] not in ("yes", "no"):
            raise wrong_record(path, line, "expected `favourable` to be `yes` or `no`")
        without = record.get("not_for", [])
        if not isinstance(without, list) or not all(each in axes() for each in without):
            raise wrong_record(path, line, f"expected `not_for` to list some of {_listed(axes())}")
        named = f"own/{text['context']}/{text['id']}"
        if named in taken:
            raise wrong_record(
                path, line, "expected an `id` that no other template of its context has"
            )
        taken.add(named)
        found.append(
            Template(
                id=named,
                context=f"own/{text['context']}",
                facts=text["facts"],
                decision=text["decision"],
                role=text["role"],
                favourable=text["favourable"],
                not_for=tuple(without),
            )
        )
    if not found:
        raise wrong_record(path, 1, "expected at least one template")
    return found


def _listed(names: Collection[str]) -> str:
    return ", ".join(f"`{each}`" for each in sorted(names))
