"""What all request bodies share: strict, closed, bounded; and money that agrees on one currency."""

from collections.abc import Iterable, Sequence

from pydantic import BaseModel, ConfigDict, Field

from api.grammars import Amount, At, Currency, FreeText
from api.problems import Fault, Invalid


class Body(BaseModel):
    """A JSON object with known members only; nothing is converted silently."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


class Writing(Body):
    """What every request that records something may say beside its content."""

    effective_at: At | None = Field(
        default=None, description="When it took effect, if that was earlier than now. Paper is entered late."
    )
    reason: FreeText | None = Field(default=None, description="Why, in the caller's words. Kept sealed.")


class Money(Body):
    """An amount in whole minor units of one currency."""

    amount: Amount
    currency: Currency


def minor(amount: Money | None) -> int:
    """The minor units; 0 where nothing was said."""
    return 0 if amount is None else amount.amount


def one_currency(amounts: Sequence[Money | None], pointers: Iterable[str]) -> str:
    """The currency all these amounts share; the first one said decides. `pointers` names them, one by one.

    Raises: Invalid, naming every amount that differs.
    """
    currencies = [amount.currency for amount in amounts if amount is not None]
    currency = currencies[0]
    if currencies.count(currency) == len(currencies):
        return currency
    others = tuple(
        Fault(pointer, "Should be in the same currency as the rest")
        for pointer, amount in zip(pointers, amounts, strict=True)
        if amount is not None and amount.currency != currency
    )
    raise Invalid("The amounts are not all in one currency.", faults=others)
