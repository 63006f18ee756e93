"""Closing notices: somebody looked at one that nothing follows from, and no more is to do about it.

What the processor meant is recorded by itself: a payment, a dispute, a correction. Source: H-notice
"""

from dataclasses import dataclass

from domain.causes import expect_cause
from domain.command import LONGEST_SEALED, Command, expect_space_of_names, expect_text
from domain.decision import Decision, Given
from domain.entry import Sealed
from domain.inbound.notice_events import WITHOUT_CONSEQUENCE, NoticeClosed
from domain.inbound.notices import Notice, notice_stream
from domain.refusal import Refusal
from domain.retry import AlreadyRecordedOtherwise


class CloseNotice(Command, frozen=True, kw_only=True):
    """Say that somebody looked at a notice, and what they found. Raises: ValueError."""

    processor: str
    notice: str
    note: Sealed | None = None

    def __post_init__(self) -> None:
        expect_space_of_names("processor", self.processor)
        expect_space_of_names("notice", self.notice)
        expect_text("note", self.note, LONGEST_SEALED)

    @property
    def stream(self) -> str:
        """The notice's own stream."""
        return notice_stream(self.processor, self.notice)

    def writes(self) -> tuple[str, ...]:
        return (self.stream,)


@dataclass(unsafe_hash=True)
class NoticeUnknown(Refusal):
    """No notice of that processor is kept under this name."""

    rule = "H-known"
    way_out = "Look at the list of notices and name one of it."

    processor: str
    notice: str


@dataclass(unsafe_hash=True)
class NothingToLookAt(Refusal):
    """What this notice tells is recorded, or waits as unmatched money: nobody has to look at the notice."""

    rule = "H-notice"
    way_out = "Look at what it was recorded as; money without a place is assigned or returned."

    notice: str


def close_notice(command: CloseNotice, given: Given) -> Decision:
    """Records that somebody looked at a notice that was refused or not understood.

    Checks, in this order: notice known; retry, which is: closed already, with the same note; something to
    look at; not before it was received. Source: H-notice
    """
    state = given.state(command.stream, Notice)
    if state is None:
        raise NoticeUnknown(command.processor, command.notice)
    if state.closed is not None and state.closed_position is not None:
        if state.closed.note != command.note:
            raise AlreadyRecordedOtherwise(command.notice)
        return Decision(customer=state.it.customer, already=(state.closed_position,))
    if state.it.result not in WITHOUT_CONSEQUENCE:
        raise NothingToLookAt(command.notice)
    expect_cause(state.at, given)
    closed = NoticeClosed(
        processor=command.processor, notice=command.notice, customer=state.it.customer, note=command.note
    )
    return Decision(events=((command.stream, closed),), customer=state.it.customer)
