"""Who may do what: each route declares one permission, each role has some of them.

A service has no rights of its own beyond reading and ticking: where it decides, it acts for a registered
person and may do what that person may (`api.caller`).
"""

from enum import StrEnum

from domain.book.register import Role


class Permission(StrEnum):
    """What a route may demand."""

    READ = "read"
    READ_PERSONAL = "read_personal"
    """See names, contact points and free text in the clear; without it they read `[withheld]`."""
    SERVE_CUSTOMERS = "serve_customers"
    """Customers, carts, orders, payments, shipments, cancellations."""
    CORRECT = "correct"
    """Take back what was recorded by mistake."""
    KEEP_PRODUCTS = "keep_products"
    KEEP_BOOKS = "keep_books"
    """Write bills off or give them up, review the orders of watched customers, close months."""
    REVIEW_SIGNALS = "review_signals"
    """Dismiss what may be about a customer, or about one of us."""
    SET_POLICY = "set_policy"
    KEEP_PERSONS = "keep_persons"
    """Let others act in the book."""
    TELL = "tell"
    """Say what happened, as a processor whose signature was checked: no role has it."""
    TICK = "tick"
    """Have the book record what time has decided."""


_AGENT = frozenset({Permission.READ, Permission.READ_PERSONAL, Permission.SERVE_CUSTOMERS})
_SUPERVISOR = _AGENT | {Permission.CORRECT, Permission.REVIEW_SIGNALS, Permission.KEEP_PRODUCTS}

GRANTED: dict[Role, frozenset[Permission]] = {
    "auditor": frozenset({Permission.READ}),
    "service": frozenset({Permission.READ, Permission.READ_PERSONAL, Permission.TICK}),
    "agent": _AGENT,
    "supervisor": _SUPERVISOR,
    "owner": _SUPERVISOR
    | {Permission.KEEP_BOOKS, Permission.SET_POLICY, Permission.KEEP_PERSONS, Permission.TICK},
}
"""What each role may do."""

READING = frozenset({Permission.READ, Permission.READ_PERSONAL})
"""Permissions that decide nothing."""
