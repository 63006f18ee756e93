"""What people have to do about new credit above somebody's limit: decide it. Source: R-G11"""

from collections.abc import MutableMapping

from domain.entry import Entry
from domain.orders.order_events import DeadlineKind
from domain.payments.payment_events import StoreCreditEscalated, StoreCreditGranted, StoreCreditWithdrawn
from projections.bill_tasks import Task, begin_tasks
from projections.projection import Key

BearsOnNewCredit = StoreCreditEscalated | StoreCreditWithdrawn | StoreCreditGranted
DECISION: DeadlineKind = "credit_decision"


def fold_new_credit(rows: MutableMapping[Key, Task], it: BearsOnNewCredit, entry: Entry) -> None:
    """Change the task about one credit from before the entry to after it: the last escalation says whose it
    is, and it is gone once it is given or withdrawn.
    """
    key = (entry.stream, DECISION, it.credit)
    rows.pop(key, None)
    if isinstance(it, StoreCreditEscalated):
        begin_tasks(rows, entry.stream, it.credit, it.customer, it.deadlines, entry, DECISION)
        if key in rows:
            rows[key].assignee = it.to_role
