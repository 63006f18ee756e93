"""How commands fail, in a sentence for the person and a number for the shell."""

from cli.hints import here
from domain.refusal import Refusal
from ledger.connection import LOST
from ledger.embedded.errors import FolderRefused, HeldElsewhere, ServerTrouble
from ledger.errors import (
    BookExists,
    ClockNotMovable,
    LedgerError,
    RebuildStoodStill,
    RebuildSwitching,
    RebuildUnderWay,
    StreamBusy,
    Unavailable,
    UnknownBook,
)
from ledger.gate import GateRefused
from ledger.importing.mapping import MappingFault
from ledger.importing.rows import Unreadable
from ledger.importing.sorting import NotSorted
from ledger.migrate import SchemaRefused
from ledger.projecting.tables import ShapeChanged
from ledger.sealing.master_key import MasterKeyRefused

FAILURE, USAGE, FOUND, UNREACHABLE, HELD = 1, 2, 3, 4, 5


class Misused(Exception):
    """The command line asks for something that cannot be; the message says what can."""


FAILURES = (
    Misused,
    MappingFault,
    Unreadable,
    NotSorted,
    Refusal,
    LedgerError,
    ServerTrouble,
    SchemaRefused,
    GateRefused,
    MasterKeyRefused,
    ShapeChanged,
    *LOST,
    OSError,
)
"""What a command may end with. Anything else is a fault of ours and shows its trace."""


def exit_code_of(failure: BaseException) -> int:
    """The number by which a script tells failures apart."""
    match failure:
        case Misused() | MappingFault() | FolderRefused() | UnknownBook() | BookExists() | ClockNotMovable():
            return USAGE
        case NotSorted():
            return FOUND
        case HeldElsewhere() | StreamBusy() | RebuildUnderWay() | RebuildSwitching():
            return HELD
        case Unavailable() | ServerTrouble():
            return UNREACHABLE
        case _:
            return UNREACHABLE if isinstance(failure, LOST) else FAILURE


def explanation(failure: BaseException) -> str:
    """What went wrong and, where we know it, what to do."""
    return here(_explanation(failure))


def _explanation(failure: BaseException) -> str:
    match failure:
        case Refusal():
            return f"Refused ({failure.rule}): {failure.cause} {failure.advice}"
        case UnknownBook():
            return f"No book is called {failure}. See them: makegood books list"
        case BookExists():
            return f"There is a book called {failure} already."
        case RebuildUnderWay():
            return f"Another process is rebuilding {failure}. Try again when it is done."
        case RebuildStoodStill():
            return (
                f"The rebuild of {failure} stood still while others waited for it, so the database ended it."
                " Nothing was written: run it again."
            )
        case RebuildSwitching():
            return str(failure)
        case ClockNotMovable():
            return f"The clock stays where it is: {failure}."
        case _ if isinstance(failure, (Unavailable, *LOST)):
            return f"The database does not answer: {str(failure).strip()}\nSee why: makegood doctor"
        case _:
            return str(failure)
