"""Which rules are tried on a text: those with a literal in it, in their order, and no other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from assaymark.detectors.secrets.detector import RULES
from assaymark.detectors.secrets.rule import Shelf

LITERALS = sorted({literal for each in RULES for literal in each.literals})
TEXTS = st.lists(
    st.one_of(
        st.sampled_from(LITERALS),
        st.sampled_from(LITERALS).map(str.upper),
        st.sampled_from(LITERALS).map(lambda each: each[:-1]),
        st.text(max_size=4),
    ),
    max_size=12,
).map("".join)


@given(TEXTS)
def test_a_rule_is_tried_where_one_of_its_literals_stands(text: str) -> None:
    """Its literals are looked for in the text, or in lower case where the rule folds."""
    expected = [
        each
        for each in RULES
        if any(literal in (text.lower() if each.fold else text) for literal in each.literals)
    ]

    assert Shelf(RULES).applicable(text) == expected
