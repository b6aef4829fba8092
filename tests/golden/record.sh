#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Records the golden trees anew: boots guests (the default kernel and the oldest), makes real pods, brings
# the trees out and puts each into its case here, with its pods.json and note.md. Then read the diff of
#     make golden-bless && git diff tests/golden
# Recorded trees change only where a kernel, systemd or runtime changed, or a recording script did.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

for kernel in 6.12 6.1; do
	"$here/../vm/run.py" test --kernel "$kernel" --tests "$here/record" --out "$out"
	for dir in "$out/$kernel"-*/results/*/cases/*/; do
		[ -d "$dir" ] || continue
		name=$(basename "$dir")
		mkdir -p "$here/$name"
		cp "$dir"/* "$here/$name/"
		from=cgroup
		[ ! -f "$here/$name/pods.json" ] || from=file:///pods.json
		mkdir -p "$here/$name/policy.d"
		printf 'version: 1\nfacts: {from: "%s"}\n' "$from" >"$here/$name/policy.d/50-facts.yaml"
		echo "recorded $name"
	done
done
