"""What can go wrong with the embedded server. Each error says what is the matter and what to do next.

ServerTrouble
├── BinariesMissing     the PostgreSQL programs are not installed
├── AccountMissing      nobody is there to run the server
├── FolderRefused       the data folder belongs to somebody else, or the account cannot reach it
├── HeldElsewhere       another process is starting or stopping the server and does not finish
├── ServerDidNotStart   with the end of the server's log
└── ServerDidNotStop
"""


class ServerTrouble(Exception):
    """The embedded server cannot be used as things are."""

    def __init__(self, cause: str, way_out: str) -> None:
        super().__init__(f"{cause} {way_out}")
        self.cause, self.way_out = cause, way_out


class BinariesMissing(ServerTrouble):
    """The PostgreSQL programs are not installed."""


class AccountMissing(ServerTrouble):
    """No account of this machine can run the server."""


class FolderRefused(ServerTrouble):
    """The data folder belongs to somebody else, or the server's account cannot reach it."""


class HeldElsewhere(ServerTrouble):
    """Another process is starting or stopping the server and does not finish."""


class ServerDidNotStart(ServerTrouble):
    """The server ended while starting, or did not become ready in time."""


class ServerDidNotStop(ServerTrouble):
    """The server is still running long after it was told to stop."""
