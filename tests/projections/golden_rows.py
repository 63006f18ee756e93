"""What every version of a projection makes of fixed histories, written down: `golden/rows.json`.

    python -m tests.projections.golden_rows              # a version was raised, or a projection added
    python -m tests.projections.golden_rows --history    # a stored type changed or came: they are told anew

The histories stand beside it, entry by entry as they are stored, so that they change with nothing else.
"""

import gzip
import sys
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from domain.entry import Entry
from domain.stored_types import STORED_TYPES, TYPE_NAMES
from ledger.errors import Undecodable
from ledger.projecting.decoding import decoder_of, names_of
from ledger.record import codec
from projections.catalogue import GENERATION, PROJECTIONS
from projections.folding import folding_of
from projections.projection import AnyProjection
from tests.model.steps import random_steps as model_steps
from tests.model.steps import taken
from tests.projections.histories import history, random_steps

GOLDEN = Path(__file__).parent / "golden"
ROWS, HISTORIES = GOLDEN / "rows.json", GOLDEN / "histories.jsonl.gz"
AGAIN = "python -m tests.projections.golden_rows"
MODELS = (8, 13, 38, 55, 2, 50, 44)
"""Seeds of stories of the model that tell of what the random history does not."""


class Golden(msgspec.Struct):
    """What one version of a projection makes of the histories."""

    version: int
    handles: list[str]
    rows: str
    """Digest of the rows, of what their columns are called, and of which groups stand still."""


class Goldens(msgspec.Struct):
    """All of them, and of which generation of the catalogue they are."""

    generation: int
    histories: str
    """Digest of the stored entries."""
    projections: dict[str, Golden]


def written() -> Goldens:
    """What is written down."""
    return msgspec.json.decode(ROWS.read_bytes(), type=Goldens)


def now() -> Goldens:
    """What the projections of today make of the histories. Raises: Undecodable."""
    stored = gzip.decompress(HISTORIES.read_bytes())
    books = list(_books(stored))
    made = {
        each.name: Golden(each.version, names_of(each.handles), _rows(each, books)) for each in PROJECTIONS
    }
    return Goldens(GENERATION, sha256(stored).hexdigest(), made)


def types_told() -> set[str]:
    """The stored types the histories hold."""
    stored = gzip.decompress(HISTORIES.read_bytes()).decode()
    return {msgspec.json.decode(line)[0].partition("@")[0] for line in stored.split("\n") if line}


def unnoticed(before: Goldens, after: Goldens) -> list[str]:
    """Projections that changed and say so to nobody, by what has to be done."""
    same = before.histories == after.histories
    found = [
        f"raise the version of {name}: version {it.version} has other rows, or handles other types"
        for name, it in after.projections.items()
        if (was := before.projections.get(name)) is not None
        and it.version == was.version
        and (it.handles != was.handles or (same and it.rows != was.rows))
    ]
    if after.projections.keys() - before.projections.keys() and after.generation == before.generation:
        found.append("raise GENERATION in projections/catalogue.py: there is a new projection")
    return found


def _rows(projection: AnyProjection, books: Sequence[Sequence[Entry]]) -> str:
    digest = sha256()
    for entries in books:
        folding = folding_of(projection)
        for entry in entries:
            if type(entry.event) in projection.handles:
                folding.feed(entry)
        rows = sorted(msgspec.json.encode(msgspec.to_builtins(row)) for row in folding.rows())
        still = sorted(each.position for each in folding.parked.values())
        digest.update(b"\n".join([*rows, msgspec.json.encode(still), b""]))
    return digest.hexdigest()


def _books(stored: bytes) -> Iterator[list[Entry]]:
    decode = decoder_of([type_.event for type_ in STORED_TYPES.values()])
    for book in stored.decode().split("\n\n"):
        yield decode(f"[{','.join(book.strip().splitlines())}]".encode())


def _told() -> bytes:
    """Histories that between them hold every stored type; the last ends with those that no story tells."""
    stories = [taken(model_steps(Random(seed), 40)).story.entries for seed in MODELS]
    books = [*stories, history(random_steps(7, 300, 20)).entries]
    seen = {TYPE_NAMES[type(entry.event)] for book in books for entry in book}
    lines = [[_line(entry) for entry in book] for book in books]
    position = len(lines[-1])
    for number, name in enumerate(sorted(STORED_TYPES.keys() - seen), 1):
        lines[-1].append(_untold(name, position + number, books[-1][-1]))
    return "\n\n".join("\n".join(book) for book in lines).encode()


def _line(entry: Entry) -> str:
    """As the server writes it for `decoder_of`."""
    name, version, data = codec.encode(entry.event)
    return _json(
        [
            f"{name}@{version}",
            entry.position,
            entry.stream,
            entry.version,
            msgspec.Raw(data.encode()),
            entry.customer,
            entry.effective_at,
            entry.recorded_at,
            msgspec.Raw(codec.encode_meta(entry.meta).encode()),
        ]
    )


def _untold(name: str, position: int, last: Entry) -> str:
    """The golden text of a type as one more entry of a book."""
    version = STORED_TYPES[name].schema_version
    data = (Path("tests/golden") / f"{name}.v{version}.json").read_text("utf-8").strip()
    event: dict[str, Any] = msgspec.json.decode(data)
    stream = event.get("order") or event.get("customer") or "book"
    at, meta = last.recorded_at, msgspec.Raw(codec.encode_meta(last.meta).encode())
    told = [stream, 1, msgspec.Raw(data.encode()), event.get("customer"), at, at, meta]
    return _json([f"{name}@{version}", position, *told])


def _json(line: list[Any]) -> str:
    return msgspec.json.encode(line).decode()


def main() -> None:
    """Write them down anew, unless something changed and says so to nobody."""
    tell = "--history" in sys.argv
    try:
        if left := unnoticed(written(), now()):
            sys.exit("\n".join(left))
    except (FileNotFoundError, Undecodable) as lost:
        if not tell:
            sys.exit(f"{lost}; say: {AGAIN} --history")
    if tell:
        HISTORIES.write_bytes(gzip.compress(_told(), mtime=0))
    ROWS.write_bytes(msgspec.json.format(msgspec.json.encode(now()), indent=1) + b"\n")


if __name__ == "__main__":
    main()
