#!/usr/bin/env bash
# Installs ftbench and what a check needs, from the checkout that this file is in.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
cpu=https://download.pytorch.org/whl/cpu  # PyTorch without CUDA, which is several GB
reachable="import urllib.request as web; web.urlopen('$cpu/torch/', timeout=5)"
if ! command -v nvidia-smi > /dev/null && python -c "$reachable" 2> /dev/null; then
  export PIP_EXTRA_INDEX_URL="${PIP_EXTRA_INDEX_URL:-$cpu}"
fi
python -m pip install --quiet --constraint "$root/constraints.txt" "$root" \
  "$root"/plugins/ftbench-{attacks,audits,datasets,defenses,hf,joint,judges,organism}
