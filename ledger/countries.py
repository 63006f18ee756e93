"""Which countries there are: the two-letter codes of ISO 3166, as the time zone data lists them."""

from functools import cache
from importlib.resources import files


def is_country(code: str) -> bool:
    """Whether the code is a country's. Source: ISO 3166-1"""
    return code in _codes()


@cache
def _codes() -> frozenset[str]:
    table = files("tzdata").joinpath("zoneinfo", "iso3166.tab").read_text("utf-8")
    return frozenset(line.partition("\t")[0] for line in table.splitlines() if not line.startswith("#"))
