"""Stories of refunded goods: kept, sent back, and claimed from their supplier."""

from collections.abc import Awaitable, Callable

from cli.demo.telling import Story, line
from domain.moments import day_of, plus_days
from domain.orders.order_events import OrderPlaced
from domain.refunds.granting import GrantRefund
from domain.refunds.limits import Deciding
from domain.refunds.refund_events import AskedUnits, ObservedProblem, RefundAsk, RefundGranted
from domain.returns.asking_back import AskGoodsBack
from domain.returns.held_goods import NamedGoods
from domain.returns.return_events import GoodsReturnRequested
from domain.returns.taking_back import CameBack, SendReturnLabel, TakeGoodsBack
from domain.suppliers.claim_answers import RefuseSupplierClaim, SettleSupplierClaim
from domain.suppliers.claiming import FileSupplierClaim
from domain.suppliers.supplier_events import SupplierClaimFiled
from ledger.identity import mint
from ledger.processors.trial_cards import TrialCards

SUPPLIER = "Prairie Textiles"


async def the_wrong_shirts(story: Story) -> None:
    """Priya ordered a dress, and two shirts came. The dress is refunded while she is on the phone; she keeps
    the shirts, since sending them back would cost more than it brings. The money goes back by itself.
    """
    priya = story.newcomer("Priya Nair", ("phone", "+1 312 555 0126"))
    dress = line("DRESS-ROSE-40", "Summer dress, rose, 40", 1, 3400)
    placed = await _delivered(
        story, 10, await story.ordered(story.at(13, 16), priya, "W-1007", dress, shipping=795)
    )
    granted = await _refunded(story, 7, placed, 1, "wrong_item")
    shirt = await story.book.claimed("sku", "TEE-WHITE-M")
    kept = AskGoodsBack(
        stream=placed.order,
        refund=granted.refund,
        goods_return=mint("ret"),
        goods=(NamedGoods(sku="TEE-WHITE-M", product=shirt, quantity=2),),
    )
    await story.tell(story.at(7, 15, 5), "shirts-kept", kept)


async def split_seams(story: Story) -> None:
    """The seams of Otto's pillows split. They come back with a label, and their supplier pays for them."""
    otto = story.newcomer("Otto Lange", ("email", "otto@example.com"))
    pillows = line("PILLOW-DOWN", "Down pillow, soft", 2, 3995)
    placed = await _delivered(
        story, 16, await story.ordered(story.at(19, 16), otto, "W-0984", pillows, shipping=500)
    )
    granted = await _refunded(story, 12, placed, 2, "damaged")
    asked = AskGoodsBack(stream=placed.order, refund=granted.refund, goods_return=mint("ret"))
    back = await story.happened(story.tell(story.at(12, 15, 5), "asked-back", asked), GoodsReturnRequested)
    label = SendReturnLabel(
        stream=placed.order,
        goods_return=back.goods_return,
        method="ups_ground",
        tracking="1Z999AA10000000090",
        channel="email",
    )
    await story.tell(story.at(12, 16), "label-sent", label)
    came = TakeGoodsBack(
        stream=placed.order,
        goods_return=back.goods_return,
        arrival=mint("arr"),
        goods=(CameBack(line=1, quantity=2, condition="used"),),
    )
    await story.tell(story.at(8, 14), "came-back", came)
    claim = await _claimed(story, 8, granted, placed, 3_800, sends_goods=True)
    paid = SettleSupplierClaim(
        order=placed.order,
        claim=claim,
        recovery=mint("rcv"),
        amount=3_800,
        currency="USD",
        reference="PT-2207",
    )
    await story.tell(story.at(2, 15), "supplier-paid", paid)


async def a_chipped_mug(story: Story) -> None:
    """One of Carla's mugs came chipped. It is refunded, and its maker says the carrier was to blame."""
    carla = story.newcomer("Carla Diaz", ("email", "carla@example.com"))
    mugs = line("MUG-BLUE", "Stoneware mug, blue", 4, 1250)
    placed = await _delivered(
        story, 14, await story.ordered(story.at(17, 16), carla, "W-0989", mugs, shipping=500)
    )
    granted = await _refunded(story, 11, placed, 1, "damaged")
    claim = await _claimed(story, 11, granted, placed, 420)
    note = await story.sealed("note", "They say it left them whole", placed.customer)
    refused = RefuseSupplierClaim(order=placed.order, claim=claim, note=note)
    await story.tell(story.at(6, 15), "supplier-refused", refused)


RETURNED: dict[str, Callable[[Story], Awaitable[None]]] = {
    "the-wrong-shirts": the_wrong_shirts,
    "split-seams": split_seams,
    "a-chipped-mug": a_chipped_mug,
}
"""By the name that is part of every key: permanent."""


async def _delivered(story: Story, days_ago: int, placed: OrderPlaced) -> OrderPlaced:
    """The order, paid at once with a trial card, shipped two days before it arrived."""
    await story.paid(story.at(days_ago + 3, 16, 3), placed, processor=TrialCards.processor)
    tracking = f"1Z999AA100000000{placed.external_ref[-2:] if placed.external_ref else '99'}"
    shipment = await story.shipped(story.at(days_ago + 2, 15), placed, "One parcel", tracking)
    await story.arrived(story.at(days_ago, 17), placed, shipment)
    return placed


async def _refunded(
    story: Story, days_ago: int, placed: OrderPlaced, units: int, problem: ObservedProblem
) -> RefundGranted:
    """Units are refunded before the customer asks; once the service runs, the money follows as a reaction."""
    today = day_of(story.book.clock(), story.zone)
    granted = GrantRefund(
        order=placed.order,
        customer=placed.customer,
        refund=mint("ref"),
        ask=RefundAsk(
            units=(AskedUnits(1, units),),
            observed_problem=problem,
            proactive=True,
            first_contact_at=story.at(days_ago, 15),
        ),
        deciding=Deciding(story.people["agent"], today, plus_days(today, -29)),
    )
    return await story.happened(story.tell(story.at(days_ago, 15, 3), "refunded", granted), RefundGranted)


async def _claimed(
    story: Story,
    days_ago: int,
    granted: RefundGranted,
    placed: OrderPlaced,
    amount: int,
    *,
    sends_goods: bool = False,
) -> str:
    """Their supplier is asked for what the units cost us."""
    filed = FileSupplierClaim(
        order=placed.order,
        refund=granted.refund,
        claim=mint("clm"),
        amount=amount,
        supplier=SUPPLIER,
        sends_goods=sends_goods,
    )
    told = story.tell(story.at(days_ago, 16, 30), "supplier-asked", filed)
    return (await story.happened(told, SupplierClaimFiled)).claim
