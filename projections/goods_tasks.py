"""What people have to do about refunded goods: send a label, claim from the supplier in time.

Source: R-G2, R-G7
"""

from domain.corrections.correction_events import RefundCorrected
from domain.entry import Entry
from domain.orders.order_events import DeadlineKind
from domain.refunds.refund_events import RefundGranted
from domain.returns.return_events import (
    GoodsLeftWithCustomer,
    GoodsReturned,
    GoodsReturnRequested,
    ReturnLabelSent,
)
from domain.suppliers.supplier_events import SupplierClaimFiled, SupplierClaimWaived
from projections.bill_tasks import Rows, begin_tasks

BearsOnGoods = (
    GoodsReturnRequested
    | ReturnLabelSent
    | GoodsReturned
    | GoodsLeftWithCustomer
    | RefundGranted
    | RefundCorrected
    | SupplierClaimFiled
    | SupplierClaimWaived
)

LABEL: DeadlineKind = "return_label"
CLAIM: DeadlineKind = "supplier_claim"


def fold_goods(rows: Rows, it: BearsOnGoods, entry: Entry) -> None:
    """Change the tasks about refunded goods from before the entry to after it."""
    stream, customer = entry.stream, it.customer
    match it:
        case GoodsReturnRequested():
            begin_tasks(rows, stream, it.goods_return, customer, it.deadlines, entry, LABEL)
        case ReturnLabelSent() | GoodsReturned() | GoodsLeftWithCustomer():
            rows.pop((stream, LABEL, it.goods_return), None)
        case RefundGranted():
            begin_tasks(rows, stream, it.refund, customer, it.deadlines, entry, CLAIM)
        case RefundCorrected():
            rows.pop((stream, CLAIM, it.refund), None)
        case SupplierClaimFiled() | SupplierClaimWaived():
            # What is over when the rest is claimed is ours to bear; a filed claim given up names no units.
            if it.units_left == 0 or (it.units and it.all_recoverable):
                rows.pop((stream, CLAIM, it.refund), None)
