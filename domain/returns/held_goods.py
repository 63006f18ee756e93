"""Which refunded goods the customer has, and what they are worth.

Goods of the refund at the price paid for them; goods that were not ordered (the wrong ones came) at their
current list price, or at what a person states. Source: R-G7
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from domain.command import OutOfRange, expect_amount, expect_quantity, expect_text
from domain.decision import Given
from domain.ids import expect_id
from domain.money import portion
from domain.orders.order import Placed
from domain.orders.products import Product, ProductUnknown
from domain.refunds.refund import Refund, Refunds, besides, with_those_before
from domain.refunds.refund_events import RefundedPart
from domain.refunds.refund_windows import arrived_since
from domain.refusal import Refusal, WhereNone
from domain.returns.goods_return import GoodsReturn, GoodsReturns, Which, units_of
from domain.returns.return_events import HeldGoods


class NamedGoods(msgspec.Struct, frozen=True, kw_only=True):
    """Goods as a command names them: units of a line; or of a sku, ordered or not. Raises: ValueError."""

    line: int | None = None
    sku: str | None = None
    product: str | None = None
    """The product whose list price counts, for goods that were not ordered."""
    value: int | None = None
    """What all of them are worth, where no product says it; minor units of the refund's currency."""
    quantity: int

    def __post_init__(self) -> None:
        if (self.line is None) == (self.sku is None):
            raise OutOfRange("goods", "must each name either a line or a sku")
        if self.line is not None and (self.product is not None or self.value is not None):
            raise OutOfRange("goods", "must not be valued where they are units of a line")
        if self.product is not None:
            expect_id("prd", self.product)
        if self.value is not None:
            expect_amount("value", self.value)
        expect_text("sku", self.sku)
        expect_quantity("quantity", self.quantity)

    @property
    def name(self) -> int | str | None:
        """The line or the sku."""
        return self.sku if self.line is None else self.line


def expect_each_once(goods: Sequence[NamedGoods]) -> None:
    """Each line and each sku at most once. Raises: OutOfRange."""
    if len({each.name for each in goods}) < len(goods):
        raise OutOfRange("goods", "must name each line and each sku once")


@dataclass(unsafe_hash=True)
class GoodsExceedRefund(Refusal):
    """More units would be kept or returned than were refunded and sent to the customer."""

    rule = "R-G7"
    way_out = "Refund the other units first: whoever asks gets their money back, and then these count too."
    spoken = "Of these goods {left:refunded unit} can be named, and {asked} would be."
    where_none = WhereNone(
        "left",
        "None of these goods can be named: they were not refunded and sent, or were decided on before.",
    )

    refund: str
    name: int | str
    asked: int
    left: int


@dataclass(unsafe_hash=True)
class NothingHeld(Refusal):
    """Nothing of this refund is with the customer: it did not come, or was decided on before."""

    rule = "R-G7"
    way_out = "If other goods came instead, name them by their sku; otherwise there is nothing to send back."

    refund: str


@dataclass(unsafe_hash=True)
class GoodsValueUnknown(Refusal):
    """These goods were not ordered, and no list price in the refund's currency says what they are worth."""

    rule = "R-G7"
    way_out = "Say what they are worth, or list the product in that currency."

    sku: str


def all_held(refund: Refund, returns: GoodsReturns, state: object) -> tuple[HeldGoods, ...]:
    """All units of the refund that reached the customer and were not decided on yet. Raises: NothingHeld."""
    undecided = left_of(_came(refund, state), _decided_on(refund, returns, state), state)
    held = tuple([_held(part, left, state) for part, left in undecided if left])
    if not held:
        raise NothingHeld(refund.granted.refund)
    return held


def _came(refund: Refund, state: object) -> Iterator[tuple[RefundedPart, int]]:
    """Each part of the refund, and how many of its units reached the customer: also those that were under way
    when it was granted and arrived since. Where other goods came, none of them; nor what did not come though
    its delivery is on record.
    """
    granted = refund.granted
    if granted.observed_problem == "wrong_item":
        return
    since = arrived_since(state, refund) if isinstance(state, Placed) else Counter[tuple[int, str]]()
    for part in granted.parts:
        if part.line is not None and part.shipment is not None and part.delivery is None:
            yield part, min(part.quantity, since[part.line, part.shipment])
        elif granted.observed_problem != "not_received":
            yield part, part.quantity


def named_goods(
    named: Iterable[NamedGoods], refund: Refund, returns: GoodsReturns, state: object, given: Given
) -> tuple[HeldGoods, ...]:
    """Those goods and what they are worth. Raises: GoodsExceedRefund, GoodsValueUnknown, ProductUnknown."""
    held: list[HeldGoods] = []
    undecided = left_by_name(refund, _decided_on(refund, returns, state), state)
    for each in named:
        of_refund = undecided.get(each.name, [])
        if each.line is None and not of_refund:
            held.append(_not_ordered(each, refund, given))
            continue
        missing = each.quantity
        for part, left in of_refund:
            taken = min(missing, left)
            missing -= taken
            if taken:
                held.append(_held(part, taken, state))
        if missing:
            name = each.name
            assert name is not None
            raise GoodsExceedRefund(refund.granted.refund, name, each.quantity, each.quantity - missing)
    return tuple(held)


def _decided_on(refund: Refund, returns: GoodsReturns, state: object) -> Counter[Which]:
    """Units of the refund of which was decided whether they stay or come back, or which came back."""
    return _dealt_with(refund, returns, state, _decided_or_came)


def came_back(refund: Refund, returns: GoodsReturns, state: object) -> Counter[Which]:
    """Units of the refund that came back, those of before included where its units were refunded anew."""
    return _dealt_with(refund, returns, state, lambda its, _: _came_of(its))


CountedOf = Callable[[Sequence[GoodsReturn], bool], Counter[Which]]
"""The units that count of the returns of a refund, which stands or was taken back."""


def _decided_or_came(its: Sequence[GoodsReturn], stands: bool) -> Counter[Which]:
    """What came is of what was decided on; what came beyond it was decided by its coming. Where the refund
    was none, what was left with the customer is decided on anew.
    """
    decided = units_of(goods for it in its for goods in (it.decided.goods if stands else it.asked_back))
    return decided | _came_of(its)


def _came_of(its: Sequence[GoodsReturn]) -> Counter[Which]:
    return units_of(goods for it in its for goods in it.arrived)


def _dealt_with(
    refund: Refund, returns: GoodsReturns, state: object, counted_of: CountedOf
) -> Counter[Which]:
    own = _counted({refund.granted.refund: refund}, returns, counted_of)
    if not isinstance(state, Placed):
        return own  # the same goods again are others
    every = _counted(state.refunds, returns, counted_of)
    others: Counter[Which] = Counter()
    for other in besides(refund, state.refunds):
        for part in other.granted.parts:
            others[part.line, sku_of(part, state), part.shipment] += part.quantity
    return with_those_before(own, every, others)


def _counted(refunds: Refunds, returns: GoodsReturns, counted_of: CountedOf) -> Counter[Which]:
    its: dict[str, list[GoodsReturn]] = {}
    for each in returns.values():
        if each.decided.refund in refunds:
            its.setdefault(each.decided.refund, []).append(each)
    units = Counter[Which]()
    for name, of_refund in its.items():
        units.update(counted_of(of_refund, refunds[name].corrected is None))
    return units


def left_of(
    parts: Iterable[tuple[RefundedPart, int]], taken: Counter[Which], state: object
) -> list[tuple[RefundedPart, int]]:
    """Of so many units of each part, how many are left once those are taken away; `taken` is used up."""
    left: list[tuple[RefundedPart, int]] = []
    for part, units in parts:
        name = (part.line, sku_of(part, state), part.shipment)
        gone = min(units, taken[name])
        taken[name] -= gone
        left.append((part, units - gone))
    return left


def left_by_name(
    refund: Refund, taken: Counter[Which], state: object
) -> dict[int | str | None, list[tuple[RefundedPart, int]]]:
    """Each part of the refund, and how many of its units are left once those are taken away, by how goods are
    named: the line whose units were sent, or the sku where they are of no line; `taken` is used up.
    """
    found: dict[int | str | None, list[tuple[RefundedPart, int]]] = {}
    for part, left in left_of([(part, part.quantity) for part in refund.granted.parts], taken, state):
        if part.line is None or part.shipment is not None:
            found.setdefault(part.sku if part.line is None else part.line, []).append((part, left))
    return found


def sku_of(part: RefundedPart, state: object) -> str:
    """The sku of refunded units."""
    if part.line is not None and isinstance(state, Placed):
        return state.lines[part.line - 1].line.sku
    return part.sku or ""


def _held(part: RefundedPart, quantity: int, state: object) -> HeldGoods:
    value = portion(part.goods + part.tax, quantity, part.quantity)
    return HeldGoods(
        line=part.line, sku=sku_of(part, state), shipment=part.shipment, quantity=quantity, value=value
    )


def _not_ordered(named: NamedGoods, refund: Refund, given: Given) -> HeldGoods:
    assert named.sku is not None
    value = named.value
    if value is None and named.product is not None:
        product = given.state(named.product, Product)
        if product is None:
            raise ProductUnknown(named.product)
        if product.listed.currency == refund.granted.currency:
            value = named.quantity * product.list_price
    if value is None:
        raise GoodsValueUnknown(named.sku)
    return HeldGoods(sku=named.sku, quantity=named.quantity, value=value)
