"""A training killed at any sync or rename ends, once started again, with the same weights."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("kill_points.py")


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forks of one process; there is no fork")
def test_killed_at_any_sync_or_rename_it_resumes_to_the_same_weights(folders, tmp_path):
    command = [sys.executable, str(SCRIPT), str(folders["llama"]), str(tmp_path), "1"]
    environment = os.environ | {"TOKENIZERS_PARALLELISM": "false", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    for report in json.loads(done.stdout.splitlines()[-1]).values():
        assert report["points"] >= 20
        assert len(report["tried"]) == report["points"]
        assert len(set(report["whole"])) == 2
        for point, digests in report["tried"].items():
            assert digests == report["whole"], f"killed at point {point}"
