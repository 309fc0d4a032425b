"""A Slurm of one node: Debian's daemons, in a folder of their own, without accounting."""

import getpass
import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager, suppress

PROGRAMS = ("slurmctld", "slurmd", "sbatch", "srun", "scancel", "scontrol", "squeue", "sinfo")
START_SECONDS, END_SECONDS = 30, 20
CONFIG = """
ClusterName=testing
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={node}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/none
AuthInfo=cred_expire=5
CredType=cred/none
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,sched_interval=1
ReturnToService=2
KillWait=60
NodeName={host} NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN
PartitionName=testing Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


class NoSlurm(Exception):
    """Why there is none."""


@contextmanager
def one_node(folder):
    """The variables with which Slurm's commands reach a node that runs meanwhile."""
    path = os.pathsep.join((os.environ["PATH"], "/usr/sbin"))
    if lacking := [name for name in PROGRAMS if shutil.which(name, path=path) is None]:
        raise NoSlurm(f"needs {', '.join(lacking)}: apt-get install slurm-wlm")
    config = _configured(folder)
    variables = {"PATH": path, "SLURM_CONF": str(config)}
    environment = os.environ | variables
    with (folder / "daemons.log").open("wb") as log:
        daemons = [
            subprocess.Popen([name, "-D", "-f", config], env=environment, stdout=log, stderr=log)
            for name in ("slurmctld", "slurmd")
        ]
        try:
            _wait_for_node(daemons, environment, folder / "daemons.log")
            yield variables
        finally:
            _end(daemons, environment)


def _configured(folder):
    for name in ("state", "spool"):
        (folder / name).mkdir()
    host = socket.gethostname().partition(".")[0]
    with socket.socket() as one, socket.socket() as other:
        for each in (one, other):
            each.bind(("127.0.0.1", 0))
        controller, node = (each.getsockname()[1] for each in (one, other))
    file = folder / "slurm.conf"
    file.write_text(
        CONFIG.format(
            host=host, controller=controller, node=node, folder=folder, user=getpass.getuser()
        )
    )
    return file


def _wait_for_node(daemons, environment, log):
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and not any(one.poll() is not None for one in daemons):
        if _says(environment, "sinfo", "--noheader", "--format=%T") == "idle":
            return
        time.sleep(0.2)
    errors = [line for line in log.read_text().splitlines() if "error" in line or "fatal" in line]
    raise NoSlurm(f"Slurm's daemons do not start here: {' | '.join(errors[-3:])}")


def _end(daemons, environment):
    """Jobs first: a daemon that goes leaves its jobs behind."""
    for how in ((), ("--full", "--signal=KILL")):
        _says(environment, "scancel", *how, f"--user={getpass.getuser()}")
    until = time.monotonic() + END_SECONDS
    while time.monotonic() < until and _says(environment, "squeue", "--noheader"):
        time.sleep(0.2)
    for one in daemons:
        one.terminate()
    for one in daemons:
        with suppress(subprocess.TimeoutExpired):
            one.wait(END_SECONDS)
        one.kill()
        one.wait()


def _says(environment, *words):
    asked = subprocess.run(
        words, env=environment, capture_output=True, text=True, check=False, timeout=END_SECONDS
    )
    return asked.stdout.strip()
