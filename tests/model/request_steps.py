"""Steps of refunds that were not granted at once: approved by another person, or withdrawn."""

from collections.abc import Mapping

from domain.refunds.approving import ApproveRefund, WithdrawRefund
from tests.model import limits, people
from tests.model.choices import Take, one_of
from tests.model.limits import Request
from tests.model.twins import PRODUCT, Twins


def approve(twins: Twins, which: int, much: int) -> None:
    name = _request_of(twins, which)
    if name is None:
        return
    actor = people.decider(much)
    stream, customer = twins.streams[name]
    command = ApproveRefund(
        stream=stream,
        customer=customer,
        refund=name,
        deciding=people.deciding(actor, twins.today.isoformat()),
        products=() if stream != customer else (PRODUCT,),
    )
    twins.ask(command, lambda: limits.approve(twins.shop, name, people.by(actor)), actor)


def withdraw(twins: Twins, which: int, much: int) -> None:
    name = _request_of(twins, which)
    if name is None or much % 3:
        return
    command = WithdrawRefund(stream=twins.streams[name][0], refund=name)
    twins.ask(command, lambda: limits.withdraw(twins.shop, name))


def _request_of(twins: Twins, which: int) -> str | None:
    """One of the requests, those still open first."""
    requests: Mapping[str, Request] = twins.shop.requests
    waiting = {name: name for name, it in requests.items() if not it.granted and not it.withdrawn}
    return one_of(waiting or {name: name for name in requests}, which // 4)


REQUESTS: Mapping[str, tuple[int, Take]] = {"approve": (3, approve), "withdraw": (1, withdraw)}
"""How often each is tried, and how."""
