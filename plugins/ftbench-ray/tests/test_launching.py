"""A sweep on a Ray cluster: what jobs are given there, and what no cluster can do, in words."""

import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from installed_town import Town, results, rows
from ray_nodes import nodes

from ftbench.errors import UsageError
from ftbench_ray.launching import Settings, launched
from hydra_plugins.ftbench_ray import RayConfig

SWEEP = (
    "-m", "model=testing", "attack=testing_reveal", "suite.limit=1", "seed=1,2", "cells_per_job=1",
    "hydra/launcher=ftbench_ray",
)  # fmt: skip
HALF = ("hydra.launcher.num_gpus=0.5", "hydra.launcher.num_cpus=0.5")


def test_two_jobs_share_a_gpu_of_a_cluster_that_stays(tmp_path):
    town = Town(tmp_path)
    with nodes(1, path=town.environment["PYTHONPATH"]) as cluster:
        where = f"hydra.launcher.address={cluster.address}"
        own = ("backend=telling_parrot", "+hydra.launcher.environment.EXTRA=more", *HALF, where)
        code, said, complained = town.typed(
            *SWEEP, *own, "--json", "--quiet", **cluster.environment
        )
        assert (code, complained) == (0, "")
        assert [result["outcome"] for result in results(said, 2)] == ["trained"] * 2
        assert (
            town.notes()
            == [
                {
                    "CUDA_VISIBLE_DEVICES": "0",
                    "OMP_NUM_THREADS": "1",
                    "OMP_WAIT_POLICY": "PASSIVE",
                    "FTBENCH_CACHE": str(tmp_path / "cache"),
                    "EXTRA": "more",
                }
            ]
            * 2
        )
        too_much = ("hydra.launcher.num_gpus=2", where)
        code, _, complained = town.typed(*SWEEP, *too_much, **cluster.environment)
    assert code == 2
    assert "No node of the Ray cluster can do a job, which takes 2 GPU, 1 CPU. " in complained
    assert "It has 1 nodes: 1 GPU, 1 CPU." in complained


@pytest.mark.slow
def test_nodes_without_the_disk_bring_their_work_back_through_the_shared_cache(tmp_path):
    town = Town(tmp_path)
    town.environment["FTBENCH_CACHE"] = "off"
    site, shared = town.environment["PYTHONPATH"], tmp_path / "shared"
    shared.mkdir()
    with nodes(0, path=site, without=town.folder) as cluster:
        words = (*SWEEP, f"hydra.launcher.address={cluster.address}", "--json")
        code, _, complained = town.typed(*words, **cluster.environment)
        assert code == 2 and "This machine does not see" in complained
        sharing = cluster.environment | {"FTBENCH_SHARED_CACHE": str(shared)}
        code, said, complained = town.typed(*words, **sharing)
        assert code == 0, complained
        assert [result["outcome"] for result in results(said, 2)] == ["trained"] * 2
        assert "finetune: 2 runs" in complained
        paid = ("backend=openai", "backend.base_url=http://127.0.0.1:1/v1", "finetune=lora")
        code, _, complained = town.typed(*words, *paid, **sharing)
        assert code == 2 and "does nothing that can be billed" in complained
    assert len(town.ledgers()) == 2
    for ledger in town.ledgers():
        origins = dict(rows(ledger, "SELECT kind, origin FROM units"))
        assert origins["finetune"].startswith("shared cache") and all(origins.values())
    (first, second) = sorted(town.folder.glob("runs/.sweeps/*/group-*.log"))
    assert "finetune: trained" in first.read_text() + second.read_text()


@pytest.mark.slow
def test_a_node_without_memory_is_not_tried_for_ever(tmp_path):
    town = Town(tmp_path)
    path = town.environment["PYTHONPATH"]
    with nodes(0, path=path, RAY_memory_usage_threshold="0.0001") as cluster:
        own = (f"hydra.launcher.address={cluster.address}", "hydra.launcher.max_retries=1")
        code, _, complained = town.typed(*SWEEP, *own, **cluster.environment)
    assert code == 2 and "Its node had no memory left" in complained


def refusal(**settings):
    """Why no job is begun."""
    known = {field.name: field.default for field in fields(RayConfig) if field.name[0] != "_"}
    known |= {"resources": {}, "environment": {}}
    with pytest.raises(UsageError) as refused:
        launched(print, [], Settings(**known | settings))
    return str(refused.value)


def test_where_no_cluster_answers_it_is_said_how_to_have_one():
    said = refusal(address="127.0.0.1:1")
    assert said.startswith("No Ray cluster answers at 127.0.0.1:1 (Connection refused). Start one")
    assert "hydra.launcher.address=local" in said


def test_what_is_no_address_is_refused():
    said = refusal(address="nowhere")
    assert said == "hydra.launcher.address=nowhere is no address, such as HOST:PORT."


@pytest.mark.parametrize(("name", "amount"), [("num_gpus", 1.5), ("num_cpus", -1)])
def test_what_ray_cannot_give_is_refused(name, amount):
    assert f"{name}={amount} is nothing that Ray can give." in refusal(**{name: amount})


def test_without_ray_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    said = refusal()
    assert "Ray cannot be imported" in said and "pip install ftbench-ray" in said


def test_hydra_starts_without_ray():
    """Hydra imports every launcher at every start."""
    program = "import sys, hydra_plugins.ftbench_ray; sys.exit('ray' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
