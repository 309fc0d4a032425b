"""Starts processes with torch's elastic launcher, which ends all as soon as one ends badly.

    python -m ftbench_hf.launching COUNT DEVICE

Standard input and output are those of the processes; a last line of JSON says how they ended.
"""

import json
import sys
import uuid
from tempfile import TemporaryDirectory

from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.launcher.api import LaunchConfig, elastic_launch


def main(count: int, device: str) -> None:
    """Run so many processes on this machine, each once."""
    with TemporaryDirectory(prefix="ftbench-") as folder:
        try:
            elastic_launch(_config(count, folder), sys.executable)("-m", "ftbench_hf.rank", device)
        except ChildFailedError as error:
            codes = [failure.exitcode for failure in error.failures.values()]
            sys.stdout.write(json.dumps({"codes": codes}) + "\n")
            sys.exit(1)


def _config(count: int, folder: str) -> LaunchConfig:
    return LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=count,
        run_id=uuid.uuid4().hex,
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        # Else the name of the machine is looked up, which not every network can do.
        local_addr="localhost",
        max_restarts=0,
        # Else it leaves a folder behind.
        logs_specs=DefaultLogsSpecs(log_dir=folder),
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
