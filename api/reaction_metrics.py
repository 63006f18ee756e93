"""How the reactions are doing, in the form Prometheus reads: over all books this process reacts in."""

from collections.abc import Iterator, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ledger.reacting.rows import Reached, Reactions

Reacting = Sequence[tuple[Reactions, Sequence[Reached]]]


class ReactionMetrics(Collector):
    """Lag, what waits for somebody, and what this process did, as they were last looked up."""

    def __init__(self) -> None:
        self._books: Reacting = ()
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def now(self, books: Reacting) -> None:
        """Take in how the books are doing."""
        self._books = books

    def exposed(self) -> bytes:
        """The exposition."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """What the registry asks for at every scrape."""
        rows = [each for _, of_book in self._books for each in of_book]
        rules = list(dict.fromkeys(each.rule for each in rows))
        lag = GaugeMetricFamily(
            "makegood_reaction_lag_entries", "Entries not read, of the book most behind.", labels=("rule",)
        )
        failures = GaugeMetricFamily(
            "makegood_reaction_failures", "What was asked for and is not done.", labels=("rule",)
        )
        tried = CounterMetricFamily(
            "makegood_reactions", "What this process carried out, or tried in vain.", labels=("rule", "came")
        )
        for rule in rules:
            same = [each for each in rows if each.rule == rule]
            lag.add_metric((rule,), max(each.lag for each in same))
            failures.add_metric((rule,), sum(each.failures for each in same))
            tried.add_metric((rule, "done"), sum(each.done[rule] for each, _ in self._books))
            tried.add_metric((rule, "failed"), sum(each.failed[rule] for each, _ in self._books))
        yield from (lag, failures, tried)
