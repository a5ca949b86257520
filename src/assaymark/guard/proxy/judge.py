"""
Who judges one request and its answer, and what was said of them.

* Requests are judged as a whole, answers field by field, by the same code whether they stream or not.
* What nothing can read is refused, or, under `uninspected: allow`, passes and is named.

tests/guard/proxy
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from assaymark.errors import AssaymarkError
from assaymark.guard.asgi.account import Account
from assaymark.guard.asgi.refusals import blocked
from assaymark.guard.documents import Steps, pointer
from assaymark.guard.guard import Guard
from assaymark.guard.proxy.coverage import Rest, put_back, texts_of
from assaymark.guard.proxy.faults import BLOCKED_STATUS, not_inspectable, unavailable
from assaymark.guard.proxy.reading import MOST_TEXTS, invalid_answer
from assaymark.guard.sessions import Session
from assaymark.guard.stream import GuardStream
from assaymark.guard.unread import unread
from assaymark.guard.verdict import UNREAD, Checked, Unjudged, Verdict
from assaymark.policy.guarding import Action, Phase

AT_ONCE = frozenset({"annotations", "images"})
"""Lists whose elements come whole, one after the other."""

_MOST_AT_ONCE = 10_000
_IN_PART = "/content/0/value"
"""Where a part stands in the message that was made of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """How much is judged."""

    request: int = 1 << 20
    """Bytes of a request."""

    answer: int = 8 << 20
    """Bytes of an answer that comes as a whole, or of one event, and characters held of a text."""


class Said(NamedTuple):
    """A part of what a guard says."""

    verdict: Verdict
    findings: tuple[Any, ...]
    unjudged: tuple[Unjudged, ...]


class Judge:
    """Judges one request and its answer.

    Args:
        guard: The guard.
        session: Whose pseudonyms are used.
        caps: How much is judged.
    """

    def __init__(self, guard: Guard, session: Session | None, caps: Caps) -> None:
        self.guard, self.session, self.caps = guard, session, caps
        self.request, self._rests = Account(), Account()
        self._texts: dict[Steps, GuardStream] = {}
        self._judged: list[tuple[str, GuardStream]] = []
        """Every text that was judged, with its place; an answer may have two at one place."""
        self._at_once: dict[Steps, int] = {}
        """Where a text stands that is no text of the API, to the hash of what it said first."""

    @property
    def response(self) -> Account:
        """What is said of the answer by now."""
        account = Account()
        for where, each in self._judged:
            account.add(
                Said(
                    each.verdict,
                    tuple(replace(one, field=where + one.field) for one in each.findings),
                    tuple(replace(one, field=where + one.field) for one in each.unjudged),
                )
            )
        account.merge(self._rests)
        return account

    @property
    def may_block_calls(self) -> bool:
        """Whether a rule blocks what is found in a call of a tool."""
        return any(each.action is Action.BLOCK for each in self.guard.rules.rules[Phase.TOOL_CALLS])

    # -- requests

    async def messages(self, messages: Sequence[Any], where: Sequence[Steps]) -> tuple[Any, ...]:
        """Return the texts of a request, as chat messages, as they may pass.

        Args:
            messages: As `Guard.check` takes them; each holds one text.
            where: The place of each text in the request's document.

        Raises:
            RefusedError: They do not pass.
        """
        try:
            checked = await self.guard.acheck(messages, Phase.INPUT, session=self.session)
        except AssaymarkError as error:
            raise unavailable(error) from None
        self._add(self.request, checked, lambda each: _of_value(each, where))
        self._demand_passed(checked, "request")
        return checked.messages

    async def rest(self, document: Any, rests: Sequence[Rest]) -> Any:
        """Return the `document` of a request with its `rests` as they may pass.

        Raises:
            RefusedError: They do not pass.
        """
        return await self._rest(document, rests, Phase.INPUT, self.request)

    def unread(self, value: Any, *steps: str | int, in_answer: bool = False) -> list[Rest]:
        """Note that a part passes that nothing can read as a whole; return what can be read in it.

        Args:
            value: The part.
            steps: Where it stands; none of them the client's own word.
            in_answer: Whether it is the answer's.

        Raises:
            RefusedError: The policy does not let it pass.
        """
        for each in unread(value).coded:
            self.opaque(*steps, *each, in_answer=in_answer)
        return self.readable(value, *steps)

    @staticmethod
    def readable(value: Any, *steps: str | int) -> list[Rest]:
        """Return what can be read in a part at `steps` that nothing can read as a whole."""
        return [
            Rest((*steps, *each.steps), each.value, is_part=bool(each.keys))
            for each in unread(value).readable
        ]

    def opaque(self, *steps: str | int, in_answer: bool = False) -> None:
        """Note that a field passes that nothing can read.

        Args:
            steps: Where it stands; none of them the client's own word.
            in_answer: Whether it is the answer's.

        Raises:
            RefusedError: The policy does not let it pass.
        """
        refuses = self.guard.rules.refuses_uninspected
        lapse = Unjudged(detector="", reason=UNREAD, passed=not refuses, field=pointer(steps))
        verdict = Verdict.BLOCK if refuses else Verdict.ALLOW
        account = self._rests if in_answer else self.request
        account.add(Said(verdict, (), (lapse,)))
        if refuses:
            raise not_inspectable("response" if in_answer else "request", [str(steps[0])])

    # -- answers

    async def feed(
        self, key: Steps, text: str, *, to_tool: bool = False, is_json: bool = False
    ) -> str:
        """Take a piece of one text of the answer; return what may leave.

        Args:
            key: Which text, as its place in the answer's document.
            text: The piece.
            to_tool: Whether it goes to a tool.
            is_json: Whether the text is JSON.

        Raises:
            RefusedError: It cannot be judged.
        """
        stream = self._texts.get(key) or self._stream(key, to_tool=to_tool, is_json=is_json)
        left = await stream.afeed(text) if text and not stream.blocked else ""
        if stream.held > self.caps.answer:
            raise invalid_answer("a text is longer than can be held")
        return left

    async def finish(self, key: Steps) -> str:
        """Return the rest of a text that is whole; nothing where it never began."""
        stream = self._texts.get(key)
        return "" if stream is None or stream.blocked else await stream.afinish()

    async def whole(
        self, key: Steps, text: str, *, to_tool: bool = False, is_json: bool = False
    ) -> str:
        """Return what may leave of a text that is there as a whole."""
        stream = self._stream(key, to_tool=to_tool, is_json=is_json)
        if len(text) > self.caps.answer:
            raise invalid_answer("a text is longer than can be held")
        return await stream.awhole(text) if text else ""

    def is_blocked(self, key: Steps) -> bool:
        """Return whether the text `key`, or one below it, is blocked."""
        return any(each.blocked for known, each in self._texts.items() if known[: len(key)] == key)

    def keys(self, prefix: Steps = ()) -> list[Steps]:
        """Return the texts below `prefix`, in the order in which they began."""
        return [each for each in self._texts if each[: len(prefix)] == prefix]

    async def answer_rest(
        self, document: Any, rests: Sequence[Rest], here: Steps | None = None
    ) -> Any:
        """Return the `document` of an answer with its `rests` as they may pass.

        Args:
            document: A part of the answer.
            rests: Of it.
            here: What part it is, where it comes again and again; nothing where it is there once.

        Raises:
            RefusedError: They do not pass, or a text among them comes in pieces.
        """
        if here is not None:
            self._demand_at_once(rests, here)
        return await self._rest(document, rests, Phase.OUTPUT, self._rests)

    def _demand_at_once(self, rests: Sequence[Rest], here: Steps) -> None:
        """Refuse a text that comes in pieces where nobody expects one: each piece is judged for itself.

        Raises:
            RefusedError: There is one, and the policy does not let pass what cannot be judged.
        """
        for rest in rests:
            for steps, text in texts_of(rest, AT_ONCE):
                known = self._at_once.setdefault((*here, *steps), hash(text))
                if known != hash(text):
                    self.opaque("delta", in_answer=True)
            if len(self._at_once) > _MOST_AT_ONCE:
                raise invalid_answer("it has more parts than can be looked at")

    def _stream(self, key: Steps, *, to_tool: bool, is_json: bool) -> GuardStream:
        if len(self._judged) >= MOST_TEXTS:
            raise invalid_answer(f"it has more than {MOST_TEXTS:,} texts")
        phase = Phase.TOOL_CALLS if to_tool else Phase.OUTPUT
        try:
            made = self.guard.stream(phase, session=self.session, is_json=is_json)
        except AssaymarkError as error:
            raise unavailable(error) from None
        self._texts[key] = made
        self._judged.append((pointer(key), made))
        return made

    # -- both

    async def _rest(
        self, document: Any, rests: Sequence[Rest], phase: Phase, account: Account
    ) -> Any:
        if not rests:
            return document
        values = [each.value for each in rests]
        try:
            checked = await self.guard.acheck_json(values, (), phase, session=self.session)
        except AssaymarkError as error:
            raise unavailable(error) from None
        self._add(account, checked, lambda each: _in_document(each.field, rests))
        self._demand_passed(checked, "request" if phase is Phase.INPUT else "response")
        new: Any = checked.messages[0]
        return document if new is values else put_back(document, rests, new)

    @staticmethod
    def _add(account: Account, checked: Checked, place: Callable[[Any], str]) -> None:
        """Take down what was said, with the places that it is about in the document of the API."""
        account.add(
            Said(
                checked.verdict,
                tuple(replace(e, message=0, field=place(e)) for e in checked.findings),
                tuple(replace(e, message=0, field=place(e)) for e in checked.unjudged),
            )
        )

    @staticmethod
    def _demand_passed(checked: Checked, what: str) -> None:
        if checked.verdict is not Verdict.BLOCK:
            return
        unseen = any(not each.detector and not each.passed for each in checked.unjudged)
        if unseen and not any(each.action is Action.BLOCK for each in checked.findings):
            raise not_inspectable(what, [])
        raise blocked(what, BLOCKED_STATUS)


def _of_value(said: Any, where: Sequence[Steps]) -> str:
    """Return the place of something in a text that was made a message of."""
    before, hash_, inner = said.field.partition("#")
    _, _, below = before.partition(_IN_PART)
    return f"{pointer(where[said.message])}{below}{hash_}{inner}"


def _in_document(field: str, rests: Sequence[Rest]) -> str:
    """Return the place of something in what was judged together with others."""
    number, slash, inner = field.removeprefix("#/").partition("/")
    return f"{pointer(rests[int(number)].steps)}{slash}{inner}" if number.isdecimal() else ""
