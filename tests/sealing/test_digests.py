"""Keyed digests: the same value written in two ways is found; two books, kinds or requests never meet."""

import pytest

from ledger.sealing.digests import (
    BlindIndex,
    folded_email,
    folded_name,
    folded_phone,
    request_digest,
    request_key,
)

MASTER = bytes(range(32))


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("  Ann@Example.COM ", "ann@example.com"),
        ("ZO\u0308E@example.com", "zöe@example.com"),
        ("I\u0307@example.com", "i\u0307@example.com"),
    ],
)
def test_an_email_is_trimmed_composed_and_lower_cased(written: str, folded: str) -> None:
    assert folded_email(written) == folded
    assert folded_email(folded) == folded


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("+49 30 12-34", "+49301234"),
        ("0049 (0)30 1234", "+49301234"),
        ("+49 (0)30 1234", "+49301234"),
        ("(030) 12 34", "0301234"),
        ("030/1234", "0301234"),
        ("\uff0b\uff14\uff19 30 1234", "+49301234"),
        ("+\u0664\u0669301234", "+49301234"),
        ("none yet", "none yet"),
    ],
)
def test_a_phone_number_keeps_its_digits_and_its_country(written: str, folded: str) -> None:
    assert folded_phone(written) == folded
    assert folded_phone(folded) == folded


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        (" ANN \t Smith\n", "ann smith"),
        ("Straße", "strasse"),
        ("Jose\u0301", "josé"),
        ("O'Neil-Ray", "o'neil-ray"),
    ],
)
def test_a_name_is_case_folded_with_single_blanks(written: str, folded: str) -> None:
    assert folded_name(written) == folded
    assert folded_name(folded) == folded


def test_two_ways_to_write_one_value_have_one_digest() -> None:
    index = BlindIndex("shop", MASTER)
    assert index.digest("email", "Ann@example.com") == index.digest("email", " ann@EXAMPLE.com")
    assert index.digest("email", "ann@example.com") != index.digest("email", "anne@example.com")


# Derive one key for all books, or for all kinds → this fails.
def test_books_kinds_and_master_keys_have_digests_of_their_own() -> None:
    digests = {
        BlindIndex("shop", MASTER).digest("email", "ann"),
        BlindIndex("shop", MASTER).digest("name", "ann"),
        BlindIndex("shop", MASTER).digest("phone", "ann"),
        BlindIndex("other", MASTER).digest("email", "ann"),
        BlindIndex("shop", bytes(32)).digest("email", "ann"),
    }
    assert len(digests) == 5
    assert {len(digest) for digest in digests} == {32}


def test_what_cannot_be_looked_up_has_no_digest() -> None:
    with pytest.raises(KeyError):
        BlindIndex("shop", MASTER).digest("fax", "0301234")


# Leave any of the four out of the digest → this fails.
def test_a_request_is_told_from_another_by_book_method_path_and_body() -> None:
    shop, other = request_key("shop", MASTER), request_key("other", MASTER)
    digests = {
        request_digest(shop, "POST", "/v1/orders", b"{}"),
        request_digest(other, "POST", "/v1/orders", b"{}"),
        request_digest(shop, "PUT", "/v1/orders", b"{}"),
        request_digest(shop, "POST", "/v1/orders/", b"{}"),
        request_digest(shop, "POST", "/v1/orders", b"{ }"),
    }
    assert len(digests) == 5
    assert request_digest(shop, "POST", "/v1/orders", b"{}") in digests
