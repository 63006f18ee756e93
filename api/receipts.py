"""The receipt: what a decision recorded, as a pure function of its entries, so that a repeated request gets
the same one.

Whether it was a repetition, or says what is recorded already, stands in the header `Idempotent-Replayed`, not
in the body. A dry run wrote nothing: no header says where that is, in which version, or how far a list has to
read to hold it, unless it is on record already.
"""

from collections.abc import Mapping

import msgspec

from api.render import Reading
from api.replies import Reply
from ledger.record.submission import Outcome


async def receipt(
    outcome: Outcome,
    subject: str,
    reading: Reading,
    status: int,
    place: str | None,
    more: Mapping[str, object] = {},
) -> Reply:
    """The answer to a decision that was taken.

    `subject` is the prefix of the stream the decision is about (`ord`, `book`); `place` is the address under
    which that stream is read, where there is one; `more`: members beside the receipt's own.
    """
    entries = outcome.entries
    stream, version = entries[-1].stream, entries[-1].version
    for entry in entries:
        if entry.stream.startswith(subject):
            stream, version = entry.stream, entry.version
    headers: dict[str, str] = {}
    if not outcome.dry_run or outcome.already:
        headers |= {"Ledger-Position": str(entries[-1].position), "ETag": f'"{version}"'}
    if headers and place is not None:
        headers["Location"] = place + stream
    if outcome.replayed or outcome.already:
        headers["Idempotent-Replayed"] = "true"
    body = {
        "subject": stream,
        "version": version,
        "position": entries[-1].position,
        "dry_run": outcome.dry_run,
        "entries": await reading.entries(entries),
        **more,
    }
    return Reply(status, msgspec.json.encode(body), headers)
