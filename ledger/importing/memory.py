"""How much memory this process has needed."""

import resource
import sys

BYTES = 1 if sys.platform == "darwin" else 1024
"""What the system counts the peak in."""


def peak_megabytes() -> int:
    """The most this process ever held at once, in MB of 2^20 bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * BYTES >> 20
