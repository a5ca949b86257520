"""
APIs of a guard itself, such as moderations, served beside those of models.

A handler belongs to one guard; which guard a request is for is asked anew each time. Every call is recorded
before its answer leaves, like any other request.

tests/guard/proxy/test_decisions.py
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import parse_qsl, unquote

from assaymark.errors import AssaymarkError
from assaymark.guard.apis.contract import Api, Call
from assaymark.guard.asgi.account import Account
from assaymark.guard.asgi.refusals import RefusedError
from assaymark.guard.guard import Guard
from assaymark.guard.proxy.dialect import OpenAIErrors
from assaymark.guard.proxy.faults import fault, unserved
from assaymark.guard.proxy.keys import conversation_of
from assaymark.guard.proxy.record import Record, Unserved
from assaymark.guard.serving import REQUEST, TENANT, NotServedError, ServedPolicy
from assaymark.guard.sessions import Session

if TYPE_CHECKING:
    from assaymark.guard.proxy.application import ProxyApplication
    from assaymark.guard.proxy.client import Client

ContractsOf: TypeAlias = Callable[[Guard], Sequence[Api]]

_MOST_GUARDS = 64
"""Guards whose APIs are kept: a policy that was replaced is let go of at last."""

_UNSERVED = 503  # HTTP
_NAME = re.compile(r"\{(\w+)\}")


class Contracts:
    """The APIs, for every guard.

    Args:
        of: From a guard to its APIs.
    """

    def __init__(self, of: ContractsOf) -> None:
        self._of = of
        self._made: OrderedDict[Guard, Sequence[tuple[re.Pattern[str], Api]]] = OrderedDict()

    def find(self, guard: Guard, method: str, path: str) -> tuple[Api, dict[str, str]] | None:
        """Return what answers, and what stands in the path for its names; `None` where nothing does.

        Raises:
            RefusedError: What is there takes other methods.
        """
        # Requests under one policy hold views of one guard; what is made for it serves them all.
        guard = guard.shared
        if guard not in self._made:
            self._made[guard] = [(_pattern(each.path), each) for each in self._of(guard)]
            while len(self._made) > _MOST_GUARDS:
                self._made.popitem(last=False)
        allowed: set[str] = set()
        for pattern, api in self._made[guard]:
            found = pattern.fullmatch(path)
            if found is not None and api.method == method:
                return api, {name: unquote(value) for name, value in found.groupdict().items()}
            if found is not None:
                allowed.add(api.method)
        if allowed:
            methods = " and ".join(sorted(allowed))
            raise RefusedError(405, "method_not_allowed", f"this path takes {methods} only")
        return None


class ServedApi(OpenAIErrors):
    """What is recorded as the API.

    Args:
        name: Such as `v1.check`.
        path: As it is served.
    """

    names: frozenset[str] = frozenset()

    def __init__(self, name: str, path: str) -> None:
        self.name, self.path = name, path


_ANYTHING = ServedApi("guard", "*")
"""What is recorded as the API where nobody looked which one it is."""


class Said:
    """What was said of a call, as a record wants it."""

    def __init__(self, guard: Guard) -> None:
        self.guard = guard
        self.request, self.response = Account(), Account()


async def admitted(proxy: ProxyApplication, client: Client) -> tuple[ServedPolicy, dict[str, str]]:
    """Return the policy that holds for a call, and its headers with the tenant that is believed.

    Raises:
        RefusedError: Nobody knows who asks, no policy holds, or that nobody is served cannot be recorded.
    """
    came = datetime.now(UTC)
    caller = await proxy.keys.caller(client)
    headers = {**client.headers, TENANT: caller.tenant, REQUEST: client.request_id}
    try:
        return proxy.source.guard_for(headers), headers
    except AssaymarkError as error:
        if isinstance(error, NotServedError):
            await _unserved(proxy, client, came, caller.tenant, error)
        raise unserved(error) from None


def recorded(
    proxy: ProxyApplication, client: Client, served: ServedPolicy, api: ServedApi, data: bytes
) -> tuple[Record, Said]:
    """Return the record of a call that begins now, and what it is to tell."""
    said: Any = Said(served.guard)
    told: Any = api
    record = Record(
        came=datetime.now(UTC),
        request_id=client.request_id,
        tenant=served.tenant,
        dialect=told,
        judge=said,
        digest=proxy.digest(data),
    )
    record.is_off = served.is_off
    return record, said


async def answer_contract(
    proxy: ProxyApplication, contracts: Contracts, client: Client, path: str
) -> bool:
    """Answer a call of one of the guard's own APIs; return whether it is one.

    Raises:
        RefusedError: It cannot be answered.
    """
    served, headers = await admitted(proxy, client)
    found = contracts.find(served.guard, client.method, path)
    if found is None:
        return False
    api, parameters = found
    limits = proxy.limits
    data = await client.body(limits.caps.request, limits.seconds)
    name = api.path.strip("/").replace("/", ".")
    record, said = recorded(proxy, client, served, ServedApi(name, api.path), data)
    conversation = conversation_of(client)
    call = Call(
        path_parameters=parameters,
        query=dict(parse_qsl(client.query.decode("latin-1"), keep_blank_values=True)),
        headers=headers,
        body=data,
        tenant=served.tenant,
        session=None if conversation is None else Session(served.tenant, conversation),
        guard=served.guard,
    )
    async with proxy.slots.one():
        try:
            reply = await api.answer(call)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets an answer
            refused = fault(error)
            record.outcome = refused.code
            await record.keep(proxy.sink, refused.status)
            raise refused from None
    for each in reply.checked:
        said.request.add(each)
    await record.keep(proxy.sink, reply.status)
    kind = reply.headers.get("content-type", "application/json")
    passed = {**record.told(), **reply.headers, "content-type": kind}
    passed.pop("content-length", None)
    await client.send_whole(reply.status, reply.body, passed)
    return True


async def _unserved(
    proxy: ProxyApplication, client: Client, came: datetime, tenant: str, error: NotServedError
) -> None:
    """Record that nobody was served. Which API was meant only a guard knows.

    Raises:
        RefusedError: That cannot be recorded.
    """
    said: Any = _ANYTHING
    record = Record(
        came=came,
        request_id=client.request_id,
        tenant=tenant,
        dialect=said,
        judge=Unserved(error.policy),
        digest="",
    )
    record.outcome = error.outcome
    await record.keep(proxy.sink, _UNSERVED)


def _pattern(path: str) -> re.Pattern[str]:
    parts = _NAME.split(path)
    written = [f"(?P<{part}>[^/]+)" if n % 2 else re.escape(part) for n, part in enumerate(parts)]
    return re.compile("".join(written))
