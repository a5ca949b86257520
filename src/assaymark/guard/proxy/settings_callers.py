"""
The sections of `serve.yaml` about who asks.

    keys:
      - {name: team-a, sha256: 2bb8…, tenant: acme}
      - {name: team-b, scrypt: "$scrypt$ln=15,r=8,p=1$…$…", tenant: acme}
    trust: {tenant_header: x-tenant, from: [127.0.0.1/32]}

tests/guard/proxy/test_settings.py
"""

from __future__ import annotations

import ipaddress

from assaymark.attest.trust.reader import MapReader, word
from assaymark.guard.proxy.key_digests import ScryptDigest
from assaymark.guard.proxy.settings import KeySettings, Network, Trust
from assaymark.guard.proxy.settings_values import Once, digest, header
from assaymark.guard.serving import TENANT
from assaymark.marked_yaml import Node
from assaymark.policy.diagnostics import Reporter


class CallersReader:
    """Reads the sections; mistakes go to the report, each at its place.

    Args:
        report: Of the file.
    """

    def __init__(self, report: Reporter) -> None:
        self._report = report
        self._names = Once(report, "two keys are called")
        self._digests = Once(report, "this key has a name and a tenant already")

    def keys(self, top: MapReader) -> tuple[KeySettings, ...]:
        """Return the keys."""
        found = []
        for node in top.items("keys"):
            entry = MapReader.of(self._report, node, "a key")
            key = None if entry is None else self._key(entry)
            if key is not None:
                found.append(key)
        return tuple(found)

    def _key(self, entry: MapReader) -> KeySettings | None:
        name = entry.value("name", word, required=True)
        known, slow = entry.value("sha256", digest), entry.value("scrypt", _scrypt)
        if name is not None:
            self._names.take(name, entry.mark("name"), name)
        for key, each in (("sha256", known), ("scrypt", slow)):
            if each is not None:
                self._digests.take(str(each), entry.mark(key))
        tenant = entry.value("tenant", word)
        entry.close()
        if ("sha256" in entry) == ("scrypt" in entry):
            self._report.error(
                "bad-value", entry.mark(), "a key: expected either `sha256` or `scrypt`"
            )
        if name is None or (known is None and slow is None):
            return None
        return KeySettings(name=name, digest=known or "", scrypt=slow, tenant=tenant or "")

    def trust(self, section: MapReader) -> Trust | None:
        """Return whose word is believed."""
        named = section.value("tenant_header", header) or TENANT
        found = []
        for node in section.items("from", required=True):
            try:
                found.append(_network(node))
            except ValueError as error:
                self._report.error("bad-value", node.mark, f"`from`: {error}")
        return Trust(addresses=tuple(found), tenant_header=named) if found else None


def _scrypt(node: Node) -> ScryptDigest:
    return ScryptDigest.parse(node.value if isinstance(node.value, str) else "")


def _network(node: Node) -> Network:
    try:
        network = ipaddress.ip_network(word(node))
    except ValueError:
        network = None
    if network is None or not network.prefixlen:
        raise ValueError(
            "expected addresses such as `127.0.0.1/32` or `10.1.0.0/16`, and not all that there are"
        )
    return network
