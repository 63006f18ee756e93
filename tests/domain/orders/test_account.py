"""Every column of an order's account, in its direction; and what of its money leaves as money. Source: §2"""

import pytest

from domain.orders.account import OrderAccount, cash_of, purse


@pytest.mark.parametrize(
    ("column", "sign"),
    [
        ("charged", 1),
        ("received", -1),
        ("credit_used", -1),
        ("reversed", 1),
        ("credited", -1),
        ("refunded", 1),
        ("set_aside", 1),
        ("written_off", -1),
    ],
)
def test_a_column_moves_the_balance_in_its_direction(column: str, sign: int) -> None:
    assert OrderAccount(**{column: 7}).balance == 7 * sign


@pytest.mark.parametrize(
    ("account", "cash"),
    [
        (OrderAccount(received=100), 100),
        (OrderAccount(received=100, reversed=30), 70),
        (OrderAccount(received=100, refunded=40), 60),
        (OrderAccount(received=100, reversed=30, refunded=40), 30),
        (OrderAccount(received=100, set_aside=25), 75),
        (OrderAccount(received=100, set_aside=25, credit_used=25), 100),
        (OrderAccount(received=100, set_aside=25, credit_used=60), 100),
        (OrderAccount(received=100, credit_used=60), 100),
        (OrderAccount(received=100, reversed=30, credit_used=60), 70),
        (OrderAccount(received=100, refunded=40, credit_used=60), 60),
        (OrderAccount(received=20, reversed=20, refunded=5), 0),
        (OrderAccount(credit_used=100), 0),
    ],
)
def test_what_came_as_money_and_is_still_here_leaves_as_money(account: OrderAccount, cash: int) -> None:
    assert cash_of(account, 1_000, 0) == cash
    assert cash_of(account, cash, 0) == cash
    assert cash_of(account, 0, 0) == 0
    if cash:
        assert cash_of(account, cash - 1, 0) == cash - 1


@pytest.mark.parametrize(
    ("account", "gift", "cash"),
    [
        (OrderAccount(received=100, credit_used=100), 100, 100),
        (OrderAccount(received=100, credit_used=100, set_aside=100), 100, 0),
        (OrderAccount(received=100, credit_used=100, set_aside=100), 0, 100),
        (OrderAccount(received=100, credit_used=100, set_aside=60), 100, 40),
        (OrderAccount(received=100, credit_used=60, set_aside=100, reversed=50), 60, 0),
    ],
)
def test_what_is_here_as_a_gift_never_leaves_as_money(account: OrderAccount, gift: int, cash: int) -> None:
    assert cash_of(account, 1_000, gift) == cash


@pytest.mark.parametrize(
    ("balance", "open_bills", "to_ship", "deposit", "due_back"),
    [
        (-100, 0, 60, 60, 40),
        (-100, 0, 100, 100, 0),
        (-100, 0, 160, 100, 0),
        (-100, 0, 0, 0, 100),
        (-40, 60, 0, 0, 100),
        (60, 60, 50, 0, 0),
        (59, 60, 50, 1, 0),
    ],
)
def test_funds_are_for_what_is_still_to_ship_and_the_rest_is_due_back(
    balance: int, open_bills: int, to_ship: int, deposit: int, due_back: int
) -> None:
    account = OrderAccount(charged=balance) if balance > 0 else OrderAccount(received=-balance)
    held = purse(account, open_bills, to_ship)
    assert (held.deposit, held.due_back) == (deposit, due_back)


@pytest.mark.parametrize(
    ("column", "sign"),
    [
        ("received", 1),
        ("credit_used", 1),
        ("reversed", -1),
        ("refunded", -1),
        ("set_aside", -1),
        ("charged", 0),
    ],
)
def test_money_is_here_until_it_left_or_was_kept_as_credit(column: str, sign: int) -> None:
    assert OrderAccount(**{column: 7}).money_here == 7 * sign
