"""What a request about a refund may say."""

from typing import Annotated

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from api.bodies import Body, Money, Writing
from api.grammars import (
    CODE,
    At,
    Currency,
    FreeText,
    LineNumber,
    PaymentId,
    PaymentMethodId,
    PayoutId,
    Quantity,
    Reference,
    RefundId,
    Sku,
)
from domain.command import MOST_LINES
from domain.refunds.refund_events import ObservedProblem, PayoutMethod, SignalKind
from domain.refunds.ways import Way


class AskBody(Writing):
    """What is asked, and how it came about."""

    proactive: bool = Field(default=False, description="We offer it before the customer asks.")
    first_contact_at: At | None = Field(
        default=None, description="When the customer first spoke to us about it."
    )
    asked_at: At | None = Field(
        default=None, description="When it was asked for; the age label is taken then. Left out, now."
    )
    note: FreeText | None = Field(default=None, description="The customer's words. Kept sealed.")
    only_request: bool = Field(
        default=False, description="Note that it was asked for, and let somebody else decide."
    )


class AskedUnitsBody(Body):
    """Units of a line to give the money back for."""

    line: LineNumber
    quantity: Quantity


class GrantRefundBody(AskBody):
    """A refund of an order."""

    parts: Annotated[list[AskedUnitsBody], Field(max_length=MOST_LINES)] = Field(
        default=[], description="May be empty where only the fee goes back for an observed problem."
    )
    observed_problem: ObservedProblem | None = Field(
        default=None, description="What the customer reports, never a cause; the fee then goes back too."
    )


class ClaimedUnitsBody(Body):
    """Units the customer says they bought from us."""

    sku: Sku
    quantity: Quantity
    amount: Money | None = Field(
        default=None, description="For all of them, as a person states it; left out, the list price counts."
    )


class GrantCustomerRefundBody(AskBody):
    """A refund that belongs to no order: of what nobody can verify, or of credit as money."""

    claims: Annotated[list[ClaimedUnitsBody], Field(max_length=200)] = Field(default=[])
    credit: Money | None = Field(default=None, description="Money we keep for the customer, to be paid out.")
    currency: Currency | None = Field(
        default=None, description="Of the list prices, where no amount says it."
    )

    @model_validator(mode="after")
    def _one_thing(self) -> "GrantCustomerRefundBody":
        if bool(self.claims) == (self.credit is not None):
            raise PydanticCustomError("one_thing", "Should have either claims or credit")
        return self


class ApproveRefundBody(Writing):
    """Nothing but when and why."""


class WithdrawRefundBody(Writing):
    """Nothing but when and why."""


class SettleRefundBody(Writing):
    """How what is due back leaves us."""

    method: Way | None = Field(
        default=None,
        description="Left out, the first way that is open: the way it came, another card, credit.",
    )
    payment_method: PaymentMethodId | None = Field(default=None, description="The other card.")
    reference: Reference | None = Field(
        default=None,
        description="What the processor or bank calls the payout; it is that of one payout, against one "
        "payment. Without it a processor that is connected is asked for what came through it; a cheque, "
        "a transfer, a money or postal order always have one.",
    )
    payment: PaymentId | None = Field(
        default=None,
        description="The payment it left against; left out, the first that goes back by hand. Only of what "
        "goes back the way it came.",
    )
    amount: Money | None = Field(
        default=None,
        description="What left; left out, what was due at that moment on that way. What is due no longer "
        "waits as unmatched.",
    )


class FailedPayoutBody(Writing):
    """A way on which the money could not leave."""

    method: PayoutMethod
    payment: PaymentId | None = Field(
        default=None, description="The payment it should have gone back against."
    )
    payment_method: PaymentMethodId | None = Field(default=None, description="The other card.")
    why: Annotated[str, Field(pattern=CODE)] = Field(examples=["card_closed"])


class ReturnedPayoutBody(Writing):
    """A payout whose money came back."""

    payout: PayoutId
    why: Annotated[str, Field(pattern=CODE)] = Field(examples=["undelivered"])


class DismissSignalBody(Writing):
    """A signal somebody looked at."""

    refund: RefundId
    kind: SignalKind
    note: FreeText | None = Field(default=None, description="What was found. Kept sealed.")
