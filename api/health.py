"""What an operator asks: is it alive, can it answer, how is it doing. It tells nothing about any book."""

from starlette.requests import Request
from starlette.responses import Response

from api.metrics import Metrics
from api.replies import Reply
from ledger.composition import Ledger
from ledger.errors import Unavailable


class Health:
    """The three addresses a process supervisor and a monitor read."""

    def __init__(self, ledger: Ledger, metrics: Metrics) -> None:
        self._ledger = ledger
        self._metrics = metrics

    async def healthz(self, _: Request) -> Response:
        """The process answers."""
        return Reply(200, b'{"status":"alive"}')

    async def readyz(self, _: Request) -> Response:
        """The database answers too."""
        try:
            await self._ledger.books()
        except Unavailable:
            return Reply(503, b'{"status":"database_unavailable"}', {"Retry-After": "2"})
        return Reply(200, b'{"status":"ready"}')

    async def metrics(self, _: Request) -> Response:
        """Counts and durations in the Prometheus text format."""
        text, media_type = self._metrics.exposed()
        return Reply(200, text, media_type=media_type)
