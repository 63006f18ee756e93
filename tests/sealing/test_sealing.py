"""Sealed texts: opened only with the key of their subject, as what they were sealed as, in their own book."""

import re

import pytest

from ledger.connection import Reader
from ledger.sealing.sealer import (
    KEPT_FOR,
    NoSubjectKey,
    SealBroken,
    Sealer,
    WrongMasterKey,
    is_sealed,
)
from tests.sealing.conftest import MASTER, Clock, store

pytestmark = pytest.mark.anyio

TEXTS = ["Ann Smith", "", "ß–Ω 漢字 🎈", "a.b.c sealed.x.y.z", "line\nline", "x" * 10_000]


@pytest.mark.parametrize("text", TEXTS)
async def test_what_is_sealed_opens_as_it_was(sealer: Sealer, reader: Reader, text: str) -> None:
    ann = sealer.new_subject("cus_ann")
    await store(reader, sealer.book, ann)
    sealed = await sealer.seal("cus_ann", "name", text)
    assert await sealer.open(sealed) == text


async def test_a_sealed_text_is_one_token_that_names_its_subject_and_field(sealer: Sealer) -> None:
    sealed = sealer.new_subject("cus_ann").seal("contact_value", "ann@example.com")
    assert re.fullmatch(r"sealed\.cus_ann\.contact_value\.[A-Za-z0-9_-]+", sealed)
    assert is_sealed(sealed)


async def test_a_new_subject_seals_before_its_key_is_stored_and_anybody_opens_it_after(
    sealer: Sealer, reader: Reader, book_name: str
) -> None:
    ann = sealer.new_subject("cus_ann")
    sealed = ann.seal("name", "Ann")
    await store(reader, sealer.book, ann)
    assert await sealer.open(sealed) == "Ann"
    assert await sealer.seal("cus_ann", "name", "Ann") == sealed
    assert await Sealer(book_name, MASTER, reader).open(sealed) == "Ann"


# Keep the key in `new_subject` → this fails, and a refused registration would lose what is sealed after it.
async def test_a_key_whose_append_was_refused_seals_nothing(sealer: Sealer) -> None:
    sealer.new_subject("cus_ann")
    with pytest.raises(NoSubjectKey):
        await sealer.seal("cus_ann", "name", "Ann")


async def test_the_same_text_seals_alike_so_that_a_retry_can_be_compared(
    sealer: Sealer, reader: Reader
) -> None:
    ann, ben = sealer.new_subject("cus_ann"), sealer.new_subject("cus_ben")
    await store(reader, sealer.book, ann, ben)
    assert await sealer.seal("cus_ann", "name", "Ann") == ann.seal("name", "Ann")
    bodies = {
        sealed.rsplit(".")[-1]
        for sealed in (
            ann.seal("name", "Ann"),
            ann.seal("name", "Anna"),
            ann.seal("reason", "Ann"),
            ben.seal("name", "Ann"),
        )
    }
    assert len(bodies) == 4


# Leave subject or field out of the associated data → this fails.
async def test_a_text_moved_to_another_field_or_subject_does_not_open(sealer: Sealer, reader: Reader) -> None:
    ann, ben = sealer.new_subject("cus_ann"), sealer.new_subject("cus_ben")
    await store(reader, sealer.book, ann, ben)
    body = ann.seal("name", "Ann").rsplit(".")[-1]
    for moved in (f"sealed.cus_ann.reason.{body}", f"sealed.cus_ben.name.{body}"):
        with pytest.raises(SealBroken):
            await sealer.open(moved)


# Authenticate the field alone → this fails; above, the other subject's key hides that.
async def test_a_text_moved_to_another_subject_does_not_open_even_under_the_same_key(
    sealer: Sealer, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.sealing.sealer.os.urandom", bytes)
    ann, ben = sealer.new_subject("cus_ann"), sealer.new_subject("cus_ben")
    await store(reader, sealer.book, ann, ben)
    body = ann.seal("name", "Ann").rsplit(".")[-1]
    assert await sealer.open(f"sealed.cus_ann.name.{body}") == "Ann"
    with pytest.raises(SealBroken):
        await sealer.open(f"sealed.cus_ben.name.{body}")


@pytest.mark.parametrize(
    "text",
    [
        "Ann",
        "sealed.cus_ann.name.é",
        "sealed.cus_ann.name",
        "sealed.cus_ann.name.!",
        "sealed.cus_ann.name.AAAA",
        "sealed...",
    ],
)
async def test_what_was_never_sealed_is_not_opened(sealer: Sealer, reader: Reader, text: str) -> None:
    await store(reader, sealer.book, sealer.new_subject("cus_ann"))
    if text == "sealed...":
        assert await sealer.open(text) is None  # nobody's: as unreadable as an erased subject's
        return
    with pytest.raises(SealBroken):
        await sealer.open(text)


async def test_any_changed_character_is_noticed(sealer: Sealer, reader: Reader) -> None:
    ann = sealer.new_subject("cus_ann")
    await store(reader, sealer.book, ann)
    sealed = ann.seal("name", "Ann Smith")
    start = sealed.rindex(".") + 1
    for at in range(start, len(sealed) - 1):
        other = "A" if sealed[at] != "A" else "B"
        with pytest.raises(SealBroken):
            await sealer.open(sealed[:at] + other + sealed[at + 1 :])


async def test_a_page_of_texts_is_opened_at_once_with_one_read(sealer: Sealer, reader: Reader) -> None:
    ann, ben, gone = (sealer.new_subject(subject) for subject in ("cus_ann", "cus_ben", "cus_gone"))
    await store(reader, sealer.book, ann, ben)
    texts = [
        ann.seal("name", "Ann"),
        ann.seal("reason", "late"),
        ben.seal("name", "Ben"),
        gone.seal("name", "X"),
    ]
    assert await sealer.open_all(texts) == dict(zip(texts, ["Ann", "late", "Ben", None], strict=True))
    assert await sealer.open_all([]) == {}


async def test_another_book_cannot_open_it(sealer: Sealer, reader: Reader) -> None:
    ann = sealer.new_subject("cus_ann")
    await store(reader, sealer.book, ann)
    assert await Sealer(f"{sealer.book}x", MASTER, reader).open(ann.seal("name", "Ann")) is None


# Leave the book out of the wrapping key, or the subject out of its associated data → this fails.
async def test_a_wrapped_key_moved_to_another_book_or_subject_is_refused(
    sealer: Sealer, reader: Reader
) -> None:
    ann = sealer.new_subject("cus_ann")
    for book, subject in ((f"{sealer.book}x", "cus_ann"), (sealer.book, "cus_ben")):
        await reader.rows(
            "INSERT INTO subject_keys VALUES (%s, %s, %s) RETURNING subject", (book, subject, ann.row.wrapped)
        )
        with pytest.raises(WrongMasterKey):
            await Sealer(book, MASTER, reader).seal(subject, "name", "Ann")


async def test_a_wrong_master_key_is_noticed_before_anything_is_sealed(
    sealer: Sealer, reader: Reader
) -> None:
    await sealer.check_master_key()  # a book without keys accepts any
    await store(reader, sealer.book, sealer.new_subject("book"))
    await sealer.check_master_key()
    with pytest.raises(WrongMasterKey):
        await Sealer(sealer.book, bytes(32), reader).check_master_key()


async def test_a_kept_key_is_asked_for_again_when_its_time_is_over(
    sealer: Sealer, reader: Reader, clock: Clock
) -> None:
    ann = sealer.new_subject("cus_ann")
    await store(reader, sealer.book, ann)
    sealed = await sealer.seal("cus_ann", "name", "Ann")
    await reader.rows("DELETE FROM subject_keys WHERE book = %s RETURNING subject", (sealer.book,))
    clock.now = KEPT_FOR - 0.001
    assert await sealer.open(sealed) == "Ann"
    clock.now = KEPT_FOR
    assert await sealer.open(sealed) is None
    with pytest.raises(NoSubjectKey):
        await sealer.seal("cus_ann", "name", "Ann")


async def test_the_kept_keys_are_bounded(
    sealer: Sealer, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.sealing.sealer.KEPT", 3)
    subjects = [sealer.new_subject(f"cus_{number}") for number in range(6)]
    await store(reader, sealer.book, *subjects)
    for _ in range(2):
        texts = [new.seal("name", "Ann") for new in subjects]
        assert set((await sealer.open_all(texts)).values()) == {"Ann"}
        assert len(sealer._kept) == 3  # pyright: ignore[reportPrivateUsage]


@pytest.mark.parametrize("subject", ["", "cus.ann", "cus ann", "a" * 201, "cus_ß"])
async def test_a_subject_is_one_token(sealer: Sealer, subject: str) -> None:
    with pytest.raises(ValueError, match="subject"):
        sealer.new_subject(subject)


async def test_a_field_is_one_name(sealer: Sealer) -> None:
    with pytest.raises(ValueError, match="field"):
        sealer.new_subject("cus_ann").seal("a.b", "Ann")


async def test_a_look_up_row_holds_a_digest_and_not_the_value(sealer: Sealer) -> None:
    row = sealer.lookup("email", "Ann@Example.com", "cus_ann")
    assert (row.kind, row.customer) == ("email", "cus_ann")
    assert row.digest == sealer.digest("email", "ann@example.com")


async def test_keys_whose_time_is_over_do_not_stay_in_memory(
    sealer: Sealer, reader: Reader, clock: Clock
) -> None:
    ann, ben = sealer.new_subject("cus_ann"), sealer.new_subject("cus_ben")
    await store(reader, sealer.book, ann, ben)
    await sealer.seal("cus_ann", "name", "Ann")
    clock.now = KEPT_FOR
    await sealer.seal("cus_ben", "name", "Ben")
    assert set(sealer._kept) == {"cus_ben"}  # pyright: ignore[reportPrivateUsage]
