"""Changed: the files of the domain that say something else than at the last tag, or so many commits ago."""

import ast
import subprocess
from pathlib import Path

from tests.mutation.reaching import ROOT

COMMITS = 20


def changed_files() -> list[Path]:
    """Those that are new or say something else, committed or not; all of them where there is no history.

    A file that only moved, or only learned where another has moved, says nothing else.
    """
    since = _git("describe", "--tags", "--abbrev=0") or _git("rev-parse", f"HEAD~{COMMITS}")
    if since is None:
        return sorted((ROOT / "domain").rglob("*.py"))
    told = _git("diff", "--name-status", "--find-renames", "--diff-filter=AMR", since, "--", "domain") or ""
    found = list[Path]()
    for _, *names in (line.split("\t") for line in told.splitlines() if not line.endswith("__init__.py")):
        path = ROOT / names[-1]
        if says(_git("show", f"{since}:{names[0]}") or "") != says(path.read_text("utf-8")):
            found.append(path)
    return found


def says(source: str) -> list[str]:
    """What a file says beside its imports and comments."""
    return [
        ast.dump(statement)
        for statement in ast.parse(source).body
        if not isinstance(statement, ast.Import | ast.ImportFrom)
    ]


def _git(*asked: str) -> str | None:
    """What git answers, if it can."""
    try:
        answer = subprocess.run(["git", *asked], cwd=ROOT, capture_output=True, text=True, check=True)
    except (subprocess.CalledProcessError, FileNotFoundError):
        return None
    return answer.stdout.strip()
