"""What is kept in memory: a beginning without gaps, and never more than so much."""

import pytest

from domain.book.register import BookOpened, PersonRegistered, Register
from domain.entry import Entry, Meta
from ledger.record.folds import Folded, FoldedFacts, Folds, Recent

META = Meta(person="system", role="system", origin="cli")


def registered(version: int, customer: str | None = None) -> Entry:
    event = PersonRegistered(person=f"per_{version}", name="sealed", role="agent")
    if version == 1:
        event = BookOpened(zone="UTC", country="DE")
    return Entry(
        position=version,
        stream="book",
        version=version,
        event=event,
        customer=customer,
        effective_at=version,
        recorded_at=version,
        meta=META,
    )


def persons(folds: Folds) -> int | None:
    kept = folds.state("book")
    return len(kept.state.persons) if kept is not None and isinstance(kept.state, Register) else None


def test_entries_recorded_here_are_folded_onto_what_is_kept() -> None:
    folds = Folds()
    folds.remember([registered(1), registered(2)], None, strangers=0)
    assert persons(folds) == 1
    folds.remember([registered(3)], None, strangers=0)
    assert persons(folds) == 2


def test_a_state_with_a_gap_is_not_kept_and_an_entry_already_folded_changes_nothing() -> None:
    folds = Folds()
    folds.remember([registered(1)], None, strangers=0)
    folds.remember([registered(1)], None, strangers=0)
    assert persons(folds) == 0
    folds.remember([registered(3)], None, strangers=0)
    assert folds.state("book") is None
    folds.remember([registered(4)], None, strangers=0)
    assert folds.state("book") is None


def test_facts_are_kept_once_proven_and_followed_while_nobody_else_writes() -> None:
    folds = Folds()
    folds.remember([registered(1, customer="cus_1")], None, strangers=3)
    assert folds.facts.get("cus_1") is None
    folds.remember([registered(2, customer="cus_1")], ("cus_1", FoldedFacts(position=1)), strangers=3)
    folds.remember([registered(4, customer="cus_1")], None, strangers=3)
    kept = folds.facts.get("cus_1")
    assert kept is not None
    assert (kept.position, kept.newest) == (4, 4)
    folds.remember([registered(9, customer="cus_1")], None, strangers=4)
    assert folds.facts.get("cus_1") is None


def test_of_more_than_so_many_the_one_used_longest_ago_goes() -> None:
    recent: Recent[str, int] = Recent(most=2)
    recent.put("a", 1)
    recent.put("b", 2)
    assert recent.get("a") == 1
    recent.put("c", 3)
    assert (recent.get("a"), recent.get("b"), recent.get("c")) == (1, None, 3)
    assert recent.take("a") == 1
    assert recent.get("a") is None


def test_what_is_heavy_takes_the_place_of_many() -> None:
    # Count them instead → a shop of long orders takes ten times the memory, and this fails.
    recent: Recent[str, str] = Recent(most=10, weigh=len)
    for name in ("a", "b", "c"):
        recent.put(name, "xxx")
    recent.put("a", "xx")
    recent.put("d", "xxxx")
    assert [recent.get(name) for name in ("a", "b", "c", "d")] == ["xx", None, "xxx", "xxxx"]
    recent.put("e", "x" * 11)
    assert recent.get("d") is None
    assert recent.get("e") is not None, "what is used now is kept however heavy it is"


def test_a_state_weighs_as_much_as_its_entries_name() -> None:
    folds = Folds()
    folds.remember([registered(1), registered(2)], None, strangers=0)
    kept = folds.state("book")
    assert kept is not None
    assert kept.weight == 2


def test_a_fold_of_nothing_more_is_what_it_was() -> None:
    assert Folded().after(()) == Folded()
    assert FoldedFacts(position=3).after(()) == FoldedFacts(position=3)


def test_where_a_fold_fails_nothing_is_kept_of_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the state in its place while it is folded → it fails for ever, and this too."""
    folds = Folds()
    folds.remember([registered(1)], None, strangers=0)

    def broken(*_: object) -> None:
        raise ArithmeticError

    with monkeypatch.context() as patched:
        patched.setattr("ledger.record.folds.evolve_of", lambda stream: broken)
        with pytest.raises(ArithmeticError):
            folds.state("book")
    assert folds.state("book") is None


def test_a_state_that_was_read_is_kept_unless_a_later_one_is() -> None:
    folds = Folds()
    folds.keep("book", Folded("read", 2))
    folds.keep("book", Folded("older", 1))
    assert folds.state("book") == Folded("read", 2)
    folds.keep("book", Folded("newer", 4))
    assert folds.state("book") == Folded("newer", 4)
