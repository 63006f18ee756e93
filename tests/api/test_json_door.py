"""The JSON door lets in what every reader reads alike, and nothing else."""

import json
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.door import DEEPEST, STRING, read_json
from api.problems import MalformedJson

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=50,
)


@given(values)
def test_what_was_written_is_what_is_read(value: object) -> None:
    assert read_json(json.dumps(value).encode()) == value
    assert read_json(json.dumps(value, ensure_ascii=False).encode()) == value
    assert read_json(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()) == value


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":1,"a":1}',
        b'{"a":1,"\\u0061":2}',
        b'{"x":[{"a":1,"a":2}]}',
        b"NaN",
        b"[Infinity]",
        b"[-Infinity]",
        b"1.0",
        b"1e2",
        b'"\\u0000"',
        b'{"\\u0000":1}',
        b'{"a":["\\udc00\\ud800"]}',
        b'"\xed\xa0\x80"',
        b'"\xff"',
        b'"a\x00b"',
        b'"line\nbreak"',
        b"{'a':1}",
        b"[1,]",
        b"01",
        b"\xef\xbb\xbf{}",
        b"",
        b"nul",
    ],
)
def test_json_that_two_readers_could_read_differently_stays_out(raw: bytes) -> None:
    # Take the standard library's own reader → most of these fail; let what `_read_tight` reads in without
    # comparing it with what came → the first three do.
    with pytest.raises(MalformedJson):
        read_json(raw)


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert read_json(b'"\\ud83d\\ude00"') == "😀"


def test_nesting_is_let_in_up_to_the_deepest_level() -> None:
    at_most = b"[" * DEEPEST + b"]" * DEEPEST
    assert read_json(at_most) is not None
    assert read_json(b'{"a":' * (DEEPEST - 1) + b"[]" + b"}" * (DEEPEST - 1)) is not None
    with pytest.raises(MalformedJson):
        read_json(b"[" + at_most + b"]")


def test_brackets_in_texts_are_no_nesting() -> None:
    text = '[{"' * 100 + "\\"
    assert read_json(json.dumps([text]).encode()) == [text]


@given(st.binary())
def test_whatever_follows_a_quote_is_one_string_of_which_no_byte_is_read_twice(tail: bytes) -> None:
    # Leave out the string that never ends → this fails: each of its quotes would be tried as a beginning, and
    # a megabyte of them would take minutes.
    found = STRING.match(b'"' + tail)
    assert found is not None
    assert found.end() == len(tail) + 1 or found[0].endswith(b'"')


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 1_000_000,
        b"[" + b"[]," * 300_000 + b"[]]]",
        b'"' + b'\\"' * 500_000,
        b"[" * 33 + b'"' + b'\\"' * 500_000,
        b'{"a":' * 200_000,
    ],
)
def test_a_megabyte_of_mischief_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedJson):
        read_json(raw)


def test_a_megabyte_of_honest_pairs_is_read() -> None:
    raw = b"[" + b"[]," * 300_000 + b"[]]"
    assert len(cast(list[object], read_json(raw))) == 300_001
