"""Which contacts does an order ask for, and which of its four are due, done, missed? Source: R-P5"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal

import msgspec

from domain.corrections.correction_events import ShipmentCorrected
from domain.entry import Entry
from domain.moments import Moment
from domain.orders.order_events import (
    ContactKind,
    CustomerContactMade,
    Deadline,
    OrderPlaced,
    OrderShipped,
    ShipmentDelivered,
)

NUMBERS: Final[Mapping[ContactKind, tuple[int, ...]]] = {
    "acknowledgement": (1,),
    "thanks": (1,),
    "production": (2,),
    "shipped": (3,),
    "satisfaction": (4,),
    "card_used": (),
}

"""Which of the four contacts each kind is; none for what is told beside them."""


_CONTACTS: Final[Mapping[str, ContactKind]] = {kind: kind for kind in NUMBERS}


ContactStatus = Literal["planned", "due", "done", "missed"]


class PlannedContact(msgspec.Struct, frozen=True, kw_only=True):
    """A contact an order asks for, and what became of it. Source: R-P5"""

    kind: ContactKind
    numbers: tuple[int, ...]
    """Which of the four it is; without production the second is made together with the third."""
    shipment: str | None
    due: Moment
    missed_from: Moment | None
    status: ContactStatus
    """planned: its time has not come; due: it has; missed: and is over; done: it was made, late or not."""
    done_at: Moment | None = None
    position: int | None = None
    """Of the contact that did it."""


def contacts_of(entries: Iterable[Entry], as_of: Moment) -> tuple[PlannedContact, ...]:
    """The contacts one order asks for, in the order in which they began, as they stand at that moment."""
    asked: dict[tuple[ContactKind, str | None], Deadline] = {}
    done: dict[tuple[ContactKind, str | None], Entry] = {}
    is_produced = False
    for entry in entries:
        match entry.event:
            case OrderPlaced() as it:
                asked.update(_asked(it.deadlines, None))
            case OrderShipped() | ShipmentDelivered() as it:
                for key, deadline in _asked(it.deadlines, it.shipment):
                    asked[key] = deadline
                    done.pop(key, None)  # more of the shipment has arrived since they were asked
            case ShipmentCorrected() as it:
                asked = {key: deadline for key, deadline in asked.items() if key[1] != it.shipment}
            case CustomerContactMade() as it:
                is_produced = is_produced or it.kind == "production"
                for kind, shipment in asked:
                    if kind == it.kind and it.shipment in (None, shipment):
                        done.setdefault((kind, shipment), entry)
            case _:
                pass
    return tuple(
        [
            _planned(key, deadline, done.get(key), as_of, with_second=not is_produced)
            for key, deadline in asked.items()
        ]
    )


def _asked(
    deadlines: Iterable[Deadline], shipment: str | None
) -> Iterator[tuple[tuple[ContactKind, str | None], Deadline]]:
    for deadline in deadlines:
        contact = _CONTACTS.get(deadline.kind)
        if contact is not None:
            yield (contact, shipment), deadline


def _planned(
    key: tuple[ContactKind, str | None],
    deadline: Deadline,
    done: Entry | None,
    as_of: Moment,
    *,
    with_second: bool,
) -> PlannedContact:
    kind, shipment = key
    return PlannedContact(
        kind=kind,
        numbers=(2, 3) if kind == "shipped" and with_second else NUMBERS[kind],
        shipment=shipment,
        due=deadline.due,
        missed_from=deadline.missed_from,
        status=_status(deadline, as_of) if done is None else "done",
        done_at=None if done is None else done.effective_at,
        position=None if done is None else done.position,
    )


def _status(deadline: Deadline, as_of: Moment) -> ContactStatus:
    if deadline.missed_from is not None and deadline.missed_from <= as_of:
        return "missed"
    return "due" if deadline.due <= as_of else "planned"
