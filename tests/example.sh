#!/usr/bin/env bash
# Runs the library example on the fake engine with two generated layers. usage: example.sh EXAMPLE GENEPOOL WORKER
set -euo pipefail
example="$1" genepool="$2" worker="$3"
here="$(cd "$(dirname "$0")" && pwd)"
tmp="$(mktemp -d)"
trap 'rm -rf "$tmp"' EXIT
python3 -c "import sys; sys.path.insert(0, sys.argv[1]); import tiny_base; tiny_base.write(sys.argv[2])" "$here/scenario" "$tmp/base.gguf"
for seed in 1 2; do
  "$genepool" layer generate "l$seed" --rank 4 --seed "$seed" --data-dir "$tmp/made" --base "$tmp/base.gguf" > /dev/null
done
# The store's own files are GGUF adapters: any of them is a layer to add elsewhere.
layers=("$tmp"/made/layers/*.gguf)
output="$("$example" "$tmp/data" "$tmp/base.gguf" "$worker" fake "one=${layers[0]}" "two=${layers[1]}")"
echo "$output"
grep -q "^\[base+one:1\] page:" <<< "$output"
grep -q "cold, acquired" <<< "$output"
grep -q "hot, acquired" <<< "$output"
grep -q "^leased hot" <<< "$output"
