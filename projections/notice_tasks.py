"""What people have to do about notices that nothing follows from: compare each with the processor's record.

Source: H-notice
"""

from collections.abc import MutableMapping
from typing import Final

from domain.entry import Entry
from domain.inbound.notice_events import NoticeClosed, NoticeReceived
from domain.orders.order_events import DeadlineKind
from projections.bill_tasks import Task, begin_tasks
from projections.projection import Key

NOTICE: Final[DeadlineKind] = "notice"
BearsOnNotices = NoticeReceived | NoticeClosed


def fold_notices(rows: MutableMapping[Key, Task], it: BearsOnNotices, entry: Entry) -> None:
    """Change the task about a notice, gone once somebody looked; its subject is the entry that keeps it."""
    if isinstance(it, NoticeReceived):
        subject, customer = str(entry.position), it.customer or ""
        begin_tasks(rows, entry.stream, subject, customer, it.deadlines, entry, NOTICE, named=it.order)
        return
    for key in [key for key in rows if key[1] == NOTICE]:
        del rows[key]
