"""Counts and durations by operation and status, in the form Prometheus reads."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_BOUNDS = (*map(str, _SECONDS), "+Inf")


class _Durations(msgspec.Struct):
    """How long the answers of one operation took."""

    between: list[int]
    """How many took longer than one bound and at most the next."""
    total: float = 0.0


class Metrics(Collector):
    """What one application counts of its answers: operations and statuses; no book, person or input.

    The library's own counters take a lock for every figure. Here one event loop counts, and a scrape adds up.
    """

    def __init__(self) -> None:
        self._answers: Counter[tuple[str, int]] = Counter()
        self._durations: dict[str, _Durations] = {}
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def count(self, operation: str, status: int, seconds: float) -> None:
        """One answer given."""
        self._answers[operation, status] += 1
        durations = self._durations.get(operation)
        if durations is None:
            durations = self._durations[operation] = _Durations([0] * len(_BOUNDS))
        durations.between[bisect_left(_SECONDS, seconds)] += 1
        durations.total += seconds

    def collect(self) -> Iterator[Metric]:
        """What the registry asks for at every scrape."""
        requests = CounterMetricFamily("makegood_requests", "Answers given.", labels=("operation", "status"))
        for (operation, status), count in self._answers.items():
            requests.add_metric((operation, str(status)), count)
        yield requests
        took = HistogramMetricFamily(
            "makegood_request_seconds",
            "Time from the request's headers to its answer.",
            labels=("operation",),
        )
        for operation, durations in self._durations.items():
            buckets = list(zip(_BOUNDS, accumulate(durations.between), strict=True))
            took.add_metric((operation,), buckets, durations.total)
        yield took

    def exposed(self) -> tuple[bytes, bytes]:
        """The exposition and its media type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST.encode()
