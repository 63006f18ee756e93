"""What goes wrong at the edge; how it leaves it: `api.problem_replies`.

    Problem                          raised by the edge itself; one class per cause, as with a `Refusal`
    ├── MalformedJson, BodyTooLarge, WrongMediaType, KeyMissing,
    │   KeyMalformed                                                   the request cannot be read
    ├── Unauthenticated, NotPermitted, NobodyActedFor, SignatureRefused the caller
    ├── NotFound, WrongMethod, NotAcceptable                           the address
    ├── Invalid, CardNumberFound, KeyBelongsToAnother                  the content
    ├── PersonalDataErased                                             the customer
    ├── OutOfDate, Busy, Overloaded, DatabaseUnavailable,
    │   RebuildSwitches, ProjectionBuilding, ReadModelBehind           the moment
    ├── NoProcessor, ProcessorSilent                                   the processor of payments
    └── InternalFault                                                  us

A problem says nothing that came in with the request: titles and causes are written here, details only name
fields, figures and ids.
"""

import re
from http import HTTPStatus
from typing import ClassVar

import msgspec

PAGES = "/problems/"
"""Where the page of each problem is served; the `type` of a problem is this and its slug."""


PLACES = {"ord": "/v1/orders/", "cus": "/v1/customers/", "prd": "/v1/products/"}
"""Where streams are read, by the prefix of their id."""


class Fault(msgspec.Struct, frozen=True):
    """One thing wrong in the request: where (JSON pointer into the body, or a parameter's name) and what."""

    pointer: str
    detail: str


class Problem(Exception):
    """The request cannot be answered with a receipt."""

    status: ClassVar[HTTPStatus]
    way_out: ClassVar[str]

    def __init__(
        self,
        detail: str | None = None,
        *,
        faults: tuple[Fault, ...] = (),
        headers: dict[str, str] | None = None,
        see: str | None = None,
    ) -> None:
        super().__init__(detail or self.title())
        self.detail, self.faults, self.headers = detail or self.title(), faults, headers or {}
        self.see = see

    @classmethod
    def title(cls) -> str:
        """The cause in one sentence: the class docstring."""
        return " ".join((cls.__doc__ or "").split())

    @classmethod
    def slug(cls) -> str:
        """The stable name in URLs, made as a refusal's is: `KeyMissing` → `key-missing`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()


class MalformedJson(Problem):
    """The body is not JSON that can be read in only one way."""

    status = HTTPStatus.BAD_REQUEST
    way_out = (
        "Send one JSON value as UTF-8: each member once, whole numbers, no NUL or half surrogate, "
        "at most 32 levels deep."
    )


class BodyTooLarge(Problem):
    """The body is larger than 1 MiB."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    way_out = "Send less at once: an order of this size is several orders."


class WrongMediaType(Problem):
    """The body is not declared as application/json."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    way_out = "Send the header Content-Type: application/json."


class NotAcceptable(Problem):
    """This address does not answer in a form that the header Accept names."""

    status = HTTPStatus.NOT_ACCEPTABLE
    way_out = (
        "Ask for application/json, or leave the header Accept out. Lists of flat rows come as text/csv too: "
        "the description of the API says which."
    )


class KeyMissing(Problem):
    """A request that may record something needs an idempotency key."""

    status = HTTPStatus.BAD_REQUEST
    way_out = (
        "Send the header Idempotency-Key with 1 to 128 of the characters A-Z a-z 0-9 . _ : / + = -, "
        "a new one for each new wish and the same one when you repeat a request."
    )


class KeyMalformed(Problem):
    """The idempotency key is not one: it is empty, too long, or has other characters than a key may have."""

    status = HTTPStatus.BAD_REQUEST
    way_out = (
        "Send 1 to 128 of the characters A-Z a-z 0-9 . _ : / + = - in the header Idempotency-Key; a UUID is "
        "one."
    )


class Unauthenticated(Problem):
    """The request does not carry an API key that is valid here."""

    status = HTTPStatus.UNAUTHORIZED
    way_out = "Send the header Authorization: Bearer <API key>. `makegood keys create` makes one."


class SignatureRefused(Problem):
    """What arrived was not signed lately with the secret of this endpoint."""

    status = HTTPStatus.BAD_REQUEST
    way_out = (
        "Give the secret the processor shows for this address: `makegood endpoints add`. What was under way "
        "too long is sent again by the processor itself."
    )


class NotPermitted(Problem):
    """The person this key belongs to may not do this."""

    status = HTTPStatus.FORBIDDEN
    way_out = "Ask somebody whose role may, or let the owner give you a key of that role."


class NobodyActedFor(Problem):
    """A service decides only for a registered person, and nobody else may act for another."""

    status = HTTPStatus.FORBIDDEN
    way_out = (
        "With a service's key, send the header On-Behalf-Of with the id of the person the service acts for. "
        "With any other key, leave the header out."
    )


class NotFound(Problem):
    """Nothing of that name is in this book."""

    status = HTTPStatus.NOT_FOUND
    way_out = "Check the address and that the API key is of the right book."


class WrongMethod(Problem):
    """This address does not answer that method."""

    status = HTTPStatus.METHOD_NOT_ALLOWED
    way_out = "The header Allow names the methods it answers; /docs lists every address."


class Invalid(Problem):
    """The request is well-formed, but its content is not what this address takes."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    way_out = "Correct the fields that `errors` names and send it again."

    def __init__(self, detail: str | None = None, *, faults: tuple[Fault, ...] = ()) -> None:
        # What is wrong with the whole has the empty pointer (RFC 6901): `errors` always names a place.
        super().__init__(detail, faults=faults or (Fault("", detail or self.title()),))


class CardNumberFound(Problem):
    """A free text, or a customer's reference, holds what looks like a card number; none is recorded."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    way_out = (
        "Leave the number out. A card is known here by token, brand, last four digits and expiry only. "
        "Other references, SKUs and tracking numbers have grammars of their own and are not searched."
    )


class KeyBelongsToAnother(Problem):
    """This idempotency key already belongs to a different request."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    way_out = "Use a new key for a new wish. To repeat the old request, send exactly what was sent then."


class PersonalDataErased(Problem):
    """The personal data of this customer was erased; nothing more can be sealed for them."""

    status = HTTPStatus.CONFLICT
    way_out = "Leave the text out, or register the customer anew if they order again."


class OutOfDate(Problem):
    """What you looked at has changed since."""

    status = HTTPStatus.PRECONDITION_FAILED
    way_out = "Read it again, look at what changed, and send the request with the ETag you then get."


class Busy(Problem):
    """Others kept changing the same thing; nothing was recorded."""

    status = HTTPStatus.CONFLICT
    way_out = "Send the same request again, with the same idempotency key."


class Overloaded(Problem):
    """More requests wait than can be answered soon; nothing was recorded."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    way_out = "Send the same request again after the seconds in Retry-After, with the same idempotency key."


class DatabaseUnavailable(Problem):
    """The database does not answer; whether the request was recorded is not known."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    way_out = (
        "Send the same request again after the seconds in Retry-After, with the same idempotency key: "
        "it is recorded once, whatever happened."
    )


class RebuildSwitches(Problem):
    """What this rests on is being written by a rebuild, in its last step; nothing was recorded."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    way_out = "A rebuild is switching: send the same request again after the seconds in Retry-After."


class NoProcessor(Problem):
    """No processor of payments is connected to this book, so no card can be charged from here."""

    status = HTTPStatus.CONFLICT
    way_out = (
        "Charge the card where you take payments, and record what came of it: a captured payment under "
        "/payments, a declined one under /payment-failures. Demo books have trial cards."
    )


class ProcessorSilent(Problem):
    """The processor of payments does not answer; whether the card was charged is not known."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    way_out = (
        "Send the same request again after the seconds in Retry-After, with the same idempotency key, or "
        "name the payment: the processor is asked for the same charge, so that the card never pays twice."
    )


class ProjectionBuilding(Problem):
    """What answers this is being built from the entries of the book for the first time."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    way_out = "Ask again after the seconds in Retry-After; what is asked by id is answered meanwhile."


class ReadModelBehind(Problem):
    """What this rests on has not read as far yet as the entry in `min_position`, or the book."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    way_out = (
        "Ask again after the seconds in Retry-After; or, where it was named, leave min_position out and see"
        " `as_of_position`."
    )


class EntryOfANewerRelease(Problem):
    """What answers this holds an entry that the running release cannot read."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    way_out = (
        "A newer release recorded it: ask a server of that release, or let this one be brought up to it. "
        "What does not rest on that entry is answered meanwhile."
    )


class InternalFault(Problem):
    """Something is wrong in Makegood itself; it has been written to the log."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    way_out = (
        "Send the same request again, with the same idempotency key; if it stays, report it with the time."
    )
