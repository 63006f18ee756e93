"""The hash chain: what it covers, and that a change of anything it covers is found."""

from hashlib import sha256

import pytest

from ledger.errors import ChainBroken
from ledger.record.chain import ORIGIN, StoredRow, canonical, link, verify

FIRST = StoredRow(
    1, "book", 1, "book.opened", 1, None, 1_000, 2_000, '{"person":"system"}', '{"zone":"UTC"}', b""
)
SECOND = StoredRow(2, "ord_a", 1, "order.placed", 1, "cus_a", 1_500, 2_000, '{"person":"é"}', "{}", b"")


def chained(*rows: StoredRow) -> list[StoredRow]:
    previous, linked = ORIGIN, []
    for row in rows:
        previous = link(previous, canonical(row))
        linked.append(row._replace(hash=previous))
    return linked


def test_the_canonical_form_is_header_meta_and_data_on_a_line_each() -> None:
    assert canonical(FIRST) == ('1 book 1 book.opened 1 - 1000 2000\n{"person":"system"}\n{"zone":"UTC"}\n')
    assert canonical(SECOND).startswith("2 ord_a 1 order.placed 1 cus_a 1500 2000\n")


def test_the_first_hash_is_the_sha256_of_64_zeros_and_the_three_lines() -> None:
    text = "0" * 64 + '\n1 book 1 book.opened 1 - 1000 2000\n{"person":"system"}\n{"zone":"UTC"}\n'
    assert chained(FIRST)[0].hash == sha256(text.encode()).digest()


def test_the_second_hash_begins_with_the_first_in_hex() -> None:
    first, second = chained(FIRST, SECOND)
    text = f'{first.hash.hex()}\n2 ord_a 1 order.placed 1 cus_a 1500 2000\n{{"person":"é"}}\n{{}}\n'
    assert second.hash == sha256(text.encode()).digest()


def test_a_whole_chain_verifies_and_names_its_head() -> None:
    rows = chained(FIRST, SECOND)
    assert verify(rows) == (2, rows[1].hash)
    assert verify(rows[1:], 1, rows[0].hash) == (2, rows[1].hash)
    assert verify([]) == (0, ORIGIN)


# Leave any field out of `canonical` and its case here fails.
@pytest.mark.parametrize(
    "changed",
    [
        {"stream": "ord_b"},
        {"version": 2},
        {"type": "order.shipped"},
        {"schema_version": 2},
        {"customer": None},
        {"effective_at": 1_501},
        {"recorded_at": 2_001},
        {"meta": '{"person":"e"}'},
        {"data": '{"a":1}'},
        {"hash": bytes(32)},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_change_of_any_column_is_found_at_its_position(changed: dict[str, object]) -> None:
    first, second = chained(FIRST, SECOND)
    with pytest.raises(ChainBroken) as broken:
        verify([first, second._replace(**changed)])
    assert broken.value.position == 2


def test_a_missing_or_repeated_entry_is_found() -> None:
    first, second = chained(FIRST, SECOND)
    for rows in ([second], [first, first], [first, second, second]):
        with pytest.raises(ChainBroken):
            verify(rows)


def test_text_cannot_move_from_one_line_to_the_next_unnoticed() -> None:
    moved = FIRST._replace(meta='{"person":"system"}{"zone":"UTC"}', data="")
    assert chained(FIRST)[0].hash != chained(moved)[0].hash


@pytest.mark.parametrize("customer", ["", "-"])
def test_a_customer_who_is_written_like_none_is_not_taken_for_none(customer: str) -> None:
    """Hash "" or "-" like no customer, unnoticed → an entry could be given to nobody, and this fails."""
    (first,) = chained(FIRST)
    with pytest.raises(ChainBroken):
        verify([first._replace(customer=customer)])
