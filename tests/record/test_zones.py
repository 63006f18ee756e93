"""What day it is somewhere is said by the time zones that are pinned, not by those of the machine."""

import zoneinfo
from datetime import datetime
from importlib.resources import files

from ledger.composition import Ledger


def test_zones_are_read_from_the_pinned_package_alone() -> None:
    # Leave `reset_tzpath` out of the composition root → the machine's files come first, and this fails.
    assert Ledger
    assert zoneinfo.TZPATH == ()
    with files("tzdata").joinpath("zoneinfo", "America", "Vancouver").open("rb") as file:
        pinned = zoneinfo.ZoneInfo.from_file(file)
    here = zoneinfo.ZoneInfo.no_cache("America/Vancouver")
    for month in range(1, 13):
        noon = datetime(2026, month, 1, 12, tzinfo=here)
        assert noon.utcoffset() == noon.replace(tzinfo=pinned).utcoffset()
