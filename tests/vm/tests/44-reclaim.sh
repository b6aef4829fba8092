#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 120s
# profile: default
# core: yes
# title: reclaim by slices takes page cache and leaves what cannot go, asks for no more than there is, and touches nobody else
. "$VM/guest/lib.sh"
. "$VM/guest/colod.sh"

MIB=$((1024 * 1024))
T=$CG/reclaim-test
DIR=/var/reclaim-test

# In MiB, of memory.stat.
has() { awk -v k="$2" -v m=$MIB '$1 == k { print int($2 / m) }' "$T/$1/memory.stat"; }
swapped() { echo $(($(cat "$T/$1/memory.swap.current") / MIB)); }

# reclaim POD MIB: what came of it, into $said
reclaim()
{
	said=$(timeout 60 /opt/colod/build/tests/tools/reclaim_pod "reclaim-test/$1" $(($2 * MIB)) 2>&1)
	note "$1, $2 MiB wanted:"
	note "$said"
}
answer() { sed -n 's/^answer is=\([a-z]*\) .*/\1/p' <<<"$said"; }
slices() { grep -c "^slice end=${1:-}" <<<"$said"; }
# sum FIELD: of all slices, in MiB
sum() { grep '^slice' <<<"$said" | tr ' ' '\n' | awk -F= -v k="$1" -v m=$MIB '$1 == k { s += $2 } END { print int(s / m) }'; }
# Every slice is from 16 to 64 MiB.
bounded() { grep '^slice' <<<"$said" | sed 's/.*asked=\([0-9]*\).*/\1/' | awk -v m=$MIB '$1 < 16 * m || $1 > 64 * m { exit 1 }'; }

# Newer kernels add up memory.stat every other second only where little has changed: until then it shows pages that are
# still written, which nobody can reclaim. A few of the filesystem's own stay dirty for half a minute.
settled() { [ "$(has "$1" file)" -ge "$2" ] && [ $(($(has "$1" file_dirty) + $(has "$1" file_writeback))) = 0 ]; }

# pod NAME CACHE ANON [CONTAINER]: MiB of page cache, and of anonymous memory (0: that of a shell)
pod()
{
	local dir=$T/$1
	mkdir "$dir"
	if [ -n "${4:-}" ]; then
		echo +memory >"$dir/cgroup.subtree_control"
		dir=$dir/$4
		mkdir "$dir"
	fi
	sh -c 'echo $$ >"$2/cgroup.procs"
head -c $3 /dev/zero >"$1"
sync "$1"
[ $4 != 0 ] || { touch "$1.there"; read end; }
exec python3 -c "import os, sys
kept = os.urandom(1 << 20) * $4
open(\"$1.there\", \"w\").close()
sys.stdin.read()"' - "$DIR/$1" "$dir" $(($2 * MIB)) "$3" <"$DIR/end" &
	load+=($!)
	wait_for 60 test -e "$DIR/$1.there"
	ok "what $1 has is there, and on the disk" wait_for 60 settled "$1" "$2" || note "$(cat "$T/$1/memory.stat")"
	note "$1: $(has "$1" file) MiB of page cache, $(has "$1" anon) MiB anonymous"
}

innocents() { echo "$(has innocent file) $(has innocent anon)"; }

mkdir "$T" "$DIR"
mkfifo "$DIR/end"
exec 9<>"$DIR/end" # who reads from it waits
echo +memory >"$T/cgroup.subtree_control"
load=()
began=$SECONDS

pod hog 160 100
pod innocent 48 0
before=$(innocents) anon=$(has hog anon) file=$(has hog file)
reclaim hog 96
is "$(answer)" enough "what was wanted is there after some slices"
ok "each within its bounds" bounded
ok "the page cache went" [ "$(has hog file)" -le $((file - 80)) ]
ok "what went is what was measured" [ "$(sum got)" -ge 80 ]
ok "the anonymous memory stayed" [ "$(has hog anon)" -ge $((anon - 1)) ]
is "$(innocents)" "$before" "another pod kept all it has"
reclaim hog 1000
is "$(answer)" nothing "of too much there is an end: it has too little left to give"
ok "which is no more than 32 MiB" [ "$(has hog inactive_file)" -le 32 ]
ok "each within its bounds" bounded
ok "the anonymous memory stayed" [ "$(has hog anon)" -ge $((anon - 1)) ]
reclaim hog 1000
is "$(answer) $(slices)" "nothing 0" "and then nothing is asked for"
is "$(innocents)" "$before" "the other pod kept all it has"

# What a container keeps by its memory.min, R does not know of: the kernel says so, and then there is a rest.
pod kept 48 0 container
echo $((200 * MIB)) >"$T/kept/container/memory.min"
file=$(has kept file)
reclaim kept 32
is "$(answer) $(slices)" "rests 2" "two that gave nothing are the last for a while"
ok "nothing was taken" [ "$(has kept file)" -ge $((file - 1)) ]

head -c $((64 * MIB)) /dev/zero >"$DIR/swap"
chmod 600 "$DIR/swap"
mkswap -q "$DIR/swap"
ok "swap" swapon "$DIR/swap"
echo 0 >"$T/hog/memory.swap.max"
reclaim hog 32
is "$(answer) $(slices)" "nothing 0" "a pod that may not swap has no more to give"
echo max >"$T/hog/memory.swap.max"
anon=$(has hog anon)
reclaim hog 32
ok "one that may is asked" [ "$(slices)" -ge 1 ]
ok "its anonymous memory goes to swap" [ "$(swapped hog)" -ge 4 -a "$(has hog anon)" -lt "$anon" ]
is "$(swapped innocent)" 0 "that of the other does not"
note "in swap: $(swapped hog) MiB"

kill "${load[@]}"
wait "${load[@]}" 2>/dev/null
exec 9>&-
swapoff "$DIR/swap"
rmdir "$T/kept/container" "$T"/*/ "$T"
rm -r "$DIR"
note "all of it took $((SECONDS - began)) s"
done_testing
