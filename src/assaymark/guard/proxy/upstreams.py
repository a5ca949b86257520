"""
Which upstream answers a request, and which is asked when one fails.

* Clients choose among addresses by the name of a model, and only among those that the settings name.
* A request is tried again only where no upstream has begun to work on it: it could not be reached, or said
  that it is busy (429, 503).
* An upstream that fails several times in a row is left alone for a while; then one request tries it.
* Weights are kept exactly: each upstream gets its share of the requests (smooth weighted round robin).

tests/guard/proxy/test_upstreams.py
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from assaymark.guard.asgi.refusals import RefusedError
from assaymark.guard.proxy.connections import NotSentError, Origin, UpstreamAnswer
from assaymark.guard.proxy.settings import Resilience, Timeouts, UpstreamSettings

_BUSY = frozenset({429, 503})
_FAULTS = frozenset({500, 502, 503, 504})
_PAUSE = 0.05
"""Seconds before an upstream is asked again, for each time that it was."""


class Upstream:
    """One upstream.

    Args:
        settings: About it.
        timeouts: How long it may take.
        resilience: When it is left alone.
        clock: Monotonic.
    """

    def __init__(
        self,
        settings: UpstreamSettings,
        timeouts: Timeouts,
        resilience: Resilience,
        clock: Callable[[], float],
    ) -> None:
        self.settings = settings
        self.origin = Origin(settings, timeouts)
        self.share = 0
        self._resilience, self._clock = resilience, clock
        self._failures = 0
        self._rests_until = 0.0

    def serves(self, api: str, model: str) -> bool:
        """Return whether it answers requests of an API for a model."""
        fits = any(fnmatchcase(model, each) for each in self.settings.models)
        return fits and self.speaks(api)

    def speaks(self, api: str) -> bool:
        """Return whether it answers requests of an API."""
        return any(fnmatchcase(api, each) for each in self.settings.apis)

    @property
    def is_resting(self) -> bool:
        """Whether it is left alone."""
        return self._clock() < self._rests_until

    def asked(self) -> None:
        """Note that a request goes there; where it failed before, the others wait for what comes of it."""
        if self._failures >= self._resilience.failures:
            self._rests_until = self._clock() + self._resilience.rest

    def succeeded(self) -> None:
        """Note that it answered."""
        self._failures = 0
        self._rests_until = 0.0

    def failed(self) -> None:
        """Note that it did not."""
        self._failures += 1
        if self._failures >= self._resilience.failures:
            self._rests_until = self._clock() + self._resilience.rest


class Upstreams:
    """All upstreams.

    Args:
        settings: Of each.
        timeouts: How long they may take.
        resilience: What is done where they fail.
        clock: Monotonic.
    """

    def __init__(
        self,
        settings: Sequence[UpstreamSettings],
        timeouts: Timeouts,
        resilience: Resilience,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._timeouts, self._resilience = timeouts, resilience
        self._all = [Upstream(each, timeouts, resilience, clock) for each in settings]

    def __iter__(self) -> Iterator[Upstream]:
        """Yield each, in the order of the settings."""
        return iter(self._all)

    async def ask(
        self,
        api: str,
        model: str,
        target: str,
        body: bytes,
        headers_for: Callable[[UpstreamSettings], Mapping[str, str]],
    ) -> tuple[Upstream, UpstreamAnswer]:
        """Return who answers, and the answer when it has begun.

        Args:
            api: Such as `chat.completions`.
            model: As the request names it.
            target: The path below an upstream's address.
            body: The request.
            headers_for: From an upstream to what goes with it.

        Raises:
            RefusedError: Nobody serves the model, or nobody answers.
        """
        serving = [each for each in self._all if each.serves(api, model)]
        if not serving:
            raise RefusedError(
                404, "model_not_found", "no upstream serves this model", param="model"
            )
        until = time.monotonic() + self._timeouts.total
        left = self._order(serving)
        tried: list[Upstream] = []
        for attempt in range(1, self._resilience.attempts + 1):
            awake = [each for each in left if not each.is_resting]
            if not awake:
                break
            upstream = awake[0]
            if upstream in tried:
                await asyncio.sleep(_PAUSE * tried.count(upstream))
            tried.append(upstream)
            upstream.asked()
            headers = headers_for(upstream.settings)
            answer = await self._tried(upstream, target, headers, body, until)
            left.remove(upstream)
            if answer is None:
                left.append(upstream)
                continue
            is_last = attempt == self._resilience.attempts or len(awake) == 1
            if answer.status not in _BUSY or is_last:
                return upstream, answer
            # It says that it is busy: another one may not be.
            await answer.close()
        raise RefusedError(
            503,
            "upstream_unavailable",
            "no upstream can be reached",
            retry_after=max(1, round(self._resilience.rest)),
        )

    async def close(self) -> None:
        """Close what is open and not at work."""
        for each in self._all:
            await each.origin.close()

    async def _tried(
        self,
        upstream: Upstream,
        target: str,
        headers: Mapping[str, str],
        body: bytes,
        until: float,
    ) -> UpstreamAnswer | None:
        try:
            answer = await upstream.origin.ask("POST", target, headers, body, until)
        except NotSentError:
            upstream.failed()
            return None
        except RefusedError:
            upstream.failed()
            raise
        if answer.status in _FAULTS:
            upstream.failed()
        else:
            upstream.succeeded()
        return answer

    @staticmethod
    def _order(serving: Sequence[Upstream]) -> list[Upstream]:
        """Return them as they are asked: the one whose turn it is, then the others."""
        for each in serving:
            each.share += each.settings.weight
        first = max(serving, key=lambda each: each.share)
        first.share -= sum(each.settings.weight for each in serving)
        others = sorted((e for e in serving if e is not first), key=lambda each: -each.share)
        return [first, *others]
