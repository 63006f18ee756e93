"""Signatures of payment processors over what they tell us.

    Stripe-Signature: t=1492774577,v1=5257a869e7…,v0=…

v1 is HMAC-SHA256, in hex, over `<t>.<body as it came>` with the endpoint's secret; while a secret is being
changed there are several. Scheme and tolerance are those of the processor's own library.
"""

import hmac
import re
from hashlib import sha256

from api.problems import SignatureRefused
from domain.moments import SECOND, Moment

TOLERANCE = 300
"""Seconds a notice may be under way, and its clock differ from ours: an old one may be a replay."""
_PART = re.compile(rb"(t|v1)=([0-9a-f]{1,64})")
_MOST_PARTS = 10


def expect_stripe_signature(header: bytes, body: bytes, secret: str, now: Moment) -> None:
    """The body was signed with that secret, lately. Raises: SignatureRefused."""
    said: bytes | None = None
    signatures: list[bytes] = []
    for part in header.split(b",", _MOST_PARTS):
        found = _PART.fullmatch(part.strip())
        if found is None:
            continue  # of another scheme
        if found[1] == b"t":
            said = found[2]
        else:
            signatures.append(found[2])
    if said is None or not said.isdigit():
        raise SignatureRefused
    expected = hmac.new(secret.encode(), said + b"." + body, sha256).hexdigest().encode()
    # Every signature is compared, each in constant time: how long it takes tells nothing about the secret.
    if sum([hmac.compare_digest(expected, signature) for signature in signatures]) == 0:
        raise SignatureRefused
    if abs(now // SECOND - int(said)) > TOLERANCE:
        raise SignatureRefused
