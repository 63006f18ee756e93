"""How current the read models are, in the form Prometheus reads: over all followed books, naming none."""

from collections.abc import Iterator, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ledger.projecting.cursors import Lag
from ledger.projecting.read_models import ReadModels

Followed = Sequence[tuple[ReadModels, Sequence[Lag]]]


class FollowerMetrics(Collector):
    """Lag, parked groups, throughput and the progress of builds, as they were last looked up."""

    def __init__(self) -> None:
        self._books: Followed = ()
        self.not_ticked = 0
        """Books whose last tick failed."""
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def now(self, books: Followed) -> None:
        """Take in how the followed books are doing."""
        self._books = books

    def exposed(self) -> bytes:
        """The exposition."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """What the registry asks for at every scrape."""
        lags = [lag for _, of_book in self._books for lag in of_book]
        entries = _gauge("projection_lag_entries", "Entries not read, of the book most behind.", "projection")
        seconds = _gauge("projection_lag_seconds", "Age of the oldest entry not read.", "projection")
        parked = _gauge("projection_parked", "Groups of rows that stand still.", "projection")
        for name in dict.fromkeys(lag.projection for lag in lags):
            same = [lag for lag in lags if lag.projection == name]
            entries.add_metric((name,), max(lag.entries for lag in same))
            seconds.add_metric((name,), max(lag.seconds for lag in same))
            parked.add_metric((name,), sum(lag.parked for lag in same))
        yield from (entries, seconds, parked, *self._of_followers())

    def _of_followers(self) -> Iterator[Metric]:
        models = [each for each, _ in self._books]
        read = CounterMetricFamily("makegood_projection_entries", "Entries this process has followed.")
        read.add_metric((), sum(each.readers.entries_read for each in models))
        stopped = _gauge("projection_followers_stopped", "Books whose rows stand still.")
        stopped.add_metric((), sum(each.is_stopped or each.cannot_build for each in models))
        building = [each.building for each in models if each.building is not None]
        folded = _gauge(
            "projection_build_entries", "Of the builds under way: entries folded, and all.", "part"
        )
        folded.add_metric(("folded",), sum(done for done, _ in building))
        folded.add_metric(("all",), sum(of for _, of in building))
        not_ticked = _gauge("books_not_ticked", "Books whose last tick failed.")
        not_ticked.add_metric((), self.not_ticked)
        yield from (read, stopped, folded, not_ticked)


def _gauge(name: str, documentation: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"makegood_{name}", documentation, labels=labels)
