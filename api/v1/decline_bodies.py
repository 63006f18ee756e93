"""What a request about a declined payment may say."""

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from api.bodies import Money, Writing
from api.grammars import (
    ContactPointId,
    DeclineCode,
    FreeText,
    PaymentId,
    PaymentMethodId,
    PersonId,
    Processor,
    Reference,
)
from domain.declines.decline_codes import NetworkAdvice
from domain.orders.order_events import ContactChannel


class PaymentFailureBody(Writing):
    """A payment the customer's bank refused."""

    amount: Money
    processor: Processor = Field(examples=["stripe"])
    reference: Reference | None = Field(
        default=None, description="The processor's own name for the charge it refused."
    )
    decline_code: DeclineCode = Field(description="The bank's answer; one we do not know counts as soft.")
    advice: NetworkAdvice | None = Field(default=None, description="What the card network recommends.")
    payment_method: PaymentMethodId | None = Field(
        default=None, description="The card on file that was tried."
    )
    payment: PaymentId | None = Field(
        default=None, description="An attempt recorded before, which ended so; left out, one of its own."
    )


class ChargeBody(Writing):
    """A card on file to charge, or a charge of unknown outcome to ask about again."""

    payment_method: PaymentMethodId | None = None
    amount: Money | None = Field(default=None, description="Left out, all that the order still needs.")
    named_by_customer: bool = Field(
        default=False, description="Whether the customer chose this card; else we did, and they are told."
    )
    payment: PaymentId | None = Field(
        default=None, description="An attempt whose outcome is not known; the processor is asked again."
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> "ChargeBody":
        if (self.payment is None) == (self.payment_method is None):
            raise PydanticCustomError("one_charge", "Should name either a payment_method or a payment")
        if self.payment is not None and (self.amount is not None or self.named_by_customer):
            raise PydanticCustomError("asked_again", "Should say nothing new about an earlier attempt")
        if self.effective_at is not None:
            raise PydanticCustomError("charged_now", "Should not say when: a card is charged now")
        return self


class AbandonChargeBody(Writing):
    """That a charge was never made; who says so in the place of its processor says why in `reason`."""


class CardSearchBody(Writing):
    """Nothing but that the cards on file were looked through."""


class ContactAttemptBody(Writing):
    """Somebody tried to reach the customer."""

    channel: ContactChannel
    contact_point: ContactPointId | None = Field(
        default=None,
        description="The one on file that was used. May be left out where there is only one of this channel, "
        "or none: then it was a way that is not on file.",
    )
    reached: bool
    by: PersonId | None = Field(default=None, description="Who tried; left out, whoever records it.")
    note: FreeText | None = Field(default=None, description="What came of it. Kept sealed.")


class ReleaseBody(Writing):
    """That an order ships without payment; the owner says why in `reason`."""


class NotDeliveredBody(Writing):
    """That an order is given up."""
