"""Paying out what is due of an order's refunds: the processor is asked, and what it says is recorded.

    what is next? ─ noted ─ processor asked under the payout's id ─ crash ─ again, same answer ─ recorded

The id is made of the refund and of how often it was tried, so that every reason to pay out asks for the same
payout until it was recorded. What the processor says left is what is recorded, whatever changed meanwhile:
for its refund, or, where that can take it no longer, as unmatched money. Where by the second asking it is not
to be paid any more, the processor is only asked what became of it. While money waits of which a processor
told that it left for the order, nothing leaves by itself: it may be what is due.
"""

import msgspec

from domain.book.register import STREAM, Register
from domain.command import Command
from domain.inbound.payouts import RecordSentPayout
from domain.orders.order import Placed
from domain.refunds.paying_out import KeepCredit, RecordPayout, SendBack, next_payout
from domain.refunds.payout_failures import RecordFailedPayout
from domain.refunds.payout_follows_grant import PayOut
from domain.refunds.refund import Refund
from domain.refunds.settlement import SettleRefund
from domain.refusal import Refusal
from ledger.book import Book
from ledger.errors import ClaimTaken
from ledger.identity import mint
from ledger.kept_money import any_told_payout_waits
from ledger.processors.gateway import Gateway, NotSentBack, SentBack
from ledger.record.references import kept_as, waiting_under
from ledger.record.submission import Outcome, Submission


async def pay_out(book: Book, errand: PayOut, asked: Submission) -> None:
    """Send back what is due of an order's refunds, one payout after the other.

    Where no processor is connected, or money came by another way, it is left to a person. Raises: Refusal,
    LedgerError; OutOfReach where the processor does not answer.
    """
    while (command := await _sent_before(book, errand)) is not None:
        await _record(book, errand, command, asked)
    while (command := await _next(book, errand)) is not None:
        if not await _record(book, errand, command, asked):
            return  # somebody else is at it


async def _record(book: Book, errand: PayOut, command: Command, asked: Submission) -> bool:
    """Record what became of a payout; whether nobody had before."""
    payout, is_known = _payout_of(command), False
    try:
        key = f"{asked.key}/{payout}"
        outcome = await _executed(book, command, msgspec.structs.replace(asked, key=key))
        is_known = outcome.already
    except Refusal:
        if isinstance(command, RecordSentPayout) or await _is_next(book, errand, payout):
            raise
        # Nothing left or was kept, and it is not what follows any more: something changed meanwhile.
    await book.reactions.answered(errand.order, payout)
    return not is_known


async def _executed(book: Book, command: Command, asked: Submission) -> Outcome:
    """What has left is recorded, whoever used its reference meanwhile: it waits, where other money did."""
    while True:
        try:
            return await book.execute(command, asked)
        except ClaimTaken as taken:
            told = await _after_all(book, command, taken)
            if told == command:
                raise
            command = told


async def _after_all(book: Book, command: Command, taken: ClaimTaken) -> Command:
    if not isinstance(command, RecordSentPayout):
        return command
    kept = await waiting_under(book, taken)
    if kept is not None:
        return msgspec.structs.replace(command, unmatched=kept)
    return msgspec.structs.replace(command, reference_used=True)


async def _is_next(book: Book, errand: PayOut, payout: str) -> bool:
    return any(_names(following, payout) for _, following in (await _following(book, errand)).values())


async def _following(book: Book, errand: PayOut) -> dict[str, tuple[Refund, SendBack | KeepCredit | None]]:
    """Each refund of the order, and what of it is to be paid out next: nothing, while what left waits."""
    state = await book.state(errand.order)
    register = await book.state(STREAM)
    if not isinstance(state, Placed) or not isinstance(register, Register):
        return {}
    processor = book.connected
    if await any_told_payout_waits(book, state):
        # It may be a refund that is due. What was sent from here has ended its own (`PayoutUnmatched`).
        return {name: (refund, None) for name, refund in state.refunds.items()}
    return {
        name: (refund, next_payout(state, refund, processor, register))
        for name, refund in state.refunds.items()
    }


def _names(following: SendBack | KeepCredit | None, payout: str) -> bool:
    match following:
        case SendBack():
            return following.payout == payout
        case KeepCredit():
            return following.credit == payout
        case None:
            return False


async def _sent_before(book: Book, errand: PayOut) -> Command | None:
    """What was asked for before we died, or before the processor answered, and has left, though it is not to
    be paid any more; what never left is forgotten.
    """
    refunds = await _following(book, errand)
    for name, it in await book.reactions.asked(errand.order):
        refund, following = refunds[name]
        if _names(following, it.payout):
            continue  # it is asked for again
        if it.payout not in refund.payouts and it.payout not in refund.unmatched:
            gateway = _gateway(book, it)
            if gateway is None:
                continue
            said = await gateway.became_of_payout(it)
            if isinstance(said, SentBack):
                return await _recording(book, errand, name, it, said)
        await book.reactions.answered(errand.order, it.payout)
    return None


async def _next(book: Book, errand: PayOut) -> Command | None:
    """What is to be recorded next, once the processor was asked; None where nothing is left to do."""
    for name, (_, following) in (await _following(book, errand)).items():
        match following:
            case KeepCredit() as it:
                return SettleRefund(
                    stream=errand.order,
                    customer=errand.customer,
                    refund=name,
                    payouts=(it.payout,),
                    credit=it.credit,
                    method="store_credit",
                    processor=book.connected,
                )
            case SendBack() as it if (gateway := _gateway(book, it)) is not None:
                await book.reactions.ask(errand.order, name, it)
                return await _recording(book, errand, name, it, await gateway.send_back(it))
            case _:
                continue
    return None


def _gateway(book: Book, it: SendBack) -> Gateway | None:
    """The processor the money came through, if it is connected."""
    gateway = book.gateway
    return gateway if gateway is not None and gateway.processor == it.processor else None


async def _recording(
    book: Book, errand: PayOut, refund: str, it: SendBack, said: SentBack | NotSentBack
) -> Command:
    match said:
        case SentBack():
            paid = RecordPayout(
                stream=errand.order,
                refund=refund,
                payout=it.payout,
                payment=it.payment,
                amount=said.amount,
                currency=it.currency,
                reference=said.reference,
            )
            # The processor may have told of it before it answered, and its money is kept already.
            kept = await kept_as(book, "payout", it.processor, said.reference)
            return RecordSentPayout(paid=paid, processor=it.processor, unmatched=kept or mint("unm"))
        case NotSentBack():
            return RecordFailedPayout(
                stream=errand.order,
                customer=errand.customer,
                refund=refund,
                payout=it.payout,
                method="original_method",
                payment=it.payment,
                why=said.why,
                amount=it.amount,
            )


def _payout_of(command: Command) -> str:
    match command:
        case RecordSentPayout():
            return command.paid.payout
        case RecordFailedPayout():
            return command.payout
        case SettleRefund():
            return command.credit
        case _:
            raise TypeError(f"{type(command).__name__} pays nothing out")
