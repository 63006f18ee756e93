"""`makegood endpoints`: opened with a secret that is never shown again, listed, closed."""

import io

import pytest

from tests.cli.commandline import Makegood

SECRET = "whsec_5257a869e7ecebeda32affa62cdca3fa"


def test_an_endpoint_names_its_book_and_never_shows_its_secret(makegood: Makegood, book: str):
    opened = makegood("endpoints", "add", "stripe", "--secret", SECRET, "--book", book, "--json")
    (it,) = opened.json()
    assert it["path"] == f"/v1/inbound/stripe/{it['endpoint']}"
    assert it["endpoint"].startswith(f"in_{book}_")
    listed = makegood("endpoints", "list", "--book", book, "--json")
    (row,) = listed.json()
    assert (row["endpoint"], row["processor"], row["revoked_at"]) == (it["endpoint"], "stripe", None)
    assert SECRET not in opened.out + listed.out


def test_a_secret_may_come_by_a_pipe_and_no_prompt_is_among_the_data(
    makegood: Makegood, book: str, monkeypatch: pytest.MonkeyPatch
):
    # Let typer prompt → this fails: what it asks stands before the JSON.
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{SECRET}\n"))
    opened = makegood("endpoints", "add", "stripe", "--book", book, "--json")
    assert (opened.code, opened.err) == (0, "")
    assert [it["processor"] for it in opened.json()] == ["stripe"]
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert makegood("endpoints", "add", "stripe", "--book", book).code == 2


def test_a_closed_endpoint_stays_listed(makegood: Makegood, book: str):
    (it,) = makegood("endpoints", "add", "stripe", "--secret", SECRET, "--book", book, "--json").json()
    assert makegood("endpoints", "revoke", it["endpoint"], "--book", book).code == 0
    (row,) = makegood("endpoints", "list", "--book", book, "--json").json()
    assert row["revoked_at"] is not None
    unknown = makegood("endpoints", "revoke", "in_nobody", "--book", book)
    assert (unknown.code, "no endpoint called in_nobody" in unknown.err) == (2, True)


@pytest.mark.parametrize(
    ("processor", "secret"),
    [("paypal", SECRET), ("stripe", "short"), ("stripe", "x" * 201), ("stripe", "geheim€€€")],
)
def test_what_cannot_sign_is_a_usage_error(makegood: Makegood, book: str, processor: str, secret: str):
    refused = makegood("endpoints", "add", processor, "--secret", secret, "--book", book)
    assert refused.code == 2
    assert makegood("endpoints", "list", "--book", book, "--json").json() == []
