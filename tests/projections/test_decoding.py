"""Pages of entries: typed at once, or lifted by the codec where they are of an older schema version."""

import msgspec
import pytest

from domain.entry import Entry
from domain.orders.order_events import OrderPlaced
from domain.payments.payment_events import PaymentCaptured
from domain.stored_types import STORED_TYPES, StoredType
from ledger.projecting import decoding
from ledger.projecting.decoding import Undecodable, decoder_of
from ledger.record import codec


@pytest.fixture
def captured(entries: list[Entry]) -> Entry:
    return next(entry for entry in entries if isinstance(entry.event, PaymentCaptured))


def line(entry: Entry, schema_version: int = 1, **changes: object) -> list[object]:
    """An entry as the server writes it."""
    name, _, data = codec.encode(entry.event)
    return [
        f"{name}@{schema_version}",
        entry.position,
        entry.stream,
        entry.version,
        {**msgspec.json.decode(data), **changes},
        entry.customer,
        entry.effective_at,
        entry.recorded_at,
        msgspec.json.decode(codec.encode_meta(entry.meta)),
    ]


def page(*lines: list[object]) -> bytes:
    return msgspec.json.encode(list(lines))


def test_a_line_becomes_the_entry_with_all_its_fields(captured: Entry) -> None:
    (read,) = decoder_of([PaymentCaptured])(page(line(captured)))
    assert isinstance(read, Entry)
    for field in Entry.__struct_fields__:
        assert getattr(read, field) == getattr(captured, field)


def test_an_older_schema_version_is_lifted(captured: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    """In version 1 the amount was called `paid`. Decode it as today's class → this fails."""

    def renamed(data: dict[str, object]) -> dict[str, object]:
        return {"amount": data.pop("paid"), **data}

    grown = {**STORED_TYPES, "payment.captured": StoredType(PaymentCaptured, 2, {1: renamed})}
    monkeypatch.setattr(decoding, "STORED_TYPES", grown)
    monkeypatch.setattr(codec, "STORED_TYPES", grown)
    older = line(captured, 1)
    data = older[4]
    assert isinstance(data, dict)
    data["paid"] = data.pop("amount")
    new, old = decoder_of([PaymentCaptured])(page(line(captured, 2), older))
    assert new.event == old.event == captured.event
    assert (old.position, old.meta, old.customer) == (captured.position, captured.meta, captured.customer)


@pytest.mark.parametrize(
    ("schema_version", "changes"),
    [(2, {}), (1, {"amount": "12.99"}), (1, {"surprise": 1})],
    ids=["a newer schema version", "a text for an amount", "a field nobody knows"],
)
def test_what_cannot_be_decoded_is_named_by_its_position(
    captured: Entry, entries: list[Entry], schema_version: int, changes: dict[str, object]
) -> None:
    placed = next(entry for entry in entries if isinstance(entry.event, OrderPlaced))
    decode = decoder_of([PaymentCaptured, OrderPlaced])
    assert len(decode(page(line(placed), line(captured)))) == 2
    with pytest.raises(Undecodable) as failed:
        decode(page(line(placed), line(captured, schema_version, **changes)))
    assert failed.value.position == captured.position
