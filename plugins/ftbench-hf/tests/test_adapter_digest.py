"""One adapter has one digest, whatever the order in which a process keeps its sets."""

import os
import subprocess
import sys
from pathlib import Path

from hf_doubles import make_model

PROGRAM = """
import sys
from pathlib import Path
from ftbench import Lora
from ftbench.records import Model
from ftbench.testing import MemoryDesk
from ftbench_hf.backend import HuggingFace
from hf_doubles import job

base = HuggingFace(device="cpu").resolve(Model(location=sys.argv[1], digest="", family="llama"))
desk = MemoryDesk(folder=Path(sys.argv[2]))
targets = ["q_proj", "k_proj", "v_proj", "o_proj", "up_proj", "down_proj"]
HuggingFace(device="cpu").fine_tune([job(base, method=Lora(targets=targets))], desk)
print(next(iter(desk.fine_tunes.values())).models[-1][1].digest)
"""


def test_processes_with_other_hash_seeds_give_an_adapter_one_digest(tmp_path):
    base = make_model(tmp_path / "base", "llama")
    digests = set()
    for seed in ("1", "2", "3"):
        path = os.pathsep.join((str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")))
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path}
        command = [sys.executable, "-c", PROGRAM, str(base), str(tmp_path / seed)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        digests.add(done.stdout.split()[-1])
    assert len(digests) == 1
