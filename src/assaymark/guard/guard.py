"""
The guard: one policy, judged on every request.

    guard = Guard.load("policy.yaml")
    checked = guard.check([{"role": "user", "content": "..."}])
    answer = guard.stream(Phase.OUTPUT)
    for piece in pieces:
        print(answer.feed(piece), end="")
    print(answer.finish())

* A guard holds nothing of any request: threads and tasks share it freely.
* Detectors run on threads of their own. `acheck`, `afeed` and `afinish` keep the rest off the event loop as
  well, but for short texts that only quick detectors read.
* What could not be judged is in every answer, and passes only as `on_error` says.

tests/guard/test_guard.py, test_concurrency.py, test_faults.py
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from assaymark.errors import PolicyError
from assaymark.guard.answers import AnswerMemory
from assaymark.guard.building import Operators, Optics, naming
from assaymark.guard.documents import JsonParts
from assaymark.guard.field import TextField, to_judge
from assaymark.guard.json_field import JsonField, LiteralRewriter
from assaymark.guard.message_fields import Kind
from assaymark.guard.messages import Content, Place, contents, with_contents
from assaymark.guard.rewriting import Rewriter
from assaymark.guard.running import NOT_PROMPT, Asking, Runner, asking_of, size_of
from assaymark.guard.sessions import Session, Sessions
from assaymark.guard.stream import GuardStream
from assaymark.guard.summing import Outcome, summed
from assaymark.guard.verdict import Checked
from assaymark.policy.guarding import Phase, guard_rules

if TYPE_CHECKING:
    from assaymark.contracts.catalog import Catalog
    from assaymark.guard.selectors import Fields
    from assaymark.model.subject import Sha256
    from assaymark.policy.policy import Policy
    from assaymark.redaction.keys import Secret


class Guard:
    """Judges messages, texts and streams under one policy.

    Args:
        policy: Loaded; its section `guard` says what happens.
        catalog: What it was loaded with.
        secret: Key for the operators `hash`, `encrypt` and `pseudonym`.
        vault: File in which pseudonyms are kept; needed for `pseudonym`.
        lives: How long a pseudonym leads back after its last use; `None`: for ever.
        memory: Remembered answers; guards under several policies may share one.

    Raises:
        PolicyError: The policy has no section `guard`, or a rule cannot be honoured on a stream.
        DetectorError: A detector cannot start.
        UsageError: A rule needs a key or a vault that is not given.
    """

    def __init__(
        self,
        policy: Policy,
        catalog: Catalog,
        *,
        secret: Secret | None = None,
        vault: Path | None = None,
        lives: timedelta | None = None,
        memory: AnswerMemory | None = None,
    ) -> None:
        if not policy.guard:
            raise PolicyError(
                f"the policy `{policy.name}` says nothing about run time",
                hint="add a section `guard`",
            )
        self.policy: Sha256 = policy.digest
        self.rules = guard_rules(policy.guard)
        self.memory = AnswerMemory() if memory is None else memory
        self.optics = Optics(policy, catalog, self.rules, self.memory)
        self.detectors: Mapping[str, Sha256] = self.optics.digests
        """Id of each detector to its digest."""
        self._sessions: Sessions | None = None
        if secret is not None and vault is not None:
            self._sessions = Sessions(vault, secret, lives=lives)
        self._operators = Operators(self.rules, self.optics.entities(), secret, self._sessions)
        self.runner, self._asking = Runner(), asking_of(self.optics.lenses)

    @classmethod
    def load(cls, location: str, **options: Any) -> Self:
        """Return the guard of the policy at `location`, a path or `pack:NAME`; `options` as for the class."""
        from assaymark.engine.catalog import installed_catalog
        from assaymark.policy.load import load_policy

        catalog = installed_catalog()
        policy = load_policy(location, catalog)
        with naming(location):
            return cls(policy, catalog, **options)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    @property
    def shared(self) -> Guard:
        """The guard that this one is a view of, or itself."""
        return self

    def close(self) -> None:
        """Let go of threads and files; what is still asked is answered as unjudged."""
        self.optics.close()
        self.runner.close()
        if self._sessions is not None:
            self._sessions.close()

    def check(
        self,
        messages: Sequence[Mapping[str, Any]],
        phase: Phase = Phase.INPUT,
        *,
        session: Session | None = None,
    ) -> Checked:
        """Judge chat messages as the OpenAI API writes them.

        On the way to a model, what stands before the last answer of the model was judged in its turn: where
        it is blocked it is withheld, and does not block the conversation. Tool calls and tool results are
        judged under their own rules.

        Args:
            messages: Mappings with `role`, `content`, `tool_calls` and so on. They are not changed.
            phase: `INPUT` for what goes to a model, `OUTPUT` for what comes from one.
            session: Whose pseudonyms are used.

        Returns:
            The verdict, and the messages as they may pass.

        Raises:
            UsageError: A rule needs pseudonyms and no session is given, or these are no messages.
            InputError: The vault cannot be used.
        """
        found = contents(messages, phase, blocks_other=self.rules.refuses_uninspected)
        return self._checked(messages, found, phase, session)

    def check_json(
        self,
        document: Any,
        fields: Fields = (),
        phase: Phase = Phase.INPUT,
        *,
        session: Session | None = None,
    ) -> Checked:
        """Judge a JSON document, such as the body of a request.

        Args:
            document: The parsed value. It is not changed.
            fields: What in it is judged, as `"messages, title"` or a list: texts, chat messages, anything
                else as JSON. All of it where there are none, or where none of them leads anywhere.
            phase: As for `check`.
            session: As for `check`.

        Returns:
            The verdict; the only message is the document as it may pass, and there is none on `BLOCK`.

        Raises:
            UsageError: As for `check`, or a field is no field path.
            InputError: As for `check`.
        """
        parts = JsonParts(document, fields, phase, blocks_other=self.rules.refuses_uninspected)
        return parts.whole(self._checked(parts.messages, parts.contents, phase, session))

    def check_text(
        self, text: str, phase: Phase = Phase.INPUT, *, session: Session | None = None
    ) -> Checked:
        """Judge one text; the only message of the result has it as `content`."""
        return self.check([{"role": "user", "content": text}], phase, session=session)

    async def acheck(
        self,
        messages: Sequence[Mapping[str, Any]],
        phase: Phase = Phase.INPUT,
        *,
        session: Session | None = None,
    ) -> Checked:
        """Do as `check`; the event loop waits for short messages only."""
        work = partial(self.check, messages, phase, session=session)
        return await self.runner.do(work, size_of(messages), self._asked_in(phase, session))

    async def acheck_json(
        self,
        document: Any,
        fields: Fields = (),
        phase: Phase = Phase.INPUT,
        *,
        session: Session | None = None,
    ) -> Checked:
        """Do as `check_json`; the event loop waits for short documents only."""
        work = partial(self.check_json, document, fields, phase, session=session)
        return await self.runner.do(work, size_of(document), self._asked_in(phase, session))

    def stream(
        self,
        phase: Phase = Phase.OUTPUT,
        *,
        session: Session | None = None,
        is_json: bool = False,
    ) -> GuardStream:
        """Return what judges one text field that arrives in pieces.

        Args:
            phase: `OUTPUT` for texts, `TOOL_CALLS` for arguments of tools.
            session: Whose pseudonyms are used and restored.
            is_json: Whether the field holds JSON, as arguments of tools do.
        """
        place = Place(0, "", phase)
        field = self._field(Content(place, "", Kind.JSON if is_json else Kind.TEXT), session)
        run = partial(self.runner.do_piece, self._asked_in(phase, session))
        return GuardStream(field, phase, self.policy, self.detectors, run)

    def _checked(
        self,
        messages: Sequence[Mapping[str, Any]],
        found: Sequence[Content],
        phase: Phase,
        session: Session | None,
    ) -> Checked:
        recalled: list[str] = []
        outcomes = self._judged(found, session, recalled)
        return summed(
            messages,
            outcomes,
            phase=phase,
            rewrite=with_contents,
            policy=self.policy,
            detectors=self.detectors,
            recalled=len(recalled),
        )

    def _judged(
        self, found: Sequence[Content], session: Session | None, recalled: list[str]
    ) -> list[Outcome]:
        """Return what becomes of each content; all of one phase are asked about together."""
        foreseen: dict[Phase, dict[str, Any]] = {}
        until = time.monotonic() + self.rules.deadline
        for phase in dict.fromkeys(each.place.phase for each in found):
            lens = self.optics.lenses[phase]
            texts = [
                each.text for each in found if each.place.phase is phase and each.kind is Kind.TEXT
            ]
            windows = list(dict.fromkeys(w for text in texts for w in to_judge(lens, text)))
            answers = lens.answers(
                lens.by_page, windows, remember=True, until=until, recalled=recalled
            )
            foreseen[phase] = dict(zip(windows, answers, strict=True))
        return [
            Outcome.of(each, self._field(each, session, foreseen[each.place.phase], until))
            for each in found
        ]

    def _field(
        self,
        content: Content,
        session: Session | None,
        foreseen: Mapping[str, Any] | None = None,
        until: float | None = None,
    ) -> TextField | JsonField:
        phase = content.place.phase
        lens, rewriter = self.optics.lenses[phase], self._operators.rewriter(phase, session)
        holds = foreseen is not None or self.rules.holds_whole_answers

        def field(context: str = "", *, is_literal: bool = False) -> TextField:
            what = LiteralRewriter(**_parts(rewriter)) if is_literal else rewriter
            return TextField(
                lens, what, context=context, holds=holds, foreseen=foreseen, until=until
            )

        if content.kind in (Kind.JSON, Kind.VALUE):
            return JsonField(field, refuses=self.rules.refuses_bad_json, holds=holds)
        return field()

    async def off_loop(self, work: Any) -> Any:
        """Return what `work` returns, having run it on a thread of the guard."""
        return await self.runner.off_loop(work)

    def _asked_in(self, phase: Phase, session: Session | None) -> Asking:
        # A vault is a file, and somebody else may be writing it.
        return self._asking[phase] if session is None or not self._sessions else NOT_PROMPT


def _parts(rewriter: Rewriter) -> dict[str, Any]:
    return {each.name: getattr(rewriter, each.name) for each in fields(rewriter)}
