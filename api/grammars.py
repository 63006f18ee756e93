"""What each kind of text in a request may look like. Everything is bounded, and nothing free may hold a card
number.

Identifying numbers (references, SKUs, tracking numbers) have narrow grammars instead: they are long digits by
nature. A customer's reference is searched all the same, as in an import: it is shown wherever they are.
"""

import re
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any
from unicodedata import category

from fastapi import Path
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from domain.command import LARGEST_AMOUNT, MOST_LINES, MOST_UNITS
from domain.ids import PREFIXES
from domain.moments import FIRST_EFFECTIVE, LATEST, Moment, moment_of
from domain.money import is_currency
from ledger.sealing.card_numbers import holds_card_number
from projections.journal import ACCOUNTS

CARD_NUMBER = "card_number"
"""The type of a validation error by which the problem `card-number-found` is chosen."""

SENTENCES: dict[str, str] = {}
"""What to say of a text that does not match, by pattern; filled where the grammars are written down."""


def grammar(pattern: str, sentence: str) -> str:
    """The pattern itself; what does not match it is answered with the sentence."""
    SENTENCES[pattern] = sentence
    return pattern


EXAMPLE_SUFFIX = "01h455vb4pex5vsknk084sn02q"
TEXT = grammar(
    r"^[^\x00-\x08\x0b-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x08\x0b-\x1f\x7f]*$",
    "Should be text that is not blank, without control characters but tab and line feed",
)
"""Not blank, and no control characters but tab and line feed."""

BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Fillers: letters and symbols by their category, and nothing to see."""

_PLAINLY_SEEN = re.compile("[!-~]")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_EMAIL = re.compile(r"[^\s@<>\"]{1,100}@[^\s@<>\"]{1,150}")
_PHONE = re.compile(r"\+?[0-9](?:[ ()./-]{0,2}[0-9]){3,14}", re.ASCII)


def visible(text: str) -> str:
    """The text itself, if there is anything to see: not only blanks, format characters and bare accents.

    Raises: PydanticCustomError.
    """
    if not _PLAINLY_SEEN.search(text) and all(category(sign)[0] in "CZM" or sign in BLANK for sign in text):
        raise PydanticCustomError("blank", "Should be text that is not blank")
    return text


def without_card_number(text: str) -> str:
    """The text itself, if it holds no card number. Raises: PydanticCustomError of the type CARD_NUMBER."""
    if holds_card_number(text):
        raise PydanticCustomError(CARD_NUMBER, "Holds what looks like a card number")
    return text


def _id_pattern(prefix: str) -> str:
    pattern = rf"^{prefix}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$"
    return grammar(pattern, f"Should be an id like {prefix}_{EXAMPLE_SUFFIX}")


def _in_body(prefix: str) -> Any:
    return Field(
        pattern=_id_pattern(prefix),
        description=f"Id: {PREFIXES[prefix]}.",
        examples=[f"{prefix}_{EXAMPLE_SUFFIX}"],
    )


def _in_path(prefix: str) -> Any:
    return Path(
        pattern=_id_pattern(prefix),
        description=f"Id: {PREFIXES[prefix]}.",
        examples=[f"{prefix}_{EXAMPLE_SUFFIX}"],
    )


def _read_moment(text: object) -> Moment:
    """Microseconds of an RFC 3339 text with an offset. Raises: PydanticCustomError."""
    if isinstance(text, str) and _MOMENT.fullmatch(text):
        with suppress(ValueError, OverflowError):  # no such day, or none a date can name once it is UTC
            moment = moment_of(datetime.fromisoformat(text))
            if FIRST_EFFECTIVE <= moment <= LATEST:
                return moment
    raise PydanticCustomError(
        "moment", "Should be a date and time from 1900 to 2999 with an offset, as 2010-08-31T17:05:00Z"
    )


def _known_currency(text: str) -> str:
    if not is_currency(text):
        raise PydanticCustomError("currency", "Should be an ISO 4217 currency that has a minor unit")
    return text


def _known_account(name: str) -> str:
    if name not in ACCOUNTS:
        raise PydanticCustomError("account", f"Should be an account of the books: {', '.join(ACCOUNTS)}")
    return name


def _phone(text: str) -> str:
    if not _PHONE.fullmatch(text):
        raise PydanticCustomError("phone", "Should be 4 to 15 digits, as +49 30 123456")
    return text if text.startswith("+") else without_card_number(text)


def _email(text: str) -> str:
    if not _EMAIL.fullmatch(text):
        raise PydanticCustomError("email", "Should be an email address, as ann@example.com")
    local, _, _ = text.partition("@")
    # Letters beside the digits make it an address, and addresses made by machines hold any digits.
    return text if any(sign.isalpha() for sign in local) else without_card_number(text)


def contact_value(kind: str, text: str) -> str:
    """The value of a contact point if it looks like one of its kind. Raises: PydanticCustomError."""
    match kind:
        case "email":
            return _email(text)
        case "phone" | "fax":
            return _phone(text)
        case _:
            return without_card_number(visible(text))


FreeText = Annotated[
    str,
    StringConstraints(max_length=1_000, pattern=TEXT),
    AfterValidator(visible),
    AfterValidator(without_card_number),
]
"""Text anybody may type; at most 1,000 characters, which stay under the domain's bound when sealed."""
ShortText = Annotated[
    str,
    StringConstraints(max_length=200, pattern=TEXT),
    AfterValidator(visible),
    AfterValidator(without_card_number),
]

Reference = Annotated[
    str,
    StringConstraints(
        pattern=grammar(r"^[A-Za-z0-9_./-]{1,80}$", "Should be 1 to 80 letters, digits and _ . / -")
    ),
]
CustomerReference = Annotated[Reference, AfterValidator(without_card_number)]
Channel = Annotated[
    str,
    StringConstraints(
        pattern=grammar(r"^[A-Za-z0-9_.-]{1,19}$", "Should be 1 to 19 letters, digits and _ . -")
    ),
]
Sku = Annotated[
    str,
    StringConstraints(
        pattern=grammar(r"^[A-Za-z0-9_./-]{1,64}$", "Should be 1 to 64 letters, digits and _ . / -")
    ),
]
Tracking = Annotated[
    str,
    StringConstraints(pattern=grammar(r"^[A-Za-z0-9-]{1,64}$", "Should be 1 to 64 letters, digits and -")),
]
Method = Annotated[
    str,
    StringConstraints(
        pattern=grammar(r"^[a-z0-9_]{1,40}$", "Should be 1 to 40 lower-case letters, digits and _")
    ),
]
Processor = Annotated[
    str,
    StringConstraints(
        pattern=grammar(r"^[a-z0-9_-]{1,19}$", "Should be 1 to 19 lower-case letters, digits and _ -")
    ),
]
Token = Annotated[
    str,
    StringConstraints(
        pattern=grammar(r"^[A-Za-z0-9_-]{1,100}$", "Should be 1 to 100 letters, digits and _ -")
    ),
    AfterValidator(without_card_number),
]
Brand = Annotated[
    str,
    StringConstraints(
        pattern=grammar(r"^[A-Za-z][A-Za-z _-]{0,39}$", "Should be the name of a card's brand, as visa")
    ),
    Field(examples=["visa"]),
]
LastFour = Annotated[
    str,
    StringConstraints(pattern=grammar(r"^[0-9]{4}$", "Should be the last four digits, as 4242")),
    Field(examples=["4242"]),
]
Expiry = Annotated[
    str,
    StringConstraints(
        pattern=grammar(r"^20[0-9]{2}-(0[1-9]|1[0-2])$", "Should be a year and a month, as 2027-08")
    ),
    Field(examples=["2027-08"]),
]
Account = Annotated[
    str,
    AfterValidator(_known_account),
    WithJsonSchema({"type": "string", "enum": list(ACCOUNTS), "examples": ["assets:customers"]}),
]
Currency = Annotated[
    str,
    StringConstraints(pattern=grammar(r"^[A-Z]{3}$", "Should be the three capital letters of a currency")),
    AfterValidator(_known_currency),
    Field(examples=["EUR"]),
]
Amount = Annotated[int, Field(ge=0, le=LARGEST_AMOUNT, description="Whole minor units.", examples=[1299])]
Quantity = Annotated[int, Field(ge=1, le=MOST_UNITS)]
LineNumber = Annotated[int, Field(ge=1, le=MOST_LINES, description="The line's number within its order.")]
At = Annotated[
    int,
    BeforeValidator(_read_moment),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2010-08-31T17:05:00Z"]}),
]
"""RFC 3339 in the request, a moment of 1900 to 2999 in the model."""

Day = Annotated[
    str,
    StringConstraints(pattern=grammar(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "Should be a day, as 2010-08-31")),
    Field(examples=["2010-08-31"]),
]
Month = Annotated[
    str,
    StringConstraints(
        pattern=grammar(r"^(19|2[0-9])[0-9]{2}-(0[1-9]|1[0-2])$", "Should be a month, as 2010-08")
    ),
    Field(examples=["2010-08"]),
]

CustomerId = Annotated[str, _in_body("cus")]
OrderId = Annotated[str, _in_body("ord")]
DeclineCode = Annotated[
    str,
    StringConstraints(
        pattern=grammar(r"^[a-z0-9_]{1,100}$", "Should be a decline code, as insufficient_funds")
    ),
    Field(examples=["insufficient_funds"]),
]
ContactPointId = Annotated[str, _in_body("con")]
PaymentMethodId = Annotated[str, _in_body("pm")]
PaymentId = Annotated[str, _in_body("pay")]
PayoutId = Annotated[str, _in_body("pot")]
RefundId = Annotated[str, _in_body("ref")]
ShipmentId = Annotated[str, _in_body("shp")]
PersonId = Annotated[str, _in_body("per")]
BillId = Annotated[str, _in_body("bil")]
ReversalId = Annotated[str, _in_body("rev")]
DisputeId = Annotated[str, _in_body("dsp")]
UnmatchedId = Annotated[str, _in_body("unm")]
SettlementId = Annotated[str, _in_body("stl")]
OrderInPath = Annotated[str, _in_path("ord")]
CustomerInPath = Annotated[str, _in_path("cus")]
CreditInPath = Annotated[str, _in_path("crd")]
RefundInPath = Annotated[str, _in_path("ref")]
ReturnInPath = Annotated[str, _in_path("ret")]
ClaimInPath = Annotated[str, _in_path("clm")]
ContactPointInPath = Annotated[str, _in_path("con")]
PaymentInPath = Annotated[str, _in_path("pay")]
BillInPath = Annotated[str, _in_path("bil")]
DisputeInPath = Annotated[str, _in_path("dsp")]
ReversalInPath = Annotated[str, _in_path("rev")]
UnmatchedInPath = Annotated[str, _in_path("unm")]
ProductInPath = Annotated[str, _in_path("prd")]
PositionInPath = Annotated[int, Path(ge=1, le=2**62, description="Position of an entry in the book.")]

CODE = grammar(
    r"^[a-z][a-z0-9_]{0,39}$", "Should be a code of 1 to 40 small letters, digits and _, a letter first"
)
"""A code of our own or a processor's, such as `card_closed`."""
KIND_TOLD = grammar(r"^[a-z0-9_.]{1,100}$", "Should be 1 to 100 small letters, digits and _ .")
"""What a processor calls a kind of event, such as `charge.succeeded`."""
