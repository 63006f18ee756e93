"""The command line, run in this process on the worker's database."""

from pathlib import Path

import pytest

from cli.commands import ended
from ledger.database import Database
from ledger.durable_files import create_once
from ledger.sealing.master_key import FILE_NAME
from tests.api.conftest import MASTER
from tests.cli.commandline import Ended, Makegood


@pytest.fixture(scope="session")
def keys_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the master key of this worker's database lies; the API's tests seal under the same one."""
    folder = tmp_path_factory.mktemp("data")
    create_once(folder / FILE_NAME, MASTER.hex().encode())
    return folder


@pytest.fixture
def makegood(
    database: Database,
    keys_folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Makegood:
    """Runs `makegood` with these arguments."""
    monkeypatch.setenv("MAKEGOOD_DSN", database.app_conninfo)
    monkeypatch.setenv("MAKEGOOD_DATA", str(keys_folder))

    def run(*arguments: object) -> Ended:
        capsys.readouterr()
        code = ended([str(argument) for argument in arguments])
        return Ended(code, *capsys.readouterr())

    return run


@pytest.fixture
def book(makegood: Makegood, book_name: str) -> str:
    """A book of this test alone."""
    assert makegood("books", "create", book_name, "--zone", "UTC", "--country", "GB").code == 0
    return book_name
