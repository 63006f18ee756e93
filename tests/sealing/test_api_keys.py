"""API keys: shown once, stored as a digest, bound to their book, and useless soon after they are revoked."""

import re
from hashlib import sha256

import pytest

from ledger.api_keys import NOTICED_WITHIN, ApiKeys, KeyHolder
from ledger.connection import Reader
from tests.sealing.conftest import Clock

pytestmark = pytest.mark.anyio


@pytest.fixture
def keys(reader: Reader, clock: Clock) -> ApiKeys:
    return ApiKeys(reader, clock=clock)


async def test_a_key_speaks_for_its_person_in_its_book(keys: ApiKeys, book_name: str) -> None:
    issued = await keys.issue(book_name, "per_ann", at=1)
    assert re.fullmatch(rf"mk_{book_name}_[A-Za-z0-9]{{43}}", issued.text)
    expected = KeyHolder(book_name, issued.id, "per_ann")
    assert await keys.authenticate(issued.text) == expected
    assert await keys.authenticate(issued.text) == expected  # the second time from memory


async def test_no_two_keys_are_alike(keys: ApiKeys, book_name: str) -> None:
    issued = [await keys.issue(book_name, "per_ann", at=1) for _ in range(5)]
    assert len({key.text for key in issued} | {key.id for key in issued}) == 10


async def test_the_database_holds_only_the_digest(keys: ApiKeys, reader: Reader, book_name: str) -> None:
    issued = await keys.issue(book_name, "per_ann", at=1)
    (row,) = await reader.rows("SELECT digest, api_keys::text FROM api_keys WHERE book = %s", (book_name,))
    assert row[0] == sha256(issued.text.encode()).digest()
    assert issued.text[-43:] not in row[1]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mk_",
        "mk__" + "a" * 43,
        "mk_shop_" + "a" * 42,
        "mk_shop_" + "a" * 44 + "é",
        "mk_sh\0p_" + "a" * 43,
        "mk_sh\ud800p_" + "a" * 43,
        "mk_shop_" + "a" * 42 + "٣",
        " mk_shop_" + "a" * 43,
        "mk_shop_" + "a" * 43 + "\n",
        "a" * 100_000,
    ],
)
async def test_what_is_no_key_is_refused_without_asking_the_database(reader: Reader, text: str) -> None:
    await reader.close()
    assert await ApiKeys(reader).authenticate(text) is None


async def test_an_unknown_key_is_refused(keys: ApiKeys, book_name: str) -> None:
    assert await keys.authenticate(f"mk_{book_name}_" + "a" * 43) is None


# Leave the book out of the digest and of the look-up → this fails.
async def test_a_key_opens_no_other_book(keys: ApiKeys, book_name: str) -> None:
    issued = await keys.issue(book_name, "per_ann", at=1)
    await keys.issue(f"{book_name}x", "per_ben", at=1)
    assert await keys.authenticate(issued.text.replace(book_name, f"{book_name}x")) is None


async def test_a_revoked_key_is_refused_at_once_where_it_was_revoked(keys: ApiKeys, book_name: str) -> None:
    first, second = [await keys.issue(book_name, "per_ann", at=1) for _ in range(2)]
    assert await keys.authenticate(first.text)
    assert await keys.revoke(book_name, first.id, at=2)
    assert await keys.authenticate(first.text) is None
    assert await keys.authenticate(second.text)


# Keep a holder for longer than NOTICED_WITHIN → this fails.
async def test_another_process_notices_a_revocation_in_time(
    keys: ApiKeys, reader: Reader, clock: Clock, book_name: str
) -> None:
    issued = await keys.issue(book_name, "per_ann", at=1)
    elsewhere = ApiKeys(reader)
    clock.now = 100
    assert await keys.authenticate(issued.text)
    await elsewhere.revoke(book_name, issued.id, at=2)
    clock.now = 100 + NOTICED_WITHIN - 0.001
    assert await keys.authenticate(issued.text)
    clock.now = 100 + NOTICED_WITHIN
    assert await keys.authenticate(issued.text) is None


async def test_a_key_stays_revoked_since_the_first_time(keys: ApiKeys, book_name: str) -> None:
    issued = await keys.issue(book_name, "per_ann", at=1)
    assert await keys.revoke(book_name, issued.id, at=2)
    assert await keys.revoke(book_name, issued.id, at=3)
    (listed,) = await keys.list(book_name)
    assert (listed.id, listed.person, listed.created_at, listed.revoked_at) == (issued.id, "per_ann", 1, 2)


async def test_only_its_own_book_revokes_a_key(keys: ApiKeys, book_name: str) -> None:
    issued = await keys.issue(book_name, "per_ann", at=1)
    assert not await keys.revoke(f"{book_name}x", issued.id, at=2)
    assert not await keys.revoke(book_name, "key_unknown", at=2)
    assert await keys.authenticate(issued.text)


async def test_the_list_is_of_one_book_oldest_first(keys: ApiKeys, book_name: str) -> None:
    late = await keys.issue(book_name, "per_ann", at=9)
    early = await keys.issue(book_name, "per_ben", at=3)
    await keys.issue(f"{book_name}x", "per_cid", at=1)
    assert [key.id for key in await keys.list(book_name)] == [early.id, late.id]


async def test_the_remembered_keys_are_bounded(
    keys: ApiKeys, book_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.api_keys.KEPT", 2)
    issued = [await keys.issue(book_name, "per_ann", at=1) for _ in range(4)]
    for _ in range(2):
        for key in issued:
            assert await keys.authenticate(key.text)
        assert len(keys._kept) == 2  # pyright: ignore[reportPrivateUsage]
