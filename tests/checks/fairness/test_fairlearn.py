"""
Our numbers about decisions against fairlearn's, over tables that nobody chose.

Both compute the same shares from the same counts, so they have to agree to the last digits: also for
intersections of columns, for groups that are all yes or all no, and for tables of a few rows.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import pandas as pd
import pytest
from fairlearn import metrics
from hypothesis import given, settings
from hypothesis import strategies as st

from assaymark.checks.fairness.equal_opportunity import EqualOpportunity
from assaymark.checks.fairness.equalized_odds import EqualizedOdds
from assaymark.checks.fairness.selection_rate_parity import SelectionRateParity
from assaymark.checks.fairness.settings import DecisionSettings, OutcomeSettings
from assaymark.model.measurement import Measured, NotMeasured, Result
from assaymark.testing import Row, batch_of

Person = tuple[str, str, bool, bool]
"""Two columns that make groups, what was true and what was decided."""

TABLES = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.booleans(), st.booleans()),
    min_size=4,
    max_size=80,
)
COLUMNS = st.sampled_from([("g",), ("h",), ("g", "h")])


def results_of(check: Any, made: Any, people: list[Person]) -> dict[tuple[str, str], Result]:
    """What a check says about a table, by metric and group."""
    rows = [
        Row(cells={"g": g, "h": h, "y": str(int(truth)), "p": str(int(said))})
        for g, h, truth, said in people
    ]
    own = check(made, {})
    found = own.finish(own.update(own.start(), batch_of(rows), {}), sampled=False)
    return {(each.metric, "".join(value for _, value in each.labels)): each for each in found}


def frame(people: list[Person], groups: tuple[str, ...]) -> dict[str, Any]:
    """The same table as fairlearn takes it."""
    told = pd.DataFrame(people, columns=["g", "h", "y", "p"])
    return {
        "y_true": told["y"].astype(int),
        "y_pred": told["p"].astype(int),
        "sensitive_features": told[list(groups)],
    }


def agree(result: Result, theirs: float) -> None:
    """Ours is theirs, to the last digits."""
    assert isinstance(result, Measured)
    assert result.value == pytest.approx(theirs, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(TABLES, COLUMNS)
def test_selection_rates(people: list[Person], groups: tuple[str, ...]) -> None:
    """Demographic parity difference and ratio, and every group's own rate."""
    made = DecisionSettings(groups=groups, prediction="p", min_rows=2)
    ours = results_of(SelectionRateParity, made, people)
    table = frame(people, groups)
    sizes = pd.DataFrame(people, columns=["g", "h", "y", "p"]).groupby(list(groups)).size()
    difference = ours["fairness.selection-rate-difference", ""]
    ratio = ours["fairness.impact-ratio", ""]

    if len(sizes) < 2 or sizes.min() < 2:
        assert isinstance(difference, NotMeasured)
        return
    agree(difference, metrics.demographic_parity_difference(**table))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a ratio of nothing by nothing
        theirs = metrics.demographic_parity_ratio(**table)
    if math.isnan(theirs):
        assert isinstance(ratio, NotMeasured)
    else:
        agree(ratio, theirs)


@settings(max_examples=60, deadline=None)
@given(TABLES, COLUMNS)
def test_error_rates(people: list[Person], groups: tuple[str, ...]) -> None:
    """Equal opportunity, and equalized odds as the worse of both rates."""
    made = OutcomeSettings(groups=groups, prediction="p", outcome="y", min_rows=2)
    opportunity = results_of(EqualOpportunity, made, people)[
        "fairness.equal-opportunity-difference", ""
    ]
    odds = results_of(EqualizedOdds, made, people)["fairness.equalized-odds-difference", ""]
    told = pd.DataFrame(people, columns=["g", "h", "y", "p"])
    names = told.groupby(list(groups)).ngroups
    sizes = {y: part.groupby(list(groups)).size() for y, part in told.groupby("y")}
    positive, negative = (
        len(sizes.get(y, ())) == names > 1 and sizes[y].min() >= 2 for y in (True, False)
    )
    table = frame(people, groups)

    if not positive:
        assert isinstance(opportunity, NotMeasured)
    else:
        agree(opportunity, metrics.equal_opportunity_difference(**table))
    if not (positive and negative):
        assert isinstance(odds, NotMeasured)
    else:
        agree(odds, metrics.equalized_odds_difference(**table))
