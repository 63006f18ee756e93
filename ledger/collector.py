"""The garbage collector, told to come by rarely."""

import gc

RARELY = (100_000, 50, 50)


def collect_rarely() -> None:
    """What exists now is left alone, the rest is looked at rarely: for much work that leaves few cycles."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*RARELY)
