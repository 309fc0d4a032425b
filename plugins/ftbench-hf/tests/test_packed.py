"""Weights in the processor's own order change no result, and are gone when work is over."""

import pytest
import torch

from ftbench_hf.packed import packed


@pytest.fixture
def network():
    """Two large layers, the first of which is not trained, and a small one."""
    torch.manual_seed(0)
    layers = [torch.nn.Linear(500, 600), torch.nn.Linear(600, 400, bias=False)]
    network = torch.nn.Sequential(torch.nn.Linear(9, 500), *layers)
    network[1].requires_grad_(False)
    return network


def gradients(network, seen):
    network.zero_grad()
    network(seen).square().mean().backward()
    return {
        name: weight.grad.clone()
        for name, weight in network.named_parameters()
        if weight.grad is not None
    }


def changed(network):
    return [place for place, layer in enumerate(network) if "forward" in vars(layer)]


def test_large_layers_say_the_same(network):
    seen = torch.randn(5, 3, 9)
    with torch.inference_mode():
        expected = network(seen)
        with packed(network):
            assert changed(network) == [1, 2]
            assert torch.allclose(network(seen), expected, atol=1e-5)
    assert changed(network) == []


def test_what_is_trained_gets_the_same_gradient(network):
    seen = torch.randn(4, 9)
    expected = gradients(network, seen)
    with packed(network, is_training=True):
        assert changed(network) == [1], "only what is not trained has a copy"
        found = gradients(network, seen)
    assert found.keys() == expected.keys() == {"0.weight", "0.bias", "2.weight"}
    for name, gradient in expected.items():
        assert torch.allclose(found[name], gradient, atol=1e-6)


def test_a_network_that_is_asked_while_gradients_are_followed_still_has_them(network):
    seen = torch.randn(4, 9)
    expected = gradients(network, seen)
    with packed(network):
        found = gradients(network, seen)
    assert all(torch.allclose(found[name], expected[name], atol=1e-6) for name in expected)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_other_numbers_are_left_alone(network, dtype):
    with packed(network.to(dtype)):
        assert changed(network) == []


def test_the_layers_are_as_before_after_a_fault(network):
    with pytest.raises(ZeroDivisionError), packed(network):
        raise ZeroDivisionError
    assert changed(network) == []
