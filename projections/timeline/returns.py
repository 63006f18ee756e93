"""What is told of goods that came back or stayed, and of what their supplier bore."""

from typing import Final

from domain.entry import Entry
from domain.returns.return_events import (
    GoodsLeftWithCustomer,
    GoodsReturned,
    GoodsReturnRequested,
    ReturnLabelSent,
)
from domain.suppliers.supplier_events import (
    SupplierClaimFiled,
    SupplierClaimRefused,
    SupplierClaimSettled,
    SupplierClaimWaived,
)
from projections.timeline.milestone import Milestone, Told, milestone, told_of_money, units_of


def _return_requested(entry: Entry, it: GoodsReturnRequested) -> Milestone:
    worth = {"currency": it.currency, "amount": it.weighed.value}
    return milestone(entry, "return_requested", reference=it.refund, **worth, units=units_of(it.goods))


def _label_sent(entry: Entry, it: ReturnLabelSent) -> Milestone:
    how = {"channel": it.channel, "method": it.method, "tracking": it.tracking}
    return milestone(entry, "return_label_sent", reference=it.refund, **how)


def _goods_returned(entry: Entry, it: GoodsReturned) -> Milestone:
    came = {"units": units_of(it.goods), "day": it.returned_on}
    return milestone(entry, "goods_returned", reference=it.refund, **came)


def _goods_left(entry: Entry, it: GoodsLeftWithCustomer) -> Milestone:
    worth = {"currency": it.currency, "amount": sum(each.value for each in it.goods)}
    return milestone(
        entry, "goods_left_with_customer", reference=it.refund, **worth, units=units_of(it.goods)
    )


def _claim_refused(entry: Entry, it: SupplierClaimRefused) -> Milestone:
    return milestone(entry, "supplier_claim_refused", reference=it.claim)


def _claim_waived(entry: Entry, it: SupplierClaimWaived) -> Milestone:
    return milestone(entry, "supplier_claim_waived", reference=it.claim)


TOLD_OF_RETURNS: Final[Told] = {
    GoodsReturnRequested: _return_requested,
    ReturnLabelSent: _label_sent,
    GoodsReturned: _goods_returned,
    GoodsLeftWithCustomer: _goods_left,
    SupplierClaimFiled: told_of_money("supplier_claim_filed", "claim"),
    SupplierClaimSettled: told_of_money("supplier_claim_settled", "claim"),
    SupplierClaimRefused: _claim_refused,
    SupplierClaimWaived: _claim_waived,
}
