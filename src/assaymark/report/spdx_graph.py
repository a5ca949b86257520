"""
The elements of one SPDX 3 document: each under an address of its own, all with one creation info.

The address of an element is the document's with a fragment, and the document's follows from what went
into it. So equal inputs give equal addresses, and two documents never share one.

Source: SPDX 3.0.1, Core: Element, Relationship, Annotation; the JSON-LD context of that version.

tests/report/test_spdx.py
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any, TypeAlias

from assaymark.model.codec import format_time

Json: TypeAlias = dict[str, Any]

CONTEXT = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
VERSION = "3.0.1"
_CREATION = "_:creation"


class Graph:
    """The elements of a document, in the order in which they were added."""

    def __init__(self, address: str, created: datetime) -> None:
        self._address = address
        self._created = created
        self._given: Counter[str] = Counter()
        self._agents: dict[str, str] = {}
        self.elements: list[Json] = []

    def address(self, kind: str) -> str:
        """Return an address that nothing else in the document has."""
        self._given[kind] += 1
        return f"{self._address}#{kind}-{self._given[kind]}"

    def add(self, kind: str, element: Json, *, under: str) -> str:
        """Add an element of a class of SPDX, without the fields that hold nothing, and return its address.

        Args:
            kind: The class, as the context names it.
            element: Its fields.
            under: Start of its fragment.
        """
        address = self.address(under)
        held = {key: value for key, value in element.items() if value not in ("", [], None)}
        self.elements.append(
            {"type": kind, "spdxId": address, "creationInfo": _CREATION, **held},
        )
        return address

    def agent(self, name: str) -> str:
        """Return the address of whoever is called `name`, who is one throughout the document."""
        if name not in self._agents:
            self._agents[name] = self.add("Agent", {"name": name}, under="agent")
        return self._agents[name]

    def relate(self, start: str, kind: str, ends: Iterable[str]) -> None:
        """Add a relationship, where there is anything to relate."""
        if to := list(ends):
            relation = {"from": start, "relationshipType": kind, "to": to}
            self.add("Relationship", relation, under="relationship")

    def note(self, subject: str, statement: str, *, content_type: str = "") -> None:
        """Add what has no field of its own."""
        note = {"annotationType": "other", "subject": subject, "statement": statement}
        self.add("Annotation", {**note, "contentType": content_type}, under="annotation")

    def document(self, made_by: str) -> Json:
        """Return the whole document.

        Args:
            made_by: Address of the agent that made it.
        """
        creation = {
            "@id": _CREATION,
            "type": "CreationInfo",
            "specVersion": VERSION,
            "created": format_time(self._created),
            "createdBy": [made_by],
        }
        return {"@context": CONTEXT, "@graph": [creation, *self.elements]}
