"""Ray on this machine. Without Ray only its absence can be tested."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assaymark.engine.run import audit
from assaymark.errors import DetectorError, MissingExtraError
from assaymark.model.evidence import Evidence

from .fakes import Row, RowsSource, bytes_of, fake_catalog, other_catalog, policy

HAS_RAY = importlib.util.find_spec("ray") is not None
needs_ray = pytest.mark.skipif(not HAS_RAY, reason="Ray is not installed: pip install ray")

ROWS: list[Row] = [["ax", "y"], ["b"], None, ["", " "], ["c?"], ["xx y"], []] * 9


def run(rules: Any, rows: list[Row], **options: Any) -> Evidence:
    """An audit with small batches."""
    options = {"open_catalog": fake_catalog, **options}
    return audit(rules, [RowsSource({"f": rows})], fake_catalog(), **options)


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    """One Ray for all tests here, because it takes long to start."""
    tests = Path(__file__).resolve().parent.parent
    os.environ["PYTHONPATH"] = os.pathsep.join([str(tests), os.environ.get("PYTHONPATH", "")])
    ray = importlib.import_module("ray")
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    ray.init(
        address="local",
        num_cpus=2,
        include_dashboard=False,
        logging_level="ERROR",
        log_to_driver=False,
        object_store_memory=100 * 2**20,
    )
    yield
    ray.shutdown()


@pytest.mark.skipif(HAS_RAY, reason="Ray is installed")
def test_without_ray_the_install_line_is_named() -> None:
    """An extra that is missing is said before anything is read."""
    with pytest.raises(MissingExtraError) as error:
        run(policy("marks"), ROWS, executor="ray")

    assert error.value.message == "the executor `ray` needs a part that is not installed"
    assert error.value.hint == "pip install 'assaymark[ray]'"


@needs_ray
@pytest.mark.usefixtures("cluster")
@pytest.mark.parametrize("workers", [None, 1, 2])
def test_ray_changes_no_byte(workers: int | None) -> None:
    """The evidence is that of one process."""
    rules = policy("marks", "scores", "size")

    assert bytes_of(run(rules, ROWS, executor="ray", workers=workers)) == bytes_of(run(rules, ROWS))


@needs_ray
@pytest.mark.usefixtures("cluster")
def test_a_node_with_another_installation_is_not_believed() -> None:
    """The error of the actor arrives as it was raised."""
    with pytest.raises(DetectorError) as error:
        run(policy("marks"), ROWS, executor="ray", workers=2, open_catalog=other_catalog)

    assert error.value.message == "a worker process loaded other detectors than the main process"


@needs_ray
@pytest.mark.usefixtures("cluster")
def test_an_actor_that_dies_ends_the_run() -> None:
    """Nothing is judged without it."""
    with pytest.raises(DetectorError) as error:
        run(policy("raising"), [["fine"], ["die"]], executor="ray", workers=2)

    assert error.value.message == "a Ray worker died"
