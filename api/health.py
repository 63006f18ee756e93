"""What an operator asks: is it alive, can it answer, how is it doing. It tells nothing about any book."""

from contextlib import suppress

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from api.follower_metrics import FollowerMetrics
from api.metrics import Metrics
from api.reaction_metrics import ReactionMetrics
from api.replies import Reply
from ledger.book import machine_now
from ledger.composition import Ledger
from ledger.errors import Unavailable
from ledger.projecting.cursors import Lag
from ledger.projecting.read_models import ReadModels
from ledger.reacting.rows import Reached, Reactions

MOST_LAG = 10.0
"""Seconds the read models may be behind while all is well."""


class Health:
    """The three addresses a process supervisor and a monitor read."""

    def __init__(self, ledger: Ledger, metrics: Metrics) -> None:
        self._ledger = ledger
        self._metrics = metrics
        self._follower_metrics = FollowerMetrics()
        self._reaction_metrics = ReactionMetrics()

    async def healthz(self, _: Request) -> Response:
        """The process answers."""
        return Reply(200, b'{"status":"alive"}')

    async def readyz(self, _: Request) -> Response:
        """The database answers too; and whether the read models keep up.

        Degraded is still ready: what is recorded, and what is asked by id, does not need them.
        """
        try:
            await self._ledger.books()
            followed, reacting = await self._followed(), await self._reacting()
        except Unavailable:
            return Reply(503, b'{"status":"database_unavailable"}', {"Retry-After": "2"})
        lags = [lag for _, of_book in followed for lag in of_book]
        seconds = max((lag.seconds for lag in lags), default=0.0)
        if any(models.is_stopped or models.cannot_build for models, _ in followed):
            status = "degraded: read models stand still"
        elif self._ledger.not_ticked:
            status = "degraded: books are not ticked"
        elif any(lag.position is None for lag in lags):
            status = "degraded: read models are being built"
        elif seconds > MOST_LAG:
            status = "degraded: read models are behind"
        elif any(lag.parked for lag in lags):
            status = "degraded: some rows stand still"
        else:
            status = "ready"
        body = {
            "status": status,
            "lag_entries": max((lag.entries for lag in lags), default=0),
            "lag_milliseconds": round(seconds * 1000),
            "parked": sum(lag.parked for lag in lags),
            "not_ticked": len(self._ledger.not_ticked),
            "reactions_failed": sum(each.failures for _, of_book in reacting for each in of_book),
        }
        return Reply(200, msgspec.json.encode(body))

    async def metrics(self, _: Request) -> Response:
        """Counts and durations in the Prometheus text format."""
        self._follower_metrics.not_ticked = len(self._ledger.not_ticked)
        with suppress(Unavailable):
            self._follower_metrics.now(await self._followed())
            self._reaction_metrics.now(await self._reacting())
        text, media_type = self._metrics.exposed()
        return Reply(
            200,
            text + self._follower_metrics.exposed() + self._reaction_metrics.exposed(),
            media_type=media_type,
        )

    async def _followed(self) -> list[tuple[ReadModels, list[Lag]]]:
        """The read models this process keeps, and how far each is behind. Raises: Unavailable."""
        followed = [book.read_models for book in self._ledger.opened() if book.read_models.is_followed]
        return [(models, await models.lags()) for models in followed]

    async def _reacting(self) -> list[tuple[Reactions, list[Reached]]]:
        """The books this process reacts in, and how far it has come in each. Raises: Unavailable."""
        reacting = [book.reactions for book in self._ledger.opened() if book.reactions.rules]
        return [(each, await each.reached(each.rules, machine_now())) for each in reacting]
