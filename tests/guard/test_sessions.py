"""The space of a session: one name for tenant and session, which leads back to both."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assaymark.guard import Session

NAMES = st.text(alphabet=st.characters(codec="utf-8"), max_size=9) | st.sampled_from(
    ["1:", "7", ":\n"]
)


@given(NAMES, NAMES)
@example("", "")
@example("a\nb", "c\nd")
def test_a_space_leads_back(tenant: str, session: str) -> None:
    """Whatever the two are called."""
    assert Session.of(Session(tenant, session).space) == Session(tenant, session)


@pytest.mark.parametrize(
    "name", ["", "payroll", "5:acme", "04:acme", "4", "٤:acme", f"{'9' * 5000}:a"]
)
def test_another_space_is_of_no_session(name: str) -> None:
    """One that `redact --space` named, or nobody."""
    assert Session.of(name) is None


@given(st.text(max_size=9))
def test_no_two_sessions_share_a_space(name: str) -> None:
    """A space that reads as a session's is the space of that session."""
    session = Session.of(name)

    assert session is None or session.space == name
