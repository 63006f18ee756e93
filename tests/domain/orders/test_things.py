"""What is there of each thing of an order is what all its changes come to. Source: H-time"""

from domain.orders.order_events import OrderShipped
from domain.refunds.refund_events import RefundGranted
from domain.there import Thing
from tests.domain.bill_examples import paid_story, reinstate, reverse
from tests.domain.correction_examples import by_supervisor, correct
from tests.domain.examples import (
    DELIVERY,
    ORDER,
    OTHER_REFUND,
    PAYMENT,
    REFUND,
    SHIPMENT,
    captured,
    deliver,
    id_of,
    placed,
    shipped,
)
from tests.domain.refund_examples import PAYOUTS, come_back, deciding, grant, settle
from tests.domain.specification import OWNER, SUPERVISOR, Story

ON_THE_WAY: Thing = ("window", "1", SHIPMENT, "")
ARRIVED: Thing = ("window", "1", SHIPMENT, DELIVERY)


def there(story: Story, thing: Thing) -> int:
    """What all changes of it come to."""
    return sum([by for _, by in story.state(ORDER).there.changes.get(thing, ())])


def may_go_back(story: Story) -> tuple[int, int]:
    """What stands of the payment, and what of that did not go back as a refund."""
    return there(story, ("standing", PAYMENT)), there(story, ("may_go_back", PAYMENT))


def test_of_a_payment_is_there_what_neither_a_bank_took_nor_a_refund_gave_back() -> None:
    story = paid_story().by(OWNER)
    assert may_go_back(story) == (7595, 7595)
    for number, left in ((1, 4195), (2, 0)):
        refund, credit = id_of("ref", number), id_of("crd", number)
        story.do(grant((1, 1), refund=refund, deciding=deciding(OWNER.person)))
        story.do(settle(refund=refund, payouts=PAYOUTS[number - 1 :], credit=credit))
        assert may_go_back(story) == (7595, left)
    story.do(come_back(refund=REFUND))
    assert may_go_back(story) == (7595, 3400)
    story.do(reverse(amount=100))
    assert may_go_back(story) == (7495, 3300)
    story.do(reinstate(100))
    assert may_go_back(story) == (7595, 3400)


def test_units_are_there_to_be_refunded_once_they_left_or_arrived_until_they_were() -> None:
    story = by_supervisor(placed(), captured(), shipped())
    assert (there(story, ON_THE_WAY), there(story, ARRIVED)) == (2, 0)
    story.do(grant((1, 2), deciding=deciding(SUPERVISOR.person)))
    assert there(story, ON_THE_WAY) == 0
    story.do(correct(story, RefundGranted))
    assert there(story, ON_THE_WAY) == 2
    arrived = Story.after(story.entries).by(SUPERVISOR)
    arrived.do(deliver())
    assert there(arrived, ARRIVED) == 2
    arrived.do(grant((1, 2), refund=OTHER_REFUND, deciding=deciding(SUPERVISOR.person)))
    assert there(arrived, ARRIVED) == 0
    story.do(correct(story, OrderShipped))
    assert there(story, ON_THE_WAY) == 0
