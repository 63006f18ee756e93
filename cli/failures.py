"""How commands fail, in a sentence for the person and a number for the shell."""

import psycopg

from domain.refusal import Refusal
from ledger.embedded.errors import HeldElsewhere, ServerTrouble
from ledger.errors import BookExists, ClockNotMovable, LedgerError, StreamBusy, Unavailable, UnknownBook
from ledger.gate import GateRefused
from ledger.importing.mapping import MappingFault
from ledger.importing.rows import Unreadable
from ledger.master_key import MasterKeyRefused
from ledger.migrate import SchemaRefused

FAILURE, USAGE, FOUND, UNREACHABLE, HELD, INTERRUPTED = 1, 2, 3, 4, 5, 130


class Misused(Exception):
    """The command line asks for something that cannot be; the message says what can."""


FAILURES = (
    Misused,
    MappingFault,
    Unreadable,
    Refusal,
    LedgerError,
    ServerTrouble,
    SchemaRefused,
    GateRefused,
    MasterKeyRefused,
    psycopg.OperationalError,
    OSError,
)
"""What a command may end with. Anything else is a fault of ours and shows its trace."""


def exit_code_of(failure: BaseException) -> int:
    """The number by which a script tells failures apart."""
    match failure:
        case Misused() | MappingFault() | UnknownBook() | BookExists() | ClockNotMovable():
            return USAGE
        case HeldElsewhere() | StreamBusy():
            return HELD
        case Unavailable() | psycopg.OperationalError() | ServerTrouble():
            return UNREACHABLE
        case _:
            return FAILURE


def explanation(failure: BaseException) -> str:
    """What went wrong and, where we know it, what to do."""
    match failure:
        case Refusal():
            return f"Refused ({failure.rule}): {failure.cause} {failure.way_out}"
        case UnknownBook():
            return f"No book is called {failure}. See them: makegood books list"
        case BookExists():
            return f"There is a book called {failure} already."
        case ClockNotMovable():
            return f"The clock stays where it is: {failure}."
        case Unavailable() | psycopg.OperationalError():
            return f"The database does not answer: {str(failure).strip()}\nSee why: makegood doctor"
        case _:
            return str(failure)
