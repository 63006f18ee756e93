"""A story told over HTTP: what somebody asks of the book on which day, and what it says about it then."""

from collections.abc import Mapping
from typing import Any

from domain.moments import Moment
from tests.api.house import Caller, House, fresh_key
from tests.domain.specification import moment


def usd(amount: str) -> dict[str, object]:
    """An amount of US dollars as the API takes it: usd("84.90")."""
    whole, _, cents = amount.partition(".")
    return {"amount": int(whole + cents), "currency": "USD"}


class Told:
    """A story in a book whose now is what the story says."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.now = moment("2000-01-01")
        house.book.clock = self._clock

    def _clock(self) -> Moment:
        return self.now

    def on(self, day: str, clock: str = "12:00") -> None:
        """It is that day and time in the shop."""
        self.now = moment(day, clock)

    async def tick(self) -> list[dict[str, Any]]:
        """Time decides; what it recorded."""
        answer = await self.house.service.client.post("/v1/ticks", json={}, headers=fresh_key())
        assert answer.status_code == 200, answer.text
        return answer.json()["entries"]

    async def done(self, path: str, body: object, by: Caller | None = None) -> dict[str, Any]:
        """The receipt of what somebody does, the agent unless another is named."""
        answer = await (by or self.house.agent).post(path, body)
        assert answer.status_code in (200, 201, 202), f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    async def refused(self, path: str, body: object, by: Caller | None = None) -> dict[str, Any]:
        """The problem with what somebody tries."""
        before = await self.house.head()
        answer = await (by or self.house.agent).post(path, body)
        assert answer.status_code == 409, f"{path}: {answer.status_code} {answer.text}"
        assert await self.house.head() == before
        return answer.json()

    async def shown(self, path: str) -> dict[str, Any]:
        """What a question is answered, as of all that was recorded."""
        sign = "&" if "?" in path else "?"
        answer = await self.house.owner.get(f"{path}{sign}min_position={await self.house.head()}")
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    async def rows(self, path: str) -> list[dict[str, Any]]:
        """The rows of a list, as of all that was recorded."""
        return (await self.shown(path))["items"]

    async def figures(self, customer: str) -> Mapping[str, Any]:
        """The customer's balance and all that belongs to it, in dollars and cents; `{}` before any money."""
        rows = await self.rows(f"/v1/customers/{customer}/balance")
        if not rows:
            return {}
        (row,) = rows
        return {name: _plain(value) for name, value in row.items()}


def of(receipt: Mapping[str, Any], type_name: str) -> dict[str, Any]:
    """What the one entry of that type in a receipt says."""
    (found,) = [entry["data"] for entry in receipt["entries"] if entry["type"] == type_name]
    return found


def _plain(value: Any) -> Any:
    return f"{value['amount'] / 100:.2f}" if isinstance(value, dict) else value
