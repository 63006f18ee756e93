"""Counts and durations by operation and status, in the form Prometheus reads."""

from functools import cache

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """What one application counts of its answers: operations and statuses; no book, person or input."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "makegood_requests_total", "Answers given.", ("operation", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "makegood_request_seconds",
            "Time from the request's headers to its answer.",
            ("operation",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        # Looking a labelled child up costs as much as counting; there are a few hundred of them.
        self._counter_of = cache(self._requests.labels)
        self._timer_of = cache(self._seconds.labels)

    def count(self, operation: str, status: int, seconds: float) -> None:
        """One answer given."""
        self._counter_of(operation, str(status)).inc()
        self._timer_of(operation).observe(seconds)

    def exposed(self) -> tuple[bytes, bytes]:
        """The exposition and its media type."""
        return generate_latest(self.registry), CONTENT_TYPE_LATEST.encode()
