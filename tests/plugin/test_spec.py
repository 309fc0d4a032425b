"""The hooks are one page that a stranger can read."""

import inspect
from pathlib import Path

import pytest

from ftbench.plugin import spec
from ftbench.plugin.catalog import HOOK_OF_ROLE
from ftbench.roles import ROLES

HOOKS = sorted(name for name in vars(spec) if name.startswith("ftbench_"))
PAGE = 100
"""Lines."""


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_says_what_it_offers(hook):
    words = inspect.getdoc(getattr(spec, hook))
    assert words.startswith("Offer ")
    assert words.endswith(".")


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_takes_nothing_and_offers_nothing_by_itself(hook):
    function = getattr(spec, hook)
    assert not inspect.signature(function).parameters
    assert function() == ()


def test_every_role_has_its_hook():
    assert set(HOOK_OF_ROLE) == set(ROLES)
    assert set(HOOK_OF_ROLE.values()) <= set(HOOKS)


def test_the_hooks_fit_on_one_page():
    assert len(Path(spec.__file__).read_text().splitlines()) <= PAGE
