"""An order's account, and what its money is for: the one place for funds, deposit and due back.

    account  = charged − received − credit used + reversed − credited + refunded + set aside − written off
    funds    = open bills − account, never negative: money that no bill and no charge has used
    deposit  = funds, at most the price of the units still to ship
    due back = funds − deposit, computed anew at every payout, never frozen

    cash     of what is due back, up to what came as money and is still here; the rest becomes credit
             and never what is here only as a gift: of a bill paid by one and then again as money, the excess
             has been set aside as the customer's own already

Positive = the customer owes us. All in minor units of the order's currency. Source: §2 Money
"""

import msgspec


class OrderAccount(msgspec.Struct, frozen=True):
    """The columns of one order's account, each in the direction of its name."""

    charged: int = 0
    received: int = 0
    credit_used: int = 0
    reversed: int = 0
    """Chargebacks and bounced payments, less what was reinstated."""
    credited: int = 0
    refunded: int = 0
    """Paid out, less what came back to us."""
    set_aside: int = 0
    written_off: int = 0

    @property
    def money_here(self) -> int:
        """Money that came and is still here, credit used included; negative where more left than came."""
        return self.received + self.credit_used - self.reversed - self.refunded - self.set_aside

    def moved(self, **amounts: int) -> "OrderAccount":
        """The account with those columns raised by so much."""
        columns = {column: getattr(self, column) + amount for column, amount in amounts.items()}
        return msgspec.structs.replace(self, **columns)

    @property
    def balance(self) -> int:
        """Positive: the customer owes us; negative: we owe the customer money or goods already paid for."""
        return (
            self.charged
            - self.received
            - self.credit_used
            + self.reversed
            - self.credited
            + self.refunded
            + self.set_aside
            - self.written_off
        )


class Purse(msgspec.Struct, frozen=True):
    """What an order's money is for at one moment; funds = deposit + due_back."""

    deposit: int
    due_back: int


def purse(account: OrderAccount, open_bills: int, to_ship: int) -> Purse:
    """Funds divided into the deposit for the units still to ship and what is due back. Source: §2 Money"""
    return purse_of(account.balance, open_bills, to_ship)


def purse_of(balance: int, open_bills: int, to_ship: int) -> Purse:
    """The same, where only the balance of the account is known."""
    funds = max(0, open_bills - balance)
    deposit = min(funds, to_ship)
    return Purse(deposit, funds - deposit)


def cash_of(account: OrderAccount, due_back: int, gift: int) -> int:
    """What of the money due back leaves as money: what came as credit goes back as credit, and so much of it
    as `gift` says as a gift. So no more leaves as money than ever came. Source: R-G8, I15
    """
    came_as_money = account.received - account.reversed - account.refunded
    return min(due_back, max(0, min(came_as_money, account.money_here - gift)))
