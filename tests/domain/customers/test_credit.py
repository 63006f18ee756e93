"""What becomes of a customer's credit, event by event. Source: I15"""

import pytest

from domain.corrections.correction_events import RefundCorrected
from domain.customers.credit import Credit, credit_after
from domain.payments.payment_events import CreditSetAside, CreditUsed
from domain.refunds.refund_events import Basis
from tests.domain.bill_examples import credit_given
from tests.domain.examples import CUSTOMER, ORDER, REFUND, id_of, refund_granted

HAD = {"USD": Credit(granted=50, set_aside=30, used=20, paid_out=10, gifts=10)}


def corrected(basis: Basis) -> RefundCorrected:
    """A refund of 7 granted by mistake."""
    return RefundCorrected(
        refund=REFUND,
        customer=CUSTOMER,
        corrects=1,
        basis=basis,
        currency="USD",
        granted=7,
        credit_amount=0,
        goods=0,
        tax=0,
        shipping=0,
        shipping_tax=0,
        shipping_credit=0,
        returns_fee=False,
        fee_dropped=0,
        parts=(),
        reopened=(),
        written_off=(),
        cancelled=(),
        cancelled_price=0,
        to_ship=0,
        not_cancelled=0,
    )


@pytest.mark.parametrize(
    ("event", "after"),
    [
        (
            credit_given(7),
            Credit(57, 30, 20, 10, gifts=17),
        ),
        (
            CreditSetAside(
                customer=CUSTOMER,
                order=ORDER,
                credit=id_of("crd"),
                currency="USD",
                amount=7,
                source="refund",
                subject=REFUND,
                gift=3,
            ),
            Credit(50, 37, 20, 10, gifts=13),
        ),
        (
            CreditUsed(
                customer=CUSTOMER, order=ORDER, use=id_of("use"), currency="USD", amount=7, gift=3, bills=()
            ),
            Credit(50, 30, 27, 10, gifts=7),
        ),
        (refund_granted(basis="credit", granted=7), Credit(50, 30, 20, 17, gifts=10)),
        (corrected("credit"), Credit(50, 30, 20, 3, gifts=10)),
        (refund_granted(basis="unverified", granted=7), Credit(50, 30, 20, 10, gifts=10)),
        (corrected("unverified"), Credit(50, 30, 20, 10, gifts=10)),
    ],
    ids=lambda it: type(it).__name__,
)
def test_an_event_moves_its_figures(event: object, after: Credit) -> None:
    assert credit_after(HAD, event) == {"USD": after}  # pyright: ignore[reportArgumentType]
    assert after.available == after.granted + after.set_aside - after.used - after.paid_out
