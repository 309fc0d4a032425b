"""Chat templates are programs of strangers: those that never end or reach out are refused, soon."""

import time

import pytest
from hf_doubles import LLAMA_TEMPLATE, make_tokenizer

from ftbench.errors import DataError
from ftbench_hf.rendering import fault_of
from ftbench_hf.templates import check_template

BOMBS = {
    "a range": "{%- for i in range(10**12) %}x{%- endfor %}",
    "loops in loops": "{%- for i in range(99999) %}{%- for j in range(99999) %}{%- endfor %}"
    "{%- endfor %}",
    "much text": "{%- for i in range(99999) %}{{ 'x' * 1000 }}{%- endfor %}",
    "one long text": "{{ 'x' * 10**12 }}",
    "a power": "{{ (10 ** (10 ** 9)) % 7 }}",
    "a macro that calls itself": "{%- macro m() %}{{ m() }}{{ m() }}{%- endmacro %}{{ m() }}",
    "only with an answer": "{%- if messages | length > 1 %}{%- for i in range(99999) %}"
    "{%- for j in range(99999) %}{%- endfor %}{%- endfor %}{%- endif %}",
}
REACHING = {
    "a class": "{{ messages.__class__ }}",
    "subclasses": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "by item": "{{ ''['__class__'] }}",
    "by filter": "{{ ''|attr('__class__') }}",
    "globals": "{{ raise_exception.__globals__['os'].system('touch SENTINEL') }}",
    "in pieces": "{{ (''|attr('__cla' ~ 'ss__')).mro() }}",
}


def refused(template, words):
    """Check a template; it is refused with these words, soon."""
    began = time.monotonic()
    with pytest.raises(DataError, match=f"The chat template of the model {words}"):
        check_template("the model", make_tokenizer(template + LLAMA_TEMPLATE), "native")
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_template_that_never_ends_is_refused(bomb):
    refused(BOMBS[bomb], "does not come to an end, or needs too much memory")


@pytest.mark.parametrize("reaching", REACHING)
def test_a_template_that_reaches_for_python_is_refused(tmp_path, reaching):
    sentinel = tmp_path / "sentinel"
    refused(REACHING[reaching].replace("SENTINEL", str(sentinel)), "reaches for the inside")
    assert not sentinel.exists()


def test_templates_as_people_write_them_are_let_through():
    marks = "{% generation %}{{ messages[0]['content'] }}{% endgeneration %}"
    loops = "{% for m in messages %}{% if loop.first %}{% continue %}{% endif %}{% endfor %}"
    chat = {"messages": [{"role": "user", "content": "words"}], "add_generation_prompt": True}
    for text in (marks, loops, "{{ messages | tojson(indent=2) }}", "{{ strftime_now('%Y') }}"):
        assert fault_of(text, {}, [chat]) == ""


def test_several_templates_need_a_default():
    tokenizer = make_tokenizer(None)
    tokenizer.chat_template = {"tools": LLAMA_TEMPLATE, "plain": LLAMA_TEMPLATE}
    with pytest.raises(DataError, match="none is the default"):
        check_template("the model", tokenizer, "native")
