"""Explained: mutants that no test can tell from the original, each with its reason, in `survivors.md`."""

from pathlib import Path

from tests.mutation.mutants import Mutant

LISTED = Path(__file__).with_name("survivors.md")

Row = tuple[str, str, str]
"""File, function, change."""


class Explained:
    r"""Rows of its tables: `| file | function | change | why |`; a bar within is written `\|`."""

    def __init__(self, text: str | None = None) -> None:
        lines = (LISTED.read_text("utf-8") if text is None else text).splitlines()
        rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("| `domain/")]
        self._rows: set[Row] = {
            (path.strip("`"), function.strip("`"), change.replace(r"\|", "|"))
            for path, function, change, _ in rows
        }
        self.gone = set(self._rows)
        """Those not asked for yet."""

    def __contains__(self, mutant: object) -> bool:
        match mutant:
            case Mutant(path, function):
                row = (str(path), function, mutant.change)
                self.gone.discard(row)
                return row in self._rows
            case _:
                return False
