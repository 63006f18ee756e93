"""Steps of refunds that were not granted at once: approved by another person, or withdrawn."""

from collections.abc import Mapping

from domain.customers.giving_credit import ApproveStoreCredit, WithdrawStoreCredit
from domain.refunds.approving import ApproveRefund, WithdrawRefund
from tests.model import limits, people
from tests.model.choices import Take, one_of
from tests.model.limits import Request
from tests.model.twins import PRODUCT, Twins


def approve(twins: Twins, which: int, much: int) -> None:
    name = _request_of(twins.shop.requests, which)
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
    twins.ask(command, lambda: limits.approve(twins.shop, name, people.by(actor), twins.shop.requests), actor)


def withdraw(twins: Twins, which: int, much: int) -> None:
    name = _request_of(twins.shop.requests, which)
    if name is None or much % 3:
        return
    command = WithdrawRefund(stream=twins.streams[name][0], refund=name)
    twins.ask(command, lambda: limits.withdraw(twins.shop.requests[name]))


def approve_credit(twins: Twins, which: int, much: int) -> None:
    name = _request_of(twins.shop.credit_requests, which)
    if name is None:
        return
    actor, requests = people.decider(much), twins.shop.credit_requests
    command = ApproveStoreCredit(customer=twins.streams[name][0], credit=name)
    twins.ask(command, lambda: limits.approve(twins.shop, name, people.by(actor), requests), actor)


def withdraw_credit(twins: Twins, which: int, much: int) -> None:
    name = _request_of(twins.shop.credit_requests, which)
    if name is None or much % 3:
        return
    command = WithdrawStoreCredit(customer=twins.streams[name][0], credit=name)
    twins.ask(command, lambda: limits.withdraw(twins.shop.credit_requests[name]))


def _request_of(requests: Mapping[str, Request], which: int) -> str | None:
    """One of the requests, those still open first."""
    waiting = {name: name for name, it in requests.items() if not it.granted and not it.withdrawn}
    return one_of(waiting or {name: name for name in requests}, which // 4)


REQUESTS: Mapping[str, tuple[int, Take]] = {
    "approve": (3, approve),
    "withdraw": (1, withdraw),
    "approve_credit": (2, approve_credit),
    "withdraw_credit": (1, withdraw_credit),
}
"""How often each is tried, and how."""
