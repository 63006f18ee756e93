"""Nothing personal lies in the database: every table is searched for what was sealed."""

from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from domain.book.register import OpenBook, RegisterPerson
from domain.customers.registering import ContactPoint, RegisterCustomer
from domain.decision import Actor
from ledger.book import Book
from ledger.composition import Ledger
from ledger.database import Database
from ledger.identity import mint
from ledger.record.submission import Submission
from ledger.sealing.erasures import Erasures
from ledger.sealing.sealer import Sealer
from tests.sealing.conftest import MASTER

pytestmark = pytest.mark.anyio

OWNER = Actor(person="system", role="owner")
SECRETS = {
    "name": "Zyxomarker Qwertz",
    "email": "zyxo.marker@qwertz.example",
    "phone": "+49 30 5550123",
    "mail": "Zyxostreet 4711, 12345 Qwertzburg",
    "person": "Personmarker Uiop",
    "reason": "because her Reasonmarker was ill",
}
EVERYBODY_MAY_READ = "ref-4711-known"


async def recorded(book: Book) -> str:
    """A person and a customer with contact points, as the edge records them; returns the customer's id."""
    seal = book.sealer
    person, customer = seal.new_subject(mint("per")), seal.new_subject(mint("cus"))
    reason = await seal.seal("book", "reason", SECRETS["reason"])
    await book.execute(
        RegisterPerson(person=person.row.subject, name=person.seal("name", SECRETS["person"]), role="agent"),
        Submission(actor=OWNER, origin="cli", reason=reason, subject_keys=(person.row,)),
    )
    kinds = ("email", "phone", "mail")
    command = RegisterCustomer(
        customer=customer.row.subject,
        name=customer.seal("name", SECRETS["name"]),
        channel="api",
        external_ref=EVERYBODY_MAY_READ,
        contact_points=tuple(
            ContactPoint(mint("con"), kind, customer.seal("contact_point", SECRETS[kind])) for kind in kinds
        ),
    )
    lookups = tuple(
        seal.lookup(kind, SECRETS[kind], customer.row.subject) for kind in ("name", "email", "phone")
    )
    await book.execute(
        command,
        Submission(
            actor=OWNER, origin="api", reason=reason, lookups=lookups, subject_keys=(customer.row,), key="k"
        ),
    )
    return customer.row.subject


def tables_that_hold(conninfo: str, text: str) -> set[str]:
    """The tables with a row that, written out with bytea columns in hex, contains the text in any case."""
    with psycopg.connect(conninfo) as connection:
        names = connection.execute(
            "SELECT relname FROM pg_class"
            " WHERE relkind IN ('r', 'm', 'p') AND relnamespace = 'public'::regnamespace"
        ).fetchall()
        holding = sql.SQL(
            "SELECT count(*) FROM {table} AS r WHERE strpos(lower(r::text), lower(%(text)s)) > 0"
            " OR strpos(r::text, %(hex)s) > 0"
        )
        return {
            name
            for (name,) in names
            if connection.execute(
                holding.format(table=sql.Identifier(name)), {"text": text, "hex": text.encode().hex()}
            ).fetchone()
            != (0,)
        }


def words(text: str) -> list[str]:
    return [text, *(word for word in text.split() if len(word) > 7)]


# Leave a name, a contact point or a reason unsealed, or index the value itself → this fails. That the known
# reference is found proves that the search finds.
async def test_no_table_holds_what_was_sealed(database: Database, book_name: str, tmp_path: Path) -> None:
    ledger = await Ledger.open(database.app_conninfo, MASTER)
    try:
        book = await ledger.open_book(book_name, OpenBook(zone="Europe/Berlin", country="DE"))
        customer = await recorded(book)
        assert database.owner_conninfo is not None
        assert tables_that_hold(database.owner_conninfo, EVERYBODY_MAY_READ) == {"claims", "entries"}
        for secret in SECRETS.values():
            for word in words(secret):
                assert tables_that_hold(database.owner_conninfo, word) == set(), word

        entries = [entry for entry in await book.page(0, 100) if entry.customer == customer]
        (registered,) = [entry.event for entry in entries]
        assert await book.sealer.open(registered.name) == SECRETS["name"]
        for kind in ("name", "email", "phone"):
            assert await book.customers_by(kind, book.sealer.digest(kind, SECRETS[kind])) == [customer]

        await Erasures(tmp_path, ledger.reader).destroy(book.sealer, customer)

        assert await book.page(0, 100) != []
        for sealed in (registered.name, *(point.value for point in registered.contact_points)):
            assert await book.sealer.open(sealed) is None
            assert await Sealer(book_name, MASTER, ledger.reader).open(sealed) is None
        for kind in ("name", "email", "phone"):
            assert await book.customers_by(kind, book.sealer.digest(kind, SECRETS[kind])) == []
    finally:
        await ledger.close()
