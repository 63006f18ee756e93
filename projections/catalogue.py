"""The read models of this release, one line each."""

from typing import Final

from projections.customer_balance import CustomerBalance
from projections.customer_statement import CustomerStatement
from projections.customers import Customers
from projections.deadlines import Deadlines
from projections.decline_outcomes import DeclineOutcomes
from projections.declined_payments import DeclinedPayments
from projections.goods_returns import GoodsReturns
from projections.guarantees import Guarantees
from projections.journal import Journal
from projections.notices import Notices
from projections.orders import Orders
from projections.projection import AnyProjection
from projections.refund_audit import RefundAudit
from projections.refunded_units import RefundedUnits
from projections.store_credits import StoreCredits
from projections.supplier_claims import SupplierClaims
from projections.tasks import Tasks
from projections.unmatched import Unmatched
from projections.unpaid_bills import UnpaidBills
from projections.watched_orders import WatchedOrders

GENERATION: Final = 1
"""Raised with every projection that is added, so that an older release leaves the tables of newer ones alone
(`makegood projections drop`); a test compares it with the names.
"""

PROJECTIONS: Final[tuple[AnyProjection, ...]] = (
    CustomerBalance(),
    CustomerStatement(),
    Orders(),
    Customers(),
    Journal(),
    Tasks(),
    Deadlines(),
    UnpaidBills(),
    WatchedOrders(),
    DeclinedPayments(),
    DeclineOutcomes(),
    RefundAudit(),
    RefundedUnits(),
    Unmatched(),
    Notices(),
    Guarantees(),
    GoodsReturns(),
    SupplierClaims(),
    StoreCredits(),
)
