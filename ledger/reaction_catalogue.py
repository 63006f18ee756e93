"""The reactions of this release, one line each, and who runs their errands."""

from typing import Final

from domain.reactions import AnyReaction

REACTIONS: Final[tuple[AnyReaction, ...]] = ()
