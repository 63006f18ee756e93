"""Who decides in the model's book, and the edition with limits small enough to be met."""

import msgspec

from domain.book.default_edition import DEFAULT_EDITION
from domain.book.policy import Limits
from domain.decision import Actor
from domain.moments import Day, plus_days
from domain.refunds.limits import Deciding
from tests.domain.specification import AGENT, OWNER, SUPERVISOR
from tests.model import limits
from tests.model.limits import By

KEY_OF_OWNER = Actor(person="per_01h455vb4pex5vsknk084sn02t", role="owner", on_behalf_of=AGENT.person)
"""A service that acts for the agent, with a key that may do everything."""
COLLEAGUE = Actor(person="per_01h455vb4pex5vsknk084sn02v", role="agent")
PEOPLE = (AGENT, COLLEAGUE, SUPERVISOR, OWNER)
DECIDERS = (OWNER, AGENT, OWNER, SUPERVISOR, OWNER, KEY_OF_OWNER, SUPERVISOR, COLLEAGUE)


def _limits(role: str) -> Limits:
    kinds = (limits.PER_REFUND, limits.PER_GESTURE, limits.PER_DAY)
    per_refund, per_gesture, per_day = [kind[role] for kind in kinds]
    return Limits(per_refund=per_refund, per_gesture=per_gesture, per_day=per_day)


EDITION = msgspec.structs.replace(
    DEFAULT_EDITION, agent_limits=_limits("agent"), supervisor_limits=_limits("supervisor")
)


def decider(much: int) -> Actor:
    """One of those who decide, the owner more often than others."""
    return DECIDERS[much % len(DECIDERS)]


def by(actor: Actor) -> By:
    """As the model names them."""
    return By(actor.who, actor.role)


def deciding(actor: Actor, today: Day) -> Deciding:
    """Who decides today, with the thirty days of theirs that are looked at."""
    return Deciding(actor.who, today, plus_days(today, -29))
