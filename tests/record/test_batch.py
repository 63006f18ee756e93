"""Judging a batch: who wins, what the losers are told, and in which order the checks come."""

from ledger.record.append import Append, NewClaim, Recorded, Repeated, Stale, Taken
from ledger.record.batch import Found, Head, Staged, judge
from ledger.record.chain import ORIGIN, verify
from tests.record.conftest import append, new_entry

NOW = 5_000
BARE = Head(0, ORIGIN, 0)


def judged(*appends: Append, head: Head = BARE, found: Found | None = None, now: int = NOW) -> Staged:
    return judge(appends, head, found or Found({}, {}, {}, {}), now)


def test_positions_follow_the_head_without_gaps_also_around_a_loser() -> None:
    staged = judged(append(new_entry("a"), new_entry("b")), append(new_entry("a")), append(new_entry("c")))
    assert staged.verdicts == [Recorded(1, NOW), Stale("a"), Recorded(3, NOW)]
    assert [(row.position, row.stream) for row in staged.entries] == [(1, "a"), (2, "b"), (3, "c")]
    assert verify(staged.entries) == (staged.head.position, staged.head.hash)


def test_recorded_at_never_goes_back_when_the_machine_clock_does() -> None:
    staged = judged(append(new_entry("a")), head=Head(0, ORIGIN, 9_000), now=4_000)
    assert staged.entries[0].recorded_at == staged.head.recorded_at == 9_000


def test_a_version_that_leaves_a_gap_or_is_taken_is_stale() -> None:
    found = Found({"a": 2}, {}, {}, {})
    staged = judged(
        append(new_entry("a", 2)), append(new_entry("a", 4)), append(new_entry("a", 3)), found=found
    )
    assert staged.verdicts == [Stale("a"), Stale("a"), Recorded(1, NOW)]


def test_a_stream_that_was_only_read_must_still_be_at_its_version() -> None:
    found = Found({"policy": 2}, {}, {}, {})
    staged = judged(
        append(new_entry("a"), reads={"policy": 1}), append(new_entry("a"), reads={"policy": 2}), found=found
    )
    assert staged.verdicts == [Stale("policy"), Recorded(1, NOW)]


def test_a_stream_read_is_stale_after_an_earlier_append_of_the_same_batch_wrote_it() -> None:
    staged = judged(append(new_entry("policy")), append(new_entry("a"), reads={"policy": 0}))
    assert staged.verdicts == [Recorded(1, NOW), Stale("policy")]


def test_facts_are_stale_as_soon_as_the_customer_has_another_entry_in_any_stream() -> None:
    staged = judged(
        append(new_entry("ord_1", customer="cus_1"), facts=("cus_1", 0)),
        append(new_entry("ord_2", customer="cus_1"), facts=("cus_1", 0)),
        append(new_entry("ord_3", customer="cus_1"), facts=("cus_1", 1)),
        append(new_entry("ord_4", customer="cus_2"), facts=("cus_2", 7)),
        found=Found({}, {"cus_2": 7}, {}, {}),
    )
    assert staged.verdicts == [Recorded(1, NOW), Stale("cus_1"), Recorded(2, NOW), Recorded(3, NOW)]


def test_a_claim_has_one_holder_also_within_a_batch() -> None:
    claim = NewClaim("sku", "DRESS", "prd_1")
    staged = judged(
        append(new_entry("cus_1"), new_entry("prd_1"), claims=(claim,)),
        append(new_entry("prd_2"), claims=(claim._replace(stream="prd_2"),)),
        append(new_entry("prd_3"), claims=(NewClaim("sku", "SHIRT", "prd_3"),)),
        found=Found({}, {}, {}, {("sku", "SHIRT"): "prd_0"}),
    )
    assert staged.verdicts == [
        Recorded(1, NOW),
        Taken("sku", "DRESS", "prd_1"),
        Taken("sku", "SHIRT", "prd_0"),
    ]
    # It names the entry of its own stream, not the first of the append.
    assert staged.claims == [("sku", "DRESS", 2)]


def test_a_known_key_answers_before_anything_else_is_asked() -> None:
    staged = judged(
        append(new_entry("a"), new_entry("b"), key="k", claims=(NewClaim("sku", "DRESS", "a"),)),
        append(new_entry("a"), key="k", claims=(NewClaim("sku", "DRESS", "a"),)),
    )
    assert staged.verdicts == [Recorded(1, NOW), Repeated(1, 2, b"same")]
    assert staged.commands == [("ann", "k", b"same", 1, 2)]


def test_what_has_moved_on_is_told_before_a_taken_claim_so_that_the_retry_rule_can_answer() -> None:
    found = Found({"a": 1}, {}, {}, {("sku", "DRESS"): "a"})
    staged = judged(append(new_entry("a"), claims=(NewClaim("sku", "DRESS", "a"),)), found=found)
    assert staged.verdicts == [Stale("a")]


def test_a_batch_of_losers_stages_nothing_and_leaves_the_head() -> None:
    head = Head(7, b"h" * 32, 1)
    staged = judged(append(new_entry("a", 2)), head=head)
    assert (staged.head.position, staged.head.hash, staged.entries) == (7, b"h" * 32, [])
