"""New ids, minted at the edge: TypeID text over UUIDv7, so that ids sort by the moment they were made."""

import uuid_utils

from domain.ids import type_id


def mint(prefix: str) -> str:
    """A new id, `ord_01h455vb4pex5vsknk084sn02q`, never given before. Raises: ValueError."""
    return type_id(prefix, uuid_utils.uuid7().int)
