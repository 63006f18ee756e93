"""What can be set from outside, and what holds where nothing is set."""

import os
from pathlib import Path

import pytest

from ledger.settings import Settings, default_data_folder


def test_nothing_needs_to_be_set() -> None:
    settings = Settings()
    assert settings.data == default_data_folder()
    assert settings.dsn is settings.owner_dsn is settings.master_key is None


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAKEGOOD_DSN", "")
    assert Settings().dsn is None


def test_a_tilde_means_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAKEGOOD_DATA", "~/shop")
    assert Settings().data == Path.home() / "shop"


def test_passwords_and_keys_are_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MAKEGOOD_DSN", "MAKEGOOD_OWNER_DSN", "MAKEGOOD_MASTER_KEY"):
        monkeypatch.setenv(name, "hunter2")
    assert "hunter2" not in repr(Settings())


def test_the_data_of_a_user_lies_in_that_users_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", "/home/shop/data")
    assert default_data_folder() == Path("/home/shop/data/makegood")
    monkeypatch.delenv("XDG_DATA_HOME")
    assert default_data_folder() == Path.home() / ".local" / "share" / "makegood"


def test_the_data_of_root_lies_where_the_system_keeps_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert default_data_folder() == Path("/var/lib/makegood")
