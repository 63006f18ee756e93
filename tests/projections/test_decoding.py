"""Pages of entries: typed at once, or lifted by the codec where they are of an older schema version."""

import msgspec
import pytest

from domain.entry import Entry
from domain.orders.order_events import OrderPlaced
from domain.payments.payment_events import PaymentCaptured
from domain.stored_types import STORED_TYPES, StoredType
from ledger.errors import Undecodable
from ledger.projecting import decoding
from ledger.projecting.decoding import decoder_of, passed_over
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


def test_only_types_that_this_release_knows_are_passed_over(captured: Entry) -> None:
    over = passed_over([PaymentCaptured])
    assert len(over) == len(STORED_TYPES) - 1
    assert "payment.captured" not in over
    unknown = line(captured)
    unknown[0] = "loyalty_point.given@1"
    with pytest.raises(Undecodable):
        decoder_of([PaymentCaptured])(page(unknown))
