"""
A guard in use. Requests that began under a policy end under it; the guard is closed after the last of them.

What is given back is noticed when somebody looks, not when it happens: Python may let go of a request's last
reference anywhere, also while a lock is held.

tests/guard/life/test_leases.py
"""

from __future__ import annotations

import threading
import weakref
from collections import deque

from assaymark.guard.guard import Guard
from assaymark.guard.life.collecting import Collected, CollectingGuard
from assaymark.policy.policy import Policy


class Loaded:
    """A policy and its guard.

    Args:
        policy: The policy.
        guard: Its guard, closed when it is retired and no request holds it.
    """

    def __init__(self, policy: Policy, guard: Guard) -> None:
        self.policy = policy
        self._guard = guard
        self._lock = threading.Lock()
        self._given = 0
        self._returned: deque[None] = deque()
        self._is_retired = self._is_closed = False

    @property
    def held(self) -> int:
        """How many requests hold it."""
        return self._given - len(self._returned)

    def lease(self, collected: Collected | None = None) -> CollectingGuard | None:
        """Return the guard for one request, or `None` where it is closed.

        It is given back when nobody refers to it any more.
        """
        with self._lock:
            if self._is_closed:
                return None
            # One that is taken out and still counted as given only keeps the guard open for longer.
            while self._returned:
                self._returned.popleft()
                self._given -= 1
            self._given += 1
        view = CollectingGuard.view(self._guard, collected)
        weakref.finalize(view, self._returned.append, None).atexit = False
        return view

    def retire(self) -> None:
        """Have the guard closed as soon as no request holds it."""
        self._is_retired = True
        self.close_if_over()

    def close_if_over(self) -> bool:
        """Close the guard if it is retired and nobody holds it; return whether it is closed."""
        with self._lock:
            if self._is_retired and not self._is_closed and not self.held:
                self._is_closed = True
                self._guard.close()
            return self._is_closed
