# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What the recording scripts share: pods with UIDs that stay the same from recording to recording, and
# the way out of the guest. Sourced after lib.sh and pods.sh.

MIB=1048576

# pod STYLE NAME QOS CPU MEM...: as pod_create, with the next UID of a fixed row.
pod()
{
	local create=$1 n
	shift
	n=$(($(ls "$PODS_STATE" 2>/dev/null | wc -l) + 1))
	POD_UID=$(printf 'c01d0000-0000-4000-8000-%012x' "$n") "$create" "$@"
}

# record CASE TITLE: the tree, the kubelet's answer, and where both come from.
record()
{
	local dir=$RESULTS/cases/$1
	mkdir -p "$dir"
	"$VM/guest/record-tree.sh" "$dir/tree.tar.gz" || return
	pods_json "$dir/pods.json" || return
	{
		echo "recorded: $2."
		echo
		echo "By tests/golden/record.sh in a QEMU guest of $(nproc) CPUs: Linux $(uname -r)," \
			"$(systemctl --version | head -1), $(crun --version | head -1)."
		[ $# -lt 3 ] || printf '\n%s\n' "$3"
	} >"$dir/note.md"
}

recorded() { ok "record $1" record "$@"; pods_cleanup; }
