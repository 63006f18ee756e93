"""What a benchmark says: a title and a table, as Markdown that also reads well on a terminal."""

import os
import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

RESULTS = Path(__file__).parent / "RESULTS.md"


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """One table of figures, and what it shows in a sentence."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    remark: str = ""


def markdown(section: Section) -> str:
    """The section with aligned columns: names to the left, figures to the right."""
    columns = list(zip(section.headings, *section.rows, strict=True))
    widths = [max(len(cell) for cell in column) for column in columns]

    def line(cells: Iterable[str]) -> str:
        padded = [
            cell.rjust(width) if number else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return f"| {' | '.join(padded)} |"

    rule = "|".join("-" * (width + 1) + (":" if number else "-") for number, width in enumerate(widths))
    table = [line(section.headings), f"|{rule}|", *map(line, section.rows)]
    return "\n".join(
        [f"### {section.title}", "", *table, *(["", section.remark] if section.remark else []), ""]
    )


def record(text: str, command: str) -> None:
    """Append a run to RESULTS.md, under its day, machine and command."""
    day = datetime.now(UTC).date().isoformat()
    with RESULTS.open("a", encoding="utf-8") as results:
        results.write(f"\n## {day}: {machine()}\n\n`{command}`\n\n{text}")


def machine() -> str:
    """Cores and processor of this machine, its system and Python."""
    return (
        f"{os.cpu_count()} cores, {_processor()}, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}"
    )


def _processor() -> str:
    about = Path("/proc/cpuinfo")
    if about.exists():
        for said in about.read_text().splitlines():
            if said.startswith("model name"):
                return said.partition(":")[2].strip()
    return platform.processor() or platform.machine()
