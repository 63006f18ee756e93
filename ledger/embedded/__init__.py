"""The embedded server: our own small launcher over the PostgreSQL binaries of a wheel.

errors      what can go wrong, each with its way out
account     who runs the server, and which folders that account can reach
binaries    where the programs are
locks       who is using the server, and who may start or stop it
folder      what lies where in the data folder
cluster     making a new cluster; who may log in
postmaster  starting, asking and stopping one PostgreSQL
server      the whole: `EmbeddedServer`
"""

from ledger.embedded.server import EmbeddedServer

__all__ = ["EmbeddedServer"]
