"""Numbers as Prometheus reads them, read with its own library."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from assaymark.guard.watch.metrics import Counter, Gauge, Histogram, Metrics


def read(metrics: Metrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every sample, as Prometheus's own library reads it."""
    families = text_string_to_metric_families(metrics.render().decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def test_the_text() -> None:
    """Every family with its help and type, in the order in which it was added."""
    metrics = Metrics()
    requests = Counter("requests_total", 'Said "so".\nTwice.', ("api",))
    seconds = Histogram("seconds", "Time.", (0.1, 1.0))
    metrics.add(requests, seconds, Gauge("size", "Now.", lambda: 2.5))
    requests.add('a"b\\c\nd')
    requests.add('a"b\\c\nd', by=2)
    seconds.observe(0.1)
    seconds.observe(7)

    assert metrics.render().decode() == (
        '# HELP requests_total Said "so".\\nTwice.\n'
        "# TYPE requests_total counter\n"
        'requests_total{api="a\\"b\\\\c\\nd"} 3\n'
        "# HELP seconds Time.\n"
        "# TYPE seconds histogram\n"
        'seconds_bucket{le="0.1"} 1\n'
        'seconds_bucket{le="1"} 1\n'
        'seconds_bucket{le="+Inf"} 2\n'
        "seconds_sum 7.1\n"
        "seconds_count 2\n"
        "# HELP size Now.\n"
        "# TYPE size gauge\n"
        "size 2.5\n"
    )


@given(st.lists(st.tuples(st.text(max_size=8), st.floats(0, 1e9)), max_size=12))
def test_what_was_counted_is_what_is_read(counted: list[tuple[str, float]]) -> None:
    """Whatever labels say, the library of Prometheus reads the same sums, buckets included."""
    metrics, family = Metrics(), Counter("things_total", "Things.", ("name",))
    sizes = Histogram("size", "Sizes.", (1.0, 1000.0), ("name",))
    metrics.add(family, sizes)
    sums: dict[str, float] = {}
    for name, by in counted:
        family.add(name, by=by)
        sizes.observe(by, name)
        sums[name] = sums.get(name, 0.0) + by

    found = read(metrics)

    for name, total in sums.items():
        label = (("name", name),)
        numbers = [by for each, by in counted if each == name]
        assert found["things_total", label] == pytest.approx(total)
        assert found["size_count", label] == len(numbers)
        below = found["size_bucket", (("le", "1"), *label)]
        assert below == sum(each <= 1.0 for each in numbers)


def test_series_are_bounded() -> None:
    """Somebody who makes up names makes no series without an end."""
    metrics, family = Metrics(), Counter("things_total", "Things.", ("name",))
    metrics.add(family)
    for number in range(2000):
        family.add(str(number))

    found = read(metrics)

    assert len(found) == 501
    assert found["things_total", (("name", "other"),)] == 1500


def test_threads_lose_nothing() -> None:
    """Counts from many threads add up."""
    family = Counter("things_total", "Things.")
    threads = [
        threading.Thread(target=lambda: [family.add() for _ in range(2000)]) for _ in range(8)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert family.value() == 16_000


def test_a_name_is_used_once() -> None:
    """Two families under one name are a mistake of ours."""
    metrics = Metrics()
    metrics.add(Counter("a", "A."))

    with pytest.raises(ValueError, match="the metric a is there already"):
        metrics.add(Counter("a", "A."))


def test_labels_have_to_fit() -> None:
    """A count without its labels is a mistake of ours."""
    with pytest.raises(ValueError, match="a has the labels"):
        Counter("a", "A.", ("b",)).add()


def test_gauges_with_labels_are_read_when_asked() -> None:
    """A gauge shows what is now."""
    now = {("a",): 1.0}
    metrics = Metrics()
    metrics.add(Gauge("g", "G.", lambda: now, ("name",)))
    before = read(metrics)
    now[("b",)] = 2.0

    assert before == {("g", (("name", "a"),)): 1.0}
    assert read(metrics)["g", (("name", "b"),)] == 2.0
