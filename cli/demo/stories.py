"""The stories of the demo book: one shop in Chicago, and the customers one remembers."""

from collections.abc import Awaitable, Callable

from cli.demo.returned import RETURNED
from cli.demo.telling import Story, line
from cli.demo.unpaid import UNPAID
from domain.book.register import OpenBook
from domain.orders.cancelling import CancelUnits
from domain.orders.carts import CheckOutCart, PrepareCart
from domain.orders.order_events import CartPrepared, OrderPlaced, Part
from domain.orders.products import ListProduct
from ledger.identity import mint

BOOK = "demo"
OPENING = OpenBook(zone="America/Chicago", country="US", demo=True)

PRODUCTS = (
    ("DRESS-ROSE-40", "Summer dress, rose, 40", 3400, 1450),
    ("TEE-WHITE-M", "T-shirt, white, M", 900, 310),
    ("PILLOW-DOWN", "Down pillow, soft", 3995, 1900),
    ("MUG-BLUE", "Stoneware mug, blue", 1250, 420),
    ("SOFA-LINEN-3", "Linen sofa, three seats", 129900, 61000),
    ("SPRAY-FABRIC", "Fabric protector", 5000, 1200),
)
"""Sku, description, list price and our cost in cents."""


async def the_shelf(story: Story) -> None:
    """What the shop sells."""
    for sku, description, list_price, our_cost in PRODUCTS:
        command = ListProduct(
            product=mint("prd"),
            sku=sku,
            description=description,
            currency="USD",
            list_price=list_price,
            our_cost=our_cost,
            supplier="Prairie Textiles",
            # The linen is sold treated: who buys the sofa does not need the spray.
            makes_redundant=("SPRAY-FABRIC",) if sku == "SOFA-LINEN-3" else (),
        )
        await story.tell(story.at(60, 15), f"lists-{sku}", command)


async def two_dresses(story: Story) -> None:
    """Rosa's first order: paid, shipped, delivered. (What she will find in the parcel is another story.)"""
    rosa = story.newcomer("Rosa Marten", ("email", "rosa@example.com"), ("phone", "+1 312 555 0110"))
    placed = await story.ordered(
        story.at(8, 16),
        rosa,
        "W-1001",
        line("DRESS-ROSE-40", "Summer dress, rose, 40", 2, 3400),
        shipping=795,
    )
    await story.paid(story.at(8, 16, 2), placed)
    shipment = await story.shipped(
        story.at(6, 14), placed, "One parcel, between 9 and 17 h", "1Z999AA10000000001"
    )
    await story.arrived(story.at(2, 17), placed, shipment)


async def pillows_on_account(story: Story) -> None:
    """Walter paid for his first order; his second one leaves on account, with a bill."""
    walter = story.newcomer("Walter Huang", ("email", "walter@example.com"), ref="W-7")
    first = await story.ordered(
        story.at(50, 16), walter, "W-0907", line("MUG-BLUE", "Stoneware mug, blue", 3, 1250), shipping=500
    )
    await story.paid(story.at(50, 16, 5), first, "first-paid")
    shipment = await story.shipped(
        story.at(49, 15), first, "Three mugs, well wrapped", "1Z999AA10000000002", sentence="first-shipped"
    )
    await story.arrived(story.at(46, 18), first, shipment, "first-delivered")
    second = await story.ordered(
        story.at(20, 16),
        first.customer,
        "W-0981",
        line("PILLOW-DOWN", "Down pillow, soft", 2, 3995),
        shipping=500,
        terms="bill_after",
    )
    await story.shipped(
        story.at(19, 15),
        second,
        "Two pillows; the bill follows",
        "1Z999AA10000000003",
        sentence="second-shipped-on-account",
        billed=True,
    )


async def the_cart(story: Story) -> None:
    """Ines asked for a cart on the phone and checked out the next day. It is paid and waits to be packed."""
    ines = story.newcomer("Ines Okoye", ("phone", "+1 312 555 0142"))
    prepared = PrepareCart(
        order=mint("ord"),
        channel="phone",
        external_ref="C-31",
        currency="USD",
        lines=(line("SOFA-LINEN-3", "Linen sofa, three seats", 1, 129900),),
        shipping=8900,
        shipping_credit=8900,
    )
    cart = await story.happened(story.tell(story.at(4, 19), "prepared", prepared), CartPrepared)
    customer = ines.command.customer
    bought = CheckOutCart(order=cart.order, customer=customer, register=ines.command)
    placed = await story.happened(story.tell(story.at(3, 15), "checked-out", bought, ines), OrderPlaced)
    await story.paid(story.at(3, 15, 1), placed)


async def in_two_parcels(story: Story) -> None:
    """Café Lumen ordered for its opening; the mugs came at once, half of the shirts are still to come."""
    lumen = story.newcomer("Café Lumen", ("email", "hello@lumen.example.com"), ("fax", "+1 312 555 0177"))
    placed = await story.ordered(
        story.at(12, 16),
        lumen,
        "W-0996",
        line("MUG-BLUE", "Stoneware mug, blue", 24, 1150),
        line("TEE-WHITE-M", "T-shirt, white, M", 12, 900),
        shipping=1500,
    )
    await story.paid(story.at(12, 16, 3), placed)
    mugs = await story.shipped(
        story.at(11, 15), placed, "Two boxes of mugs", "1Z999AA10000000004", (Part(1, 24),), "mugs-shipped"
    )
    await story.shipped(
        story.at(5, 15), placed, "The first six shirts", "1Z999AA10000000005", (Part(2, 6),), "shirts-shipped"
    )
    await story.arrived(story.at(9, 16), placed, mugs, "mugs-delivered")


async def one_pillow_less(story: Story) -> None:
    """Jonas changed his mind about one of two pillows before they left; what he paid for it goes back."""
    jonas = story.newcomer("Jonas Petit", ("email", "jonas@example.com"), ("mail", "12 Elm Street, Evanston"))
    placed = await story.ordered(
        story.at(7, 16), jonas, "W-1002", line("PILLOW-DOWN", "Down pillow, soft", 2, 3995), shipping=500
    )
    await story.paid(story.at(7, 16, 4), placed)
    cancelled = CancelUnits(order=placed.order, refund=mint("ref"), parts=(Part(1, 1),))
    await story.tell(story.at(6, 9), "one-cancelled", cancelled)
    await story.shipped(story.at(6, 15), placed, "One pillow", "1Z999AA10000000006", (Part(1, 1),))


async def a_guest(story: Story) -> None:
    """Somebody passing through left a name and bought a shirt."""
    guest = story.newcomer("Sam Doyle")
    shirt = line("TEE-WHITE-M", "T-shirt, white, M", 1, 900)
    placed = await story.ordered(story.at(1, 16), guest, "W-1003", shirt, shipping=0)
    await story.paid(story.at(1, 16, 1), placed)


STORIES: dict[str, Callable[[Story], Awaitable[None]]] = {
    "the-shelf": the_shelf,
    "two-dresses": two_dresses,
    "pillows-on-account": pillows_on_account,
    "the-cart": the_cart,
    "in-two-parcels": in_two_parcels,
    "one-pillow-less": one_pillow_less,
    "a-guest": a_guest,
    **UNPAID,
    **RETURNED,
}
"""By the name that is part of every key: permanent."""
