"""Personal data: sealed at the edge, found by keyed digests, erased with its key."""
