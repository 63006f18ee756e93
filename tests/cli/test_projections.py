"""`makegood projections`: what the commands print, change and end with."""

import os
import re
from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest

from cli.options import settings, with_ledger
from domain.moments import instant_of
from ledger.composition import Ledger
from ledger.database import Database
from ledger.projecting import cursors, rebuilding
from ledger.projecting.entries import connect
from ledger.projecting.rebuild import Progress
from ledger.projecting.tables import MARK
from projections.catalogue import PROJECTIONS
from projections.customer_balance import CustomerBalance
from projections.folding import Parked
from projections.journal import Journal
from tests.cli.commandline import Makegood
from tests.ticking.conftest import billed

NAMES = [projection.name for projection in PROJECTIONS]
BALANCE, JOURNAL = CustomerBalance(), Journal()


@pytest.fixture
def shop(makegood: Makegood, book: str) -> str:
    """A book with five billed orders; nobody has built its projections."""

    async def sold(ledger: Ledger) -> None:
        for _ in range(5):
            await billed(await ledger.book(book))

    with_ledger(settings(None, os.environ["MAKEGOOD_DSN"]), sold)
    return book


@pytest.fixture
def built(makegood: Makegood, shop: str) -> str:
    """The same, built."""
    assert makegood("projections", "rebuild", "--all", "--book", shop).code == 0
    return shop


@pytest.fixture
def connection(database: Database) -> Iterator[psycopg.Connection]:
    with closing(connect(database.app_conninfo)) as connection:
        yield connection


def rows_of(connection: psycopg.Connection, book: str) -> list[tuple[object, ...]]:
    query = f"SELECT * FROM {BALANCE.table} WHERE book = %s ORDER BY customer"
    return connection.execute(query, (book,)).fetchall()


def test_every_projection_is_listed_with_its_question(makegood: Makegood):
    listed = makegood("projections", "list", "--json").json()
    assert [row["projection"] for row in listed if "detached" not in row["question"]] == NAMES
    assert listed[0]["question"].startswith("Who owes whom what")


def test_the_status_tells_what_was_never_built_and_what_is_behind(makegood: Makegood, shop: str):
    before = makegood("projections", "status", "--book", shop, "--json").json()
    assert {row["status"] for row in before} == {"not built"}
    assert makegood("projections", "status", "--book", shop, "--fail-if-lag", 1000).code == 3
    assert makegood("projections", "rebuild", "--all", "--book", shop).code == 0
    assert makegood("projections", "status", "--book", shop, "--fail-if-lag", 0).code == 0
    assert makegood("persons", "add", "Ana", "--role", "agent", "--book", shop).code == 0
    after = makegood("projections", "status", "--book", shop, "--json").json()
    assert {(row["status"], row["lag_entries"]) for row in after} == {("behind", 1)}
    assert makegood("projections", "status", "--book", shop, "--fail-if-lag", 1).code == 0
    assert makegood("projections", "status", "--book", shop, "--fail-if-lag", 0).code == 3


def test_watching_goes_on_until_somebody_says_stop(
    makegood: Makegood, built: str, monkeypatch: pytest.MonkeyPatch
):
    looks: list[float] = []

    def impatient(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr("cli.projections.sleep", impatient)
    watched = makegood("projections", "status", "--watch", "--book", built)
    assert (watched.code, len(watched.out.splitlines())) == (130, 1 + 3 * len(NAMES))


def test_a_rebuild_names_what_it_changed_and_equals_what_was_there(
    makegood: Makegood, built: str, connection: psycopg.Connection
):
    live = rows_of(connection, built)
    assert len(live) == 5
    again = makegood("projections", "rebuild", "--all", "--verify", "--book", built, "--json")
    assert again.code == 0
    for receipt in again.json():
        found = receipt["differences"]
        assert (found["missing"], found["surplus"], found["changed"]) == (0, 0, 0)
        assert re.fullmatch("[0-9a-f]{64}", receipt["digest"])
    connection.execute(f"UPDATE {BALANCE.table} SET charged = charged + 1 WHERE book = %s", (built,))
    (mended,) = makegood("projections", "rebuild", "customer_balance", "--book", built, "--json").json()
    assert mended["differences"]["changed"] == 5
    assert rows_of(connection, built) == live


@pytest.mark.parametrize("how", [(), ("--sample", 100)])
def test_verifying_finds_a_changed_row_and_writes_nothing(
    makegood: Makegood, built: str, connection: psycopg.Connection, how: tuple[object, ...]
):
    """Compare nothing, or only counts → this fails."""
    verified = makegood("projections", "verify", *how, "--book", built, "--json")
    assert verified.code == 0, verified
    assert [row["sound"] for row in verified.json()] == [True] * len(NAMES)
    connection.execute(f"UPDATE {BALANCE.table} SET charged = charged + 1 WHERE book = %s", (built,))
    spoiled = rows_of(connection, built)
    found = makegood("projections", "verify", "customer_balance", *how, "--book", built, "--json")
    assert (found.code, found.json()[0]["changed"]) == (3, 5)
    assert makegood("projections", "rebuild", "customer_balance", "--dry-run", "--book", built).code == 3
    assert rows_of(connection, built) == spoiled


def test_a_sample_finds_a_lost_line(makegood: Makegood, built: str, connection: psycopg.Connection):
    connection.execute(f"DELETE FROM {JOURNAL.table} WHERE book = %s AND line = 1", (built,))
    found = makegood("projections", "verify", "journal", "--sample", 100, "--book", built, "--json")
    assert (found.code, found.json()[0]["missing"]) == (3, 5)


def test_an_interrupted_rebuild_leaves_the_live_rows_untouched(
    makegood: Makegood, built: str, connection: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
):
    """Write before everything is folded → this fails."""
    connection.execute(f"UPDATE {BALANCE.table} SET charged = charged + 1 WHERE book = %s", (built,))
    spoiled = rows_of(connection, built)
    rebuild = rebuilding.rebuild

    def interrupted(conninfo: str, book: str, projections: object, _: Progress) -> object:
        def stop(done: int, of: int) -> None:
            raise KeyboardInterrupt

        return rebuild(conninfo, book, projections, stop)

    with monkeypatch.context() as patched:
        patched.setattr(rebuilding, "rebuild", interrupted)
        assert makegood("projections", "rebuild", "--all", "--book", built).code == 130
    assert rows_of(connection, built) == spoiled
    assert makegood("projections", "rebuild", "--all", "--book", built).code == 0, "nobody holds it any more"


def test_one_process_rebuilds_a_book_at_a_time(
    makegood: Makegood, built: str, connection: psycopg.Connection
):
    connection.execute(rebuilding.HOLD, (built,))
    held = makegood("projections", "rebuild", "--all", "--book", built)
    assert held.code == 5
    assert built in held.err


def test_a_figure_is_explained_by_the_entries_that_made_it(
    makegood: Makegood, built: str, connection: psycopg.Connection
):
    _, customer, currency, order, charged, *_ = rows_of(connection, built)[0]
    key = f"{customer},{currency},{order}"
    explained = makegood(
        "projections", "explain", "customer_balance", key, "--column", "charged", "--book", built, "--json"
    )
    assert [row["type"] for row in explained.json()] == ["order.shipped"]
    assert sum(row["delta"] for row in explained.json()) == charged == 3400
    every = makegood("projections", "explain", "customer_balance", customer, "--book", built, "--json").json()
    assert {row["column"]: row["figure"] for row in every}["open_bills"] == 3400
    journal = makegood(
        "projections", "explain", "journal", explained.json()[0]["position"], "--book", built, "--json"
    )
    assert [(row["column"], row["figure"]) for row in journal.json()] == [("amount", 0)]


def test_a_key_that_no_row_ever_had_is_said_to_be_unknown(makegood: Makegood, built: str):
    # Sum over no rows → this fails: the figure of nobody is 0, and nothing is wrong.
    for chosen in ((), ("--column", "charged")):
        asked = ("projections", "explain", "customer_balance", "cus_nobody", *chosen)
        refused = makegood(*asked, "--book", built)
        assert (refused.code, refused.out) == (2, "")
        assert (
            "No row has the key cus_nobody, and none ever had. The key of customer_balance is" in refused.err
        )


def test_a_figure_is_explained_as_of_a_position_and_as_of_what_was_recorded_by_then(
    makegood: Makegood, built: str, connection: psycopg.Connection
):
    """On both sides of the moment the shipment was recorded; take `<` for `≤` → this fails."""
    _, customer, currency, order, charged, *_ = rows_of(connection, built)[0]
    asked = ("projections", "explain", "customer_balance", f"{customer},{currency},{order}")
    asked += ("--column", "charged", "--book", built, "--json")
    (shipped,) = makegood(*asked).json()
    at, recorded = shipped["position"], "SELECT recorded_at FROM entries WHERE book = %s AND position = %s"
    (moment,) = connection.execute(recorded, (built, at)).fetchone() or (0,)
    by_then, before = [instant_of(moment + nudge).isoformat() for nudge in (0, -1)]
    for past, expected in (
        (("--as-of-position", at), charged),
        (("--as-of-position", at - 1), 0),
        (("--as-of-recorded", by_then), charged),
        (("--as-of-recorded", before), 0),
        (("--as-of", "2000-01-01T00:00:00Z"), 0),
    ):
        explained = makegood(*asked, *past)
        assert sum(row["delta"] for row in explained.json()) == expected, past
        assert f"charged: {expected}, as of entry" in explained.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("rebuild",),
        ("explain", "orders", "ord_x", "--as-of", "yesterday"),
        ("explain", "orders", "ord_x", "--as-of-position", "1", "--as-of-recorded", "2010-01-01T00:00:00Z"),
        ("rebuild", "orders", "--all"),
        ("rebuild", "no_such"),
        ("verify", "no_such"),
        ("explain", "orders", "a,b"),
        ("explain", "orders", "ord_x", "--column", "status"),
        ("explain", "journal", "x"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(makegood: Makegood, book: str, arguments: tuple[str, ...]):
    refused = makegood("projections", *arguments, "--book", book)
    assert refused.code == 2
    assert refused.err


def test_parked_groups_are_shown_and_retried(makegood: Makegood, built: str, connection: psycopg.Connection):
    nothing = makegood("projections", "parked", "--book", built)
    assert (nothing.out, nothing.err) == ("", "Nothing stands still.\n")
    nothing = makegood("projections", "retry", "--book", built, "--json")
    assert (nothing.out, nothing.err) == ("", "Nothing stands still: there is nothing to fold anew.\n")
    _, customer, currency, order, *_ = rows_of(connection, built)[0]
    group = (str(customer), str(currency), str(order))
    cursors.park(connection, built, BALANCE, [Parked(group, 7, str(order), str(customer), "LookupError: x")])
    (shown,) = makegood("projections", "parked", "--book", built, "--json").json()
    assert (shown["projection"], shown["position"], shown["error"]) == (
        "customer_balance",
        7,
        "LookupError: x",
    )
    assert makegood("projections", "verify", "orders", "--book", built).code == 0
    for how in (
        ("verify",),
        ("verify", "--sample", 5),
        ("rebuild", "--dry-run"),
    ):  # the rows are as they should be
        found = makegood("projections", *how, "customer_balance", "--book", built, "--json")
        assert (found.code, found.json()[0]["parked"], found.json()[0]["changed"]) == (3, 1, 0), how
    retried = makegood("projections", "retry", "--book", built, "--json")
    (receipt,) = retried.json()
    assert (receipt["projection"], receipt["parked"]) == ("customer_balance", 0)
    assert "1 projection folded anew; nothing stands still now." in retried.err
    assert makegood("projections", "parked", "--book", built).out == ""


def test_a_table_no_projection_uses_is_named_and_dropped_by_its_owner(
    makegood: Makegood, database: Database, monkeypatch: pytest.MonkeyPatch
):
    with psycopg.connect(database.owner_conninfo) as owner:
        owner.execute("CREATE TABLE forgotten_v3 (book text)")
        owner.execute(f"COMMENT ON TABLE forgotten_v3 IS '{MARK}'")
    listed = makegood("projections", "list", "--json").json()
    (forgotten,) = [row for row in listed if row["projection"] == "forgotten"]
    assert forgotten["question"].startswith("detached")
    assert makegood("projections", "drop").code == 2
    monkeypatch.setenv("MAKEGOOD_OWNER_DSN", str(database.owner_conninfo))
    dropped = makegood("projections", "drop", "--json")
    assert {"dropped": "forgotten_v3"} in dropped.json()
    assert dropped.err.endswith(" removed.\n")
    again = makegood("projections", "drop")
    assert (again.out, again.err) == ("", "Nothing to remove: this release uses every table.\n")
