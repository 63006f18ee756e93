"""Ids minted at the edge."""

import pytest

from domain.ids import PREFIXES, is_id, parse_type_id
from ledger.identity import mint


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_minted_id_names_its_kind_and_is_a_version_7_uuid(prefix: str) -> None:
    minted = mint(prefix)
    assert is_id(prefix, minted)
    assert parse_type_id(minted)[1] >> 76 & 0xF == 7


def test_ids_are_minted_in_order_and_never_twice() -> None:
    minted = [mint("ord") for _ in range(1_000)]
    assert sorted(set(minted)) == minted
