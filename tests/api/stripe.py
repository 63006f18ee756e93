"""Stripe, as it tells an endpoint something: its own objects, signed as it signs."""

import hmac
import json
import time
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

from httpx2 import ASGITransport, AsyncClient, Response

from ledger.book import machine_now
from ledger.composition import Ledger
from tests.api.house import House

SECRET = "whsec_test_5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff"
DATA = Path(__file__).parents[1] / "data" / "stripe"


def sample(name: str, **other: Any) -> dict[str, Any]:
    """An object as Stripe sends it, with other values here and there."""
    return {**json.loads((DATA / f"{name}.json").read_text(encoding="utf-8")), **other}


def fresh(prefix: str) -> str:
    """An id of Stripe's that nothing has yet."""
    return f"{prefix}_{uuid4().hex[:24]}"


def event(kind: str, told: dict[str, Any], **other: Any) -> dict[str, Any]:
    """A notice about an object, that happens now."""
    named = {"id": fresh("evt"), "type": kind, "created": int(time.time()), "data": {"object": told}}
    return sample("event", **{**named, **other})


def signature(body: bytes, secret: str = SECRET, at: int | None = None) -> str:
    """The header by which Stripe says that a body is its own."""
    moment = str(int(time.time()) if at is None else at)
    signed = hmac.new(secret.encode(), moment.encode() + b"." + body, sha256).hexdigest()
    return f"t={moment},v1={signed},v0={'0' * 64}"


class Stripe:
    """Stripe, telling one book of one house."""

    def __init__(self, house: House, endpoint: str) -> None:
        self.house, self.endpoint = house, endpoint
        self.client = AsyncClient(transport=ASGITransport(house.app), base_url="http://makegood")

    async def send(self, body: bytes, header: str | None = None, **headers: str) -> Response:
        """What a body is answered, signed unless a signature is given."""
        said = {"Stripe-Signature": signature(body) if header is None else header}
        return await self.client.post(
            f"/v1/inbound/stripe/{self.endpoint}",
            content=body,
            headers={"Content-Type": "application/json", **said, **headers},
        )

    async def tell(self, kind: str, told: dict[str, Any], **other: Any) -> str:
        """What became of a notice that must be kept."""
        answer = await self.send(json.dumps(event(kind, told, **other)).encode())
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]


async def stripe_of(ledger: Ledger, house: House) -> Stripe:
    """Stripe with an endpoint at that house's book."""
    return Stripe(house, await ledger.endpoints.add(house.book.name, "stripe", SECRET, machine_now()))
