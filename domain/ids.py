"""Ids: TypeID text, a prefix that says what it names and a UUID in 26 characters of Crockford's base 32.

    ord_01h455vb4pex5vsknk084sn02q

New ids are minted at the edge (`ledger.identity`), since a fresh id needs a clock and chance; here is only
the codec. Source: the TypeID specification 0.3
"""

import re
from functools import lru_cache
from typing import Final

PREFIXES: Final = {
    "ord": "order, from its cart on",
    "cus": "customer",
    "prd": "product",
    "per": "person who acts",
    "bil": "bill",
    "ref": "refund",
    "shp": "shipment",
    "dlv": "delivery",
    "pay": "payment, from its attempt on",
    "pm": "payment method",
    "con": "contact point",
    "dsp": "dispute of a payment",
    "rev": "reversal of a payment, and what comes back of it",
    "crd": "credit set aside or granted",
    "ret": "return of refunded goods",
    "arr": "arrival of returned goods",
    "clm": "claim on a supplier",
    "rcv": "what a supplier paid of a claim",
    "use": "use of credit",
    "unm": "unmatched money",
    "stl": "return of unmatched money",
    "pot": "payout of a refund",
    "prm": "promise",
}
"""Every prefix in use and what it names."""

ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [first + second for first in ALPHABET for second in ALPHABET]
_VALUES = {pair: value for value, pair in enumerate(_PAIRS)}
# The first character holds only three bits: 26 × 5 = 130 bits would overflow a UUID's 128.
_PREFIX = re.compile(r"[a-z](?:[a-z_]{0,61}[a-z])?")
_TYPE_ID = re.compile(rf"(?:({_PREFIX.pattern})_)?([0-7][0-9a-hjkmnp-tv-z]{{25}})")


def type_id(prefix: str, uuid: int) -> str:
    """The TypeID text of a UUID given as a 128-bit whole number. Raises: ValueError if it is out of range."""
    if not 0 <= uuid < 1 << 128:
        raise ValueError("a UUID has 128 bits")
    begin, of = f"{prefix}_" if _checked(prefix) else "", _PAIRS
    # Written out: every command mints a few, and a loop takes twice as long.
    return (
        f"{begin}{of[uuid >> 120]}{of[uuid >> 110 & 1023]}{of[uuid >> 100 & 1023]}{of[uuid >> 90 & 1023]}"
        f"{of[uuid >> 80 & 1023]}{of[uuid >> 70 & 1023]}{of[uuid >> 60 & 1023]}{of[uuid >> 50 & 1023]}"
        f"{of[uuid >> 40 & 1023]}{of[uuid >> 30 & 1023]}{of[uuid >> 20 & 1023]}{of[uuid >> 10 & 1023]}"
        f"{of[uuid & 1023]}"
    )


@lru_cache(maxsize=64)
def _checked(prefix: str) -> str:
    """The prefix itself, which may be empty. Raises: ValueError."""
    if prefix and _PREFIX.fullmatch(prefix) is None:
        raise ValueError(f"{prefix!r} is not a TypeID prefix")
    return prefix


def parse_type_id(text: str) -> tuple[str, int]:
    """The prefix and the UUID, as a 128-bit whole number, of a TypeID text. Raises: ValueError."""
    match = _TYPE_ID.fullmatch(text)
    if match is None:
        raise ValueError("not a TypeID")
    suffix = match[2]
    uuid = 0
    for start in range(0, 26, 2):
        uuid = uuid << 10 | _VALUES[suffix[start : start + 2]]
    return match[1] or "", uuid


def is_id(prefix: str, text: str) -> bool:
    """Whether `text` is a TypeID that names this kind of thing."""
    match = _TYPE_ID.fullmatch(text)
    return match is not None and (match[1] or "") == prefix


def expect_id(prefix: str, text: str) -> None:
    """An id of that kind, so that no command can write to a stream of another kind. Raises: ValueError."""
    if not is_id(prefix, text):
        raise ValueError(f"expected the id of a {PREFIXES[prefix]} ({prefix}_…)")
