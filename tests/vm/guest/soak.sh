# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Pods that come and go at random while holds stand and the agent meets this and that, under the eyes of
# the witness. Source pods.sh, colod.sh, watch.sh and pressure.sh first.
#
#   soak_start               after watch_start: the pods that are there
#   soak_rounds N [SEED]     N random things happen
#   soak_end                 what soak_rounds made is gone again
#   soak_breaches            what soak.awk finds in all that the witness saw since watch_start

# In files: `ok` runs what it is given in a shell of its own.
SOAK_LIVES=/run/soak-lives
SOAK_PODS=/run/soak-pods
# A pass a second, at most one call a unit in five, and an emulated machine.
SOAK_GRACE_MS=15000

soak_note() { echo "$(watch_mark) $1 $2" >>$SOAK_LIVES; }

soak_start()
{
	rm -f $SOAK_LIVES
	: >$SOAK_PODS
	soak_note online "$(pod_path web)"
	soak_note online "$(pod_path unmatched)"
	soak_note offline "$(pod_path hog)"
}

# soak_comes ROLE NAME POD_CREATE-WORDS...: its facts are told some time after it appears.
soak_comes()
{
	local role=$1 name=$2
	shift
	pod_create "$@" || return
	soak_note "$role" "$(pod_path "$name")"
	echo "$name" >>$SOAK_PODS
	sleep $((RANDOM % 3))
	colod_facts
}

soak_leaves()
{
	local name path
	read -r name <$SOAK_PODS && path=$(pod_path "$name") || return
	sed -i 1d $SOAK_PODS
	pod_delete "$name" && pods_sync_burstable systemd
	soak_note gone "$path"
	colod_facts
}

soak_round()
{
	local what=$1 name busy=(sh -c 'while :; do :; done') n
	name=soak$(wc -l <$SOAK_LIVES)
	n=$(wc -l <$SOAK_PODS)
	[ "$n" -lt 5 ] || what=leaves
	[ "$n" -gt 0 ] || [ "$what" != leaves ] || what=offline
	case $what in
	offline) soak_comes offline "$name" BestEffort 0 0 "${busy[@]}" ;;
	online) POD_NS=kube-system soak_comes online "$name" BestEffort ;;
	batch) POD_PRIORITYCLASS=batch-x soak_comes offline "$name" Burstable 500 0 "${busy[@]}" ;;
	service) soak_comes online "$name" Burstable 500 0 ;;
	leaves) soak_leaves ;;
	reload) systemctl daemon-reload ;;
	kubelet) systemctl set-property --runtime kubepods-besteffort.slice CPUWeight=1 ;;
	killed) kill -KILL "$(unit_pid colod)" ;;
	restarted) systemctl restart colod ;;
	esac
}

soak_rounds()
{
	local all=(offline online batch service leaves leaves leaves reload kubelet killed restarted) i
	RANDOM=${2:-1}
	for ((i = 0; i < $1; i++)); do
		soak_round "${all[RANDOM % ${#all[@]}]}" || return
		sleep $((RANDOM % 5))
	done
}

soak_end() { while [ -s $SOAK_PODS ]; do soak_leaves || return; done; }

soak_breaches()
{
	local first
	first=$(sed -n '/^# ready/q; s/ .*//p' "$WATCH_LOG" | head -n 1)
	# The values at the start are changes from "-", which come before the witness is ready.
	grep -v "^#\|$WATCH_PROBE" "$WATCH_LOG" | sort -s -n -k 1,1 -m - \
		<(awk -v "first=${first:-0}" '{ $1 = $1 < first ? first : $1; print }' $SOAK_LIVES) |
		awk -v "grace=${SOAK_GRACE_MS}" -f /opt/colod/vm/guest/soak.awk
}

# The eyes themselves: a made run with one breach of each kind, and a good one with none.
soak_sees()
{
	local k=/k be=/k/be lives='0 online /k/be/a\n0 offline /k/be/b\n0 online /k/c'
	local good="1 $k/c cpu.weight - 100\n1 $be cpu.weight - 2\n1 $be/a cpu.weight - 1\n1 $be/b cpu.idle - 1\n1 $be/b cpu.weight - 1\n1 $be cpu.max - max/20000\n1 $be/b cpu.max - 1000/20000\n99999 $k/c cpu.weight 100 101"
	local text
	for text in "" "\n2 $be cpu.max max/20000 5000/20000" "\n2 $be/b cpu.idle 1 0\n2 $be/b cpu.weight 1 20"; do
		printf "$lives\n$good$text\n99999 $k/c cpu.weight 100 102\n" | sort -s -n -k 1,1 |
			awk -v grace=15000 -f /opt/colod/vm/guest/soak.awk | wc -l
	done | tr '\n' ' '
}
