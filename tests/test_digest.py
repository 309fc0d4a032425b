import math
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftbench.digest import digest
from ftbench.records import Message, PromptFormat

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


@given(json_values)
def test_equal_content_has_one_digest(value):
    assert digest(value) == digest(value)


@given(json_values, json_values)
def test_other_content_has_another(one, other):
    if repr(one) != repr(other) and one != other:
        assert digest(one) != digest(other)


def test_it_is_the_same_in_every_process():
    program = "from ftbench.digest import digest; print(digest({'b': 1, 'a': {2: 'x'}}))"
    told = subprocess.check_output([sys.executable, "-c", program], text=True)
    assert told.strip() == digest({"a": {2: "x"}, "b": 1})


def test_records_are_told_apart_by_their_fields():
    assert digest(PromptFormat(system="x")) != digest(PromptFormat(user="x"))
    assert digest(Message(speaker="user", text="a")) == digest({"speaker": "user", "text": "a"})


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_number_that_is_none_has_no_digest(value):
    with pytest.raises(ValueError, match="JSON"):
        digest(value)


def test_what_has_no_canonical_form_is_refused():
    with pytest.raises(TypeError, match="set has no canonical form"):
        digest({1, 2})
