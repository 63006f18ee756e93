"""The entry point of the `makegood` command: it ends as a command does from its first line on."""

import os
import sys

INTERRUPTED, CLOSED_PIPE = 130, 141
"""What a shell says of a command that SIGINT ended, or that wrote where nobody reads any more."""


def run() -> None:
    """The command line of this process, from its imports on."""
    try:
        from cli.commands import ended  # here, since an interruption may come while these are imported

        code = ended(sys.argv[1:])
    except KeyboardInterrupt:
        code = INTERRUPTED
    sys.exit(_flushed(code))


def _flushed(code: int) -> int:
    """The exit code, once all output has left; what nobody reads any more is dropped without a word."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        code = CLOSED_PIPE
    if code == CLOSED_PIPE:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return code
