"""TypeID: the specification's own vectors, and what keeps a command out of a stream of another kind."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, strategies

from domain.ids import PREFIXES, expect_id, is_id, parse_type_id, type_id

VECTORS = Path(__file__).parents[2].parent / "shared" / "data" / "vectors"
without_vectors = pytest.mark.skipif(not VECTORS.is_dir(), reason="the vectors lie beside the repository")


def vectors(name: str) -> list[dict[str, Any]]:
    return json.loads((VECTORS / name).read_text()) if VECTORS.is_dir() else []


@without_vectors
@pytest.mark.parametrize("vector", vectors("typeid-valid.json"), ids=lambda vector: vector["name"])
def test_a_valid_type_id_reads_and_writes_as_the_specification_says(vector: dict[str, Any]) -> None:
    uuid = UUID(vector["uuid"]).int
    assert parse_type_id(vector["typeid"]) == (vector["prefix"], uuid)
    assert type_id(vector["prefix"], uuid) == vector["typeid"]


@without_vectors
@pytest.mark.parametrize("vector", vectors("typeid-invalid.json"), ids=lambda vector: vector["name"])
def test_an_invalid_type_id_is_not_read(vector: dict[str, Any]) -> None:
    # Break the first-character class in `_TYPE_ID` → suffix-overflow fails.
    with pytest.raises(ValueError, match="not a TypeID"):
        parse_type_id(vector["typeid"])


@given(strategies.sampled_from(sorted(PREFIXES)), strategies.integers(0, 2**128 - 1))
def test_every_uuid_comes_back(prefix: str, uuid: int) -> None:
    assert parse_type_id(type_id(prefix, uuid)) == (prefix, uuid)


@given(strategies.integers(0, 2**128 - 2))
def test_ids_sort_as_their_uuids_do(uuid: int) -> None:
    assert type_id("ord", uuid) < type_id("ord", uuid + 1)


def test_an_id_names_one_kind_of_thing() -> None:
    order = type_id("ord", 1)
    assert is_id("ord", order)
    assert not is_id("cus", order)
    assert not is_id("ord", "policy")
    expect_id("ord", order)
    with pytest.raises(ValueError, match="id of a customer"):
        expect_id("cus", order)


@pytest.mark.parametrize("uuid", [-1, 2**128])
def test_a_uuid_has_128_bits(uuid: int) -> None:
    with pytest.raises(ValueError, match="128 bits"):
        type_id("ord", uuid)


def test_an_id_without_a_prefix_names_no_kind_of_thing() -> None:
    # The specification allows none; the house names everything it mints.
    bare = type_id("", 1)
    assert parse_type_id(bare) == ("", 1)
    assert is_id("", bare)
    assert not is_id("?", bare)


@pytest.mark.parametrize("prefix", ["Ord", "ord1", "_ord", "ord_", "a" * 64])
def test_a_prefix_is_small_letters(prefix: str) -> None:
    with pytest.raises(ValueError, match="not a TypeID prefix"):
        type_id(prefix, 1)


@pytest.mark.parametrize("text", ["", "policy", "ord_", "ord_81h455vb4pex5vsknk084sn02q", "_" + "0" * 26])
def test_what_is_no_id_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match="not a TypeID"):
        parse_type_id(text)
