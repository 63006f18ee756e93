"""How goods change an order or a customer after a refund: kept or returned, and claimed from the supplier."""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import msgspec

from domain.customers.registering import Customer
from domain.entry import Entry, Event
from domain.orders.order import Placed
from domain.returns.goods_return import Arrival, GoodsReturn, Label
from domain.returns.return_events import (
    GoodsLeftWithCustomer,
    GoodsReturned,
    GoodsReturnRequested,
    ReturnLabelSent,
)
from domain.suppliers.supplier_claim import SupplierClaim
from domain.suppliers.supplier_events import (
    SupplierClaimFiled,
    SupplierClaimRefused,
    SupplierClaimSettled,
    SupplierClaimWaived,
)

RefundsIn = TypeVar("RefundsIn", Placed, Customer)
"""What refunds live in: an order; a customer, where nobody can verify the purchase."""


def _decided(state: RefundsIn, it: GoodsReturnRequested, entry: Entry) -> RefundsIn:
    begun = GoodsReturn(decided=it, at=entry.effective_at, position=entry.position)
    return _with(state, it.goods_return, begun)


def _left(state: RefundsIn, it: GoodsLeftWithCustomer, entry: Entry) -> RefundsIn:
    known = state.returns.get(it.goods_return)
    if known is None:
        kept = GoodsReturn(decided=it, at=entry.effective_at, position=entry.position)
    else:
        kept = msgspec.structs.replace(known, left=it, left_position=entry.position)
    return _with(state, it.goods_return, kept)


def _label_sent(state: RefundsIn, it: ReturnLabelSent, entry: Entry) -> RefundsIn:
    known = state.returns[it.goods_return]
    labels = (*known.labels, Label(it, entry.effective_at, entry.position))
    return _with(state, it.goods_return, msgspec.structs.replace(known, labels=labels))


def _returned(state: RefundsIn, it: GoodsReturned, entry: Entry) -> RefundsIn:
    known = state.returns[it.goods_return]
    arrivals = {**known.arrivals, it.arrival: Arrival(it, entry.effective_at, entry.position)}
    return _with(state, it.goods_return, msgspec.structs.replace(known, arrivals=arrivals))


def _with(state: RefundsIn, name: str, changed: GoodsReturn) -> RefundsIn:
    return msgspec.structs.replace(state, returns={**state.returns, name: changed})


def _filed(state: Placed, it: SupplierClaimFiled, entry: Entry) -> Placed:
    begun = SupplierClaim(begun=it, at=entry.effective_at, position=entry.position)
    return msgspec.structs.replace(state, supplier_claims={**state.supplier_claims, it.claim: begun})


def _answered(
    state: Placed, it: SupplierClaimSettled | SupplierClaimRefused | SupplierClaimWaived, entry: Entry
) -> Placed:
    known = state.supplier_claims.get(it.claim)
    if known is None:
        assert isinstance(it, SupplierClaimWaived)
        after = SupplierClaim(begun=it, at=entry.effective_at, position=entry.position)
    else:
        after = msgspec.structs.replace(known, answers=(*known.answers, (it, entry.position)))
    return msgspec.structs.replace(state, supplier_claims={**state.supplier_claims, it.claim: after})


RETURNS: Final[Mapping[type[Event], Callable[[Any, Any, Entry], Any]]] = {
    GoodsReturnRequested: _decided,
    ReturnLabelSent: _label_sent,
    GoodsReturned: _returned,
    GoodsLeftWithCustomer: _left,
}
"""How each of these events changes a placed order or a registered customer."""

SUPPLIER_CLAIMS: Final[Mapping[type[Event], Callable[[Placed, Any, Entry], Placed]]] = {
    SupplierClaimFiled: _filed,
    SupplierClaimSettled: _answered,
    SupplierClaimRefused: _answered,
    SupplierClaimWaived: _answered,
}
"""How each of these events changes a placed order."""
