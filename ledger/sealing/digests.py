"""Keyed digests: they let the record compare personal data it cannot read.

The blind index finds a customer by email, phone or name; the request digest tells a repeated request from
another one under the same idempotency key. Every book and kind has its own key, so that the digests of two
books say nothing about each other.
"""

import hmac
import unicodedata
from collections.abc import Callable, Mapping

from ledger.sealing.master_key import derived_key


def folded_email(text: str) -> str:
    """Trimmed, composed (NFC) and lower-cased: `Ann@Example.COM ` → `ann@example.com`."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text.strip()).lower())


def folded_name(text: str) -> str:
    """Composed (NFC), case-folded, runs of white space as one blank: `ANN  Straße` → `ann strasse`."""
    return unicodedata.normalize("NFC", " ".join(unicodedata.normalize("NFC", text).casefold().split()))


def folded_phone(text: str) -> str:
    """The digits, with a leading `+` if the number names its country: `0049 (0)30 12-34` → `+49301234`.

    A number without digits is folded like a name. The national and the international way to write one number
    stay different.
    """
    written = unicodedata.normalize("NFKC", text).strip()
    with_country = written.startswith(("+", "00"))
    if with_country:
        written = written.replace("(0)", "")  # the trunk zero, dialled only inside the country
    digits = "".join(str(unicodedata.decimal(sign)) for sign in written if sign.isdecimal())
    if not digits:
        return folded_name(text)
    return "+" + digits.removeprefix("00") if with_country else digits


FOLDED: Mapping[str, Callable[[str], str]] = {
    "email": folded_email,
    "phone": folded_phone,
    "name": folded_name,
}
"""What may be looked up, and the form in which two ways of writing it are the same."""


class Keyed:
    """HMAC-SHA-256 under one key, which is taken in once: that costs more than to digest a short text."""

    def __init__(self, key: bytes) -> None:
        self._begun = hmac.new(key, digestmod="sha256")

    def digest(self, *parts: bytes) -> bytes:
        """32 bytes for these parts one after the other."""
        begun = self._begun.copy()
        for part in parts:
            begun.update(part)
        return begun.digest()


class BlindIndex:
    """Digests by which one book finds its customers."""

    def __init__(self, book: str, master: bytes) -> None:
        self._keys = {kind: Keyed(derived_key(master, "lookup", book, kind)) for kind in FOLDED}

    def digest(self, kind: str, text: str) -> bytes:
        """32 bytes, equal for two ways to write one value. Raises: KeyError for a kind not in FOLDED."""
        return self._keys[kind].digest(FOLDED[kind](text).encode())


def request_key(book: str, master: bytes) -> Keyed:
    """The key under which one book digests requests."""
    return Keyed(derived_key(master, "request", book))


def request_digest(book_key: Keyed, method: str, path: str, body: bytes) -> bytes:
    """32 bytes that tell a repeated request from another one.

    Keyed, because a plain hash would let a reader of the table confirm a guessed name or address.
    """
    return book_key.digest(f"{method}\n{path}\n".encode(), body)
