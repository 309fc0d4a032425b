#!/usr/bin/env bash
# Installs ftbench and what a check needs, from the checkout that this file is in.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
if ! command -v nvidia-smi > /dev/null; then  # PyTorch without CUDA, which is several GB
  export PIP_EXTRA_INDEX_URL="${PIP_EXTRA_INDEX_URL:-https://download.pytorch.org/whl/cpu}"
fi
python -m pip install --quiet --constraint "$root/constraints.txt" "$root" \
  "$root"/plugins/ftbench-{attacks,audits,datasets,defenses,hf,joint,judges,organism}
