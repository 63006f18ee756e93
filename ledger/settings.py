"""What a person can set from outside: where the data lives, and which server keeps it."""

import os
import sys
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


def default_data_folder() -> Path:
    """The platform's place for data: the system's when root starts Makegood, else the user's own."""
    if os.geteuid() == 0:
        return Path("/var/lib/makegood")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "makegood"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "makegood"


class Settings(BaseSettings):
    """Read from MAKEGOOD_… variables; an argument given in code or on the command line wins."""

    model_config = SettingsConfigDict(env_prefix="MAKEGOOD_", env_ignore_empty=True, frozen=True)

    data: Annotated[Path, AfterValidator(Path.expanduser)] = Field(default_factory=default_data_folder)
    """The data folder: the embedded server, the master key, the checkpoints."""
    dsn: SecretStr | None = None
    """Connection string of an external server, as the role that serves. Without it: the embedded server."""
    owner_dsn: SecretStr | None = None
    """Connection string of the same database as the role that owns the tables, for `makegood migrate`."""
    master_key: SecretStr | None = None
    """The master key as 64 hex digits, where it shall not lie in the data folder."""
