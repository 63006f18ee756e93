"""`makegood serve`: the service, and the embedded server behind it."""

import asyncio
import signal
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
import uvloop

from cli.demo.opening import Demo, demo_ready
from cli.failures import HELD, explanation
from cli.hints import here
from cli.options import BEGIN, Data, Dsn, opened_ledger, settings
from cli.tick import told
from ledger.collector import collect_rarely
from ledger.composition import Ledger
from ledger.database import Database, open_database
from ledger.embedded import EmbeddedServer
from ledger.embedded.errors import ServerTrouble
from ledger.projecting.apart import Apart
from ledger.projecting.following import Following
from ledger.reacting.catalogue import ERRANDS, REACTIONS
from ledger.reacting.reactor import Reacting
from ledger.settings import Settings
from ledger.ticking import Ticker

LAST_WORDS = 3
"""Seconds that requests under way have when the service is told to stop."""
LOOK_EVERY = 0.5
"""Seconds between two looks at the embedded server."""


WithDemo = Annotated[bool, typer.Option("--demo", help="With a demo book, its stories and a key to try it.")]
Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0: any free one.")]


def serve(
    demo: WithDemo = False,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    data: Data = None,
    dsn: Dsn = None,
) -> None:
    """Serve the API until interrupted."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    chosen = settings(data, dsn, makes=True)
    with _listening(host, port) as listener, open_database(chosen) as database:
        uvloop.run(_serve(chosen, database, listener, demo=demo))


async def _serve(chosen: Settings, database: Database, listener: socket.socket, *, demo: bool) -> None:
    # Half of the time a command takes to start, and only this one needs it.
    from api.app import create_app
    from api.wire import Wire

    async with opened_ledger(chosen, database) as ledger:
        ready = await demo_ready(ledger, chosen.data) if demo else None
        banner = await _banner(_url(listener), ledger, ready)
        app = create_app(ledger)
        config = uvicorn.Config(
            app,
            interface="asgi3",  # which it would not guess
            http=Wire,
            lifespan="off",
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,  # nothing here asks from where a request came
            timeout_graceful_shutdown=LAST_WORDS,
        )
        collect_rarely()
        apart = Apart(fold_again)
        beside = [
            asyncio.create_task(Following(ledger, stand_still, apart).run()),
            asyncio.create_task(Ticker(ledger, told).run()),
            asyncio.create_task(Reacting(ledger, REACTIONS, ERRANDS, react_to_nothing).run()),
        ]
        if database.embedded is not None:
            beside.append(asyncio.create_task(keep_alive(database.embedded)))
        try:
            await _Service(config, lambda: typer.echo(banner), app.state.stopping).serve(sockets=[listener])
        finally:
            for task in beside:
                task.cancel()
            await asyncio.wait(beside, timeout=LAST_WORDS)
            await asyncio.to_thread(apart.close)  # one that waits for a frozen child ends with it
            await asyncio.gather(*beside, return_exceptions=True)  # a dead one must not keep the rest


class _Service(uvicorn.Server):
    """uvicorn, that says when it is ready and leaves a signal's last word to the code around it."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None], stopping: asyncio.Event) -> None:
        super().__init__(config)
        self._ready, self._stopping = ready, stopping

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stopping.set()  # without it, streams would go on until they are cut off
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        # uvicorn would raise the signal again once it has stopped, before the database behind it is stopped.
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)


@contextmanager
def _listening(host: str, port: int) -> Generator[socket.socket]:
    """The port, taken before anything is started. Raises: Exit with code 5 if somebody else has it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as taken:
        typer.echo(
            f"Cannot listen on {host} port {port}: {taken.strerror}. Choose another: --port N", err=True
        )
        raise typer.Exit(HELD) from taken
    with listener:
        yield listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def keep_alive(server: EmbeddedServer) -> None:
    """Start the embedded server again whenever it has died; requests meanwhile wait or answer 503."""
    while True:
        await asyncio.sleep(LOOK_EVERY)
        try:
            if await asyncio.to_thread(server.ensure_alive):
                typer.echo("The embedded server had died; it runs again.", err=True)
        except ServerTrouble as trouble:
            typer.echo(explanation(trouble), err=True)


def stand_still(book: str, failure: Exception) -> None:
    """Says on stderr that read models are not kept up to date; it is tried again."""
    what = f"The read models of {book}" if book else "New read models"
    typer.echo(f"{what} stand still: {explanation(failure)}", err=True)


def fold_again() -> None:
    """Says on stderr that the process that folds was begun again."""
    typer.echo("The process that keeps the read models had ended; another one does now.", err=True)


def react_to_nothing(book: str, failure: Exception) -> None:
    """Says on stderr that what follows by rule stands still; it is tried again."""
    typer.echo(f"Reactions of {book or 'new books'} stand still: {explanation(failure)}", err=True)


async def _banner(url: str, ledger: Ledger, demo: Demo | None) -> str:
    """What to do first."""
    if demo is None:
        books = await ledger.books()
        served = f"the books {', '.join(books)}" if books else here(f"no book yet; begin one: {BEGIN}")
        return f"Makegood serves {served}.\n\n  API    {url}\n  Docs   {url}/docs\n\nCtrl-C stops it."
    return f"""Makegood serves its demo book.

  API    {url}
  Docs   {url}/docs
  Key    {demo.api_key}
         (of the owner, Harriet Lind; kept in {_shown(demo.key_file)})

Try it, in another terminal:

  curl -H "Authorization: Bearer {demo.api_key}" \\
       {url}/v1/orders/{demo.order}

Ctrl-C stops everything."""


def _shown(file: Path) -> Path:
    return Path("~") / file.relative_to(Path.home()) if file.is_relative_to(Path.home()) else file
