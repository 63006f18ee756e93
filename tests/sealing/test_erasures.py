"""Erasing: the key and the look-ups are gone here, elsewhere, after a restart and after a restore."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import LiteralString

import pytest

from ledger.connection import Reader, Row
from ledger.errors import Unavailable
from ledger.sealing.erasures import FILE_NAME, Erasures
from ledger.sealing.sealer import NoSubjectKey, Sealer
from tests.sealing.conftest import MASTER, store

pytestmark = pytest.mark.anyio


@pytest.fixture
def erasures(tmp_path: Path, reader: Reader) -> Erasures:
    return Erasures(tmp_path, reader)


async def looked_up(reader: Reader, book: str, customer: str) -> int:
    rows = await reader.rows("SELECT kind FROM lookups WHERE book = %s AND customer = %s", (book, customer))
    return len(rows)


async def index(reader: Reader, sealer: Sealer, customer: str) -> None:
    row = sealer.lookup("email", "ann@example.com", customer)
    await reader.rows(
        "INSERT INTO lookups VALUES (%s, %s, %s, %s) RETURNING kind",
        (sealer.book, row.kind, row.digest, row.customer),
    )


async def test_an_erased_subject_opens_as_nothing_and_is_no_longer_found(
    sealer: Sealer, reader: Reader, erasures: Erasures
) -> None:
    ann, ben = sealer.new_subject("cus_ann"), sealer.new_subject("cus_ben")
    await store(reader, sealer.book, ann, ben)
    for customer in ("cus_ann", "cus_ben"):
        await index(reader, sealer, customer)
    sealed = await sealer.seal("cus_ann", "name", "Ann")
    kept = await sealer.seal("cus_ben", "name", "Ben")

    await erasures.destroy(sealer, "cus_ann")

    assert await sealer.open_all([sealed, kept]) == {sealed: None, kept: "Ben"}
    with pytest.raises(NoSubjectKey):
        await sealer.seal("cus_ann", "reason", "anything")
    assert await Sealer(sealer.book, MASTER, reader).open(sealed) is None
    assert await looked_up(reader, sealer.book, "cus_ann") == 0
    assert await looked_up(reader, sealer.book, "cus_ben") == 1


# Note it after the deletion → this fails: dying in between, a restore would bring the person back.
async def test_an_erasure_is_noted_before_anything_is_deleted(
    sealer: Sealer, reader: Reader, erasures: Erasures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = sealer.new_subject("cus_ann")
    await store(reader, sealer.book, ann)

    async def away(*_: object, **__: object) -> list[Row]:
        raise Unavailable

    monkeypatch.setattr(reader, "change", away)
    with pytest.raises(Unavailable):
        await erasures.destroy(sealer, "cus_ann")
    monkeypatch.undo()
    assert await Erasures(tmp_path, reader).apply() == 1
    assert await Sealer(sealer.book, MASTER, reader).open(ann.seal("name", "Ann")) is None


# Keep what was read before the key was forgotten → this fails.
async def test_a_text_being_opened_during_the_erasure_does_not_keep_its_key(
    sealer: Sealer, reader: Reader, erasures: Erasures, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = sealer.new_subject("cus_ann")
    await store(reader, sealer.book, ann)
    sealed = ann.seal("name", "Ann")
    read, erased, rows = asyncio.Event(), asyncio.Event(), reader.rows

    async def slow(query: LiteralString, parameters: Sequence[object] = ()) -> list[Row]:
        found = await rows(query, parameters)
        read.set()
        await erased.wait()
        return found

    monkeypatch.setattr(reader, "rows", slow)
    opening = asyncio.create_task(sealer.open(sealed))
    await read.wait()
    await erasures.destroy(sealer, "cus_ann")
    erased.set()
    assert await opening == "Ann"
    assert await sealer.open(sealed) is None


async def test_erasing_twice_does_no_harm(sealer: Sealer, reader: Reader, erasures: Erasures) -> None:
    await store(reader, sealer.book, sealer.new_subject("cus_ann"))
    await erasures.destroy(sealer, "cus_ann")
    await erasures.destroy(sealer, "cus_ann")
    assert await erasures.apply() == 0


# Leave `append_line` out of `destroy` → this fails: a restored backup would bring the person back.
async def test_a_restored_backup_does_not_bring_an_erased_person_back(
    sealer: Sealer, reader: Reader, erasures: Erasures, tmp_path: Path
) -> None:
    ann, ben = sealer.new_subject("cus_ann"), sealer.new_subject("cus_ben")
    await store(reader, sealer.book, ann, ben)
    await erasures.destroy(sealer, "cus_ann")
    await store(reader, sealer.book, ann)  # the backup was older than the erasure
    await index(reader, sealer, "cus_ann")

    assert await Erasures(tmp_path, reader).apply() == 1

    sealed = ann.seal("name", "Ann")
    assert await Sealer(sealer.book, MASTER, reader).open(sealed) is None
    assert await looked_up(reader, sealer.book, "cus_ann") == 0
    assert await sealer.open(ben.seal("name", "Ben")) == "Ben"


async def test_the_erasures_of_one_book_leave_the_others_alone(
    sealer: Sealer, reader: Reader, erasures: Erasures
) -> None:
    other = Sealer(f"{sealer.book}x", MASTER, reader)
    ours, theirs = sealer.new_subject("cus_ann"), other.new_subject("cus_ann")
    await store(reader, sealer.book, ours)
    await store(reader, other.book, theirs)
    await erasures.destroy(sealer, "cus_ann")
    assert await erasures.apply() == 0
    assert await other.open(theirs.seal("name", "Ann")) == "Ann"


async def test_the_books_own_key_cannot_be_erased(
    sealer: Sealer, reader: Reader, erasures: Erasures, tmp_path: Path
) -> None:
    new = sealer.new_subject("book")
    await store(reader, sealer.book, new)
    with pytest.raises(ValueError, match="own key"):
        await erasures.destroy(sealer, "book")
    assert await sealer.open(new.seal("reason", "why")) == "why"
    assert not (tmp_path / FILE_NAME).exists()


async def test_without_the_file_nothing_is_erased(sealer: Sealer, reader: Reader, erasures: Erasures) -> None:
    await store(reader, sealer.book, sealer.new_subject("cus_ann"))
    assert await erasures.apply() == 0
    assert await sealer.seal("cus_ann", "name", "Ann")
