"""What the doctor asks of this machine: Python, torch, memory, disk, folders, strace."""

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from ftbench.errors import FtbenchError

from .doctor_check import Check

OLDEST_PYTHON = (3, 11)
GIGABYTE = 1e9
_LITTLE_MEMORY, _LITTLE_DISK, _NO_DISK = 4 * GIGABYTE, 20 * GIGABYTE, 0.5 * GIGABYTE
_PATIENCE_SECONDS = 120
_MEMORY_FILE = Path("/proc/meminfo")
_TORCH = """
import json, torch
cuda = range(torch.cuda.device_count()) if torch.cuda.is_available() else ()
devices = [[torch.cuda.get_device_name(one), *torch.cuda.mem_get_info(one)] for one in cuda]
print(json.dumps({"version": torch.__version__, "devices": devices}))
"""
"""Asked in a process of its own: a broken torch can take its process down."""


def python() -> Check:
    """Whether this Python is new enough."""
    found = platform.python_version()
    if sys.version_info[:2] >= OLDEST_PYTHON:
        return Check(name="Python", found=found)
    wanted = ".".join(map(str, OLDEST_PYTHON))
    return Check(name="Python", state="problem", found=found, advice=f"Install Python {wanted}.")


def torch() -> Iterator[Check]:
    """Whether torch can be imported, and the free memory of each CUDA device."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", _TORCH],
            capture_output=True,
            text=True,
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        yield _no_torch(f"takes longer than {_PATIENCE_SECONDS} s to import")
        return
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"ends its process ({done.returncode})"]
        yield _no_torch(said[-1])
        return
    answer = json.loads(done.stdout.splitlines()[-1])
    yield Check(name="torch", found=answer["version"])
    if not answer["devices"]:
        yield Check(name="GPU", found="none: small models on the CPU only")
    for number, (name, free, whole) in enumerate(answer["devices"]):
        yield Check(
            name=f"GPU {number}", found=f"{name}, {_size(free)} of {_size(whole)} memory free"
        )


def _no_torch(found: str) -> Check:
    return Check(
        name="torch",
        state="problem",
        found=found,
        advice="Reinstall it: pip install --force-reinstall torch",
    )


def memory() -> Check:
    """How much memory is free."""
    free = _free_memory()
    if free is None:
        return Check(name="memory", state="unknown", found="not known on this system")
    found = f"{_size(free)} free"
    if free > _LITTLE_MEMORY:
        return Check(name="memory", found=found)
    advice = "Close other programs, or choose a small model."
    return Check(name="memory", state="warning", found=found, advice=advice)


def _free_memory() -> float | None:
    if not _MEMORY_FILE.is_file():
        return None
    lines = _MEMORY_FILE.read_text(encoding="utf-8").splitlines()
    kilobytes = next((line.split()[1] for line in lines if line.startswith("MemAvailable:")), None)
    return None if kilobytes is None else float(kilobytes) * 1024


def folder(name: str, path: Path, *, instead: str) -> Check:
    """Whether a folder can be written, or made, and how much room there is."""
    there = next(place for place in (path, *path.absolute().parents) if place.exists())
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(b"x")
    except OSError as error:
        found = f"{path} cannot be written: {error.strerror}"
        return Check(name=name, state="problem", found=found, advice=instead)
    free = shutil.disk_usage(there).free
    found = f"{path}, {_size(free)} free"
    if free > _LITTLE_DISK:
        return Check(name=name, found=found)
    advice = f"A model of 7 billion parameters takes 14 GB. Free some space, or: {instead}"
    if free > _NO_DISK:
        return Check(name=name, state="warning", found=found, advice=advice)
    return Check(name=name, state="problem", found=found, advice=advice)


def cache() -> Check:
    """Whether the cache of finished stages can be used."""
    from ftbench.ledger.cache import cache_folder  # noqa: PLC0415, slow to import

    path = cache_folder()
    if path is None:
        return Check(name="cache", found="off: nothing is shared between runs")
    return folder("cache", path, instead="Set FTBENCH_CACHE to another folder, or to off.")


def shared_cache() -> Check:
    """Whether finished work can be shared with other machines, in both directions."""
    from ftbench.ledger.shared.place import (  # noqa: PLC0415, slow to import
        opened_place,
        shared_address,
    )

    name = "shared cache"
    try:
        address = shared_address()
        if not address:
            return Check(name=name, found="none: FTBENCH_SHARED_CACHE is not set")
        place = opened_place(address)
    except FtbenchError as error:
        return Check(name=name, state="problem", found="cannot be used", advice=str(error))
    probe, content = f"content/doctor-{uuid.uuid4().hex}", b"ftbench doctor"
    began = time.perf_counter()
    try:
        place.write(probe, content)
        is_same = place.read(probe, len(content)) == content
        place.remove(probe)
    except FtbenchError as error:
        found = f"{address} can only be read: nothing is given to others"
        return Check(name=name, state="warning", found=found, advice=str(error))
    if not is_same:
        advice = "Ask whoever runs it, or unset FTBENCH_SHARED_CACHE to go without."
        found = f"{address} does not give back what it was given"
        return Check(name=name, state="problem", found=found, advice=advice)
    seconds = time.perf_counter() - began
    return Check(name=name, found=f"{address} can be read and written, {seconds:.1f} s for both")


def strace() -> Check:
    """Whether the reliability campaign can inject faults of the disk."""
    found = shutil.which("strace")
    if found:
        return Check(name="strace", found=found)
    return Check(
        name="strace", found="not here: only make reliability uses it, and skips those rows"
    )


def cores() -> Check:
    """How many cores there are to compute with."""
    return Check(name="cores", found=str(os.cpu_count() or "not known"))


def _size(size: float) -> str:
    return f"{size / GIGABYTE:.1f} GB"
