# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Real containers in the kubelet's own cgroup layouts. Sourced by tests and the shell.
#
#   pod_create NAME QOS [CPU_MILLI] [MEM_BYTES] [CMD...]    crun, systemd driver
#   pod_create_ctr NAME QOS ... / pod_create_cgroupfs NAME QOS ...   containerd's ctr / cgroupfs driver
#   pod_container NAME CMD...      one more container in a pod
#   pod_delete NAME, pods_cleanup
#   pod_path NAME                  the pod's cgroup directory; pod_ctr_path NAME the first container's
#   pod_pid NAME, pod_uid NAME, pod_id NAME
#   pods_json FILE                 what the kubelet's /pods would say about all of them
#
# QOS is Guaranteed, Burstable or BestEffort. CMD is any program of the guest (default: sleep).
# /share is the same writable directory in every container and outside ($PODS_SHARE).
# By environment, for one pod_create: POD_NS POD_LABELS ("a=b,c=d") POD_ANNOTATIONS (same)
# POD_PRIORITYCLASS POD_STATIC=1 POD_OWNER_KIND (DaemonSet, ReplicaSet, ...) POD_HOSTNET=1
# POD_CPU_LIMIT (milli) POD_MEM_LIMIT (bytes) POD_BATCH_CPU POD_BATCH_MEM (the same, as colod.io/batch-*) POD_MEMS (the memory nodes of its containers: "0") POD_STYLE=containerd|crio|docker POD_PAUSE=1 (a
# sandbox container as well) POD_UID (instead of a random one). All containers share the guest's network;
# POD_HOSTNET is only said in pods_json.

PODS_STATE=/run/vmpods
PODS_ROOTFS=/run/vmpods-rootfs
PODS_SHARE=/var/vmpods-share
PODS_CG=/sys/fs/cgroup

# The guest's own / read-only, so that any program of the guest can be a container.
pods_rootfs()
{
	mkdir -p "$PODS_ROOTFS" "$PODS_SHARE" /share /var/vmpods-log
	mountpoint -q "$PODS_ROOTFS" && return
	mount --bind / "$PODS_ROOTFS"
	mount --make-private "$PODS_ROOTFS"
	mount -o remount,bind,ro "$PODS_ROOTFS"
}

# So many random bytes. In a guest that is emulated each program that starts costs some 20 ms: no program does
# here what the shell can.
pods_hex()
{
	local hex=
	while [ ${#hex} -lt $((2 * $1)) ]; do printf -v hex '%s%08x' "$hex" "$SRANDOM"; done
	echo "${hex:0:$((2 * $1))}"
}

# 1 CPU is 1024 shares; the kubelet's conversion to a weight (milli 0 is shares 2 is weight 1).
pods_shares()
{
	local shares=$(($1 * 1024 / 1000))
	[ $shares -ge 2 ] || shares=2
	echo $shares
}

pods_weight() { echo $((1 + ($(pods_shares "$1") - 2) * 9999 / 262142)); }

pods_infix()
{
	case $1 in
	Guaranteed) ;;
	Burstable) echo burstable ;;
	BestEffort) echo besteffort ;;
	*) echo "pods: no QoS class $1" >&2; return 1 ;;
	esac
}

pods_slice_name()
{
	local infix
	infix=$(pods_infix "$1") || return
	echo "kubepods${infix:+-$infix}-pod${2//-/_}.slice"
}

# pods_slice NAME.slice [PROPERTY TYPE VALUE]...: what the kubelet's systemd driver asks for.
pods_slice()
{
	local name=$1 n
	shift
	n=$(($# / 3 + 5))
	busctl call -q org.freedesktop.systemd1 /org/freedesktop/systemd1 \
		org.freedesktop.systemd1.Manager StartTransientUnit 'ssa(sv)a(sa(sv))' "$name" replace "$n" \
		DefaultDependencies b false MemoryAccounting b true CPUAccounting b true \
		IOAccounting b true TasksAccounting b true "$@" 0 || return
	pods_wait test -d "$(pods_slice_dir "$name")"
}

pods_slice_dir()
{
	local name=${1%.slice} path= part=
	local IFS=-
	for piece in $name; do
		part=${part:+$part-}$piece
		path=$path/$part.slice
	done
	echo "$PODS_CG$path"
}

pods_wait()
{
	local tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ $tries -lt 400 ] || { echo "pods: gave up waiting for: $*" >&2; return 1; }
		sleep 0.05
	done
}

pods_capacity_milli() { echo $(($(nproc --all) * 1000)); }

# The classes as the kubelet makes them: kubepods by capacity, besteffort 1, burstable by its pods.
pods_classes()
{
	[ -d "$PODS_CG/kubepods.slice" ] || {
		pods_slice kubepods.slice CPUWeight t "$(pods_weight "$(pods_capacity_milli)")" &&
			pods_slice kubepods-besteffort.slice CPUWeight t 1 &&
			pods_slice kubepods-burstable.slice CPUWeight t 1
	}
}

pods_burstable_milli()
{
	local vars driver qos cpu sum=0
	for vars in "$PODS_STATE"/*/vars; do
		read -r driver _ _ qos _ _ cpu <"$vars" || continue
		[ "$driver $qos" != "$1 Burstable" ] || sum=$((sum + cpu))
	done 2>/dev/null
	echo $sum
}

pods_sync_burstable()
{
	local weight
	weight=$(pods_weight "$(pods_burstable_milli "$1")")
	case $1 in
	systemd) systemctl set-property --runtime kubepods-burstable.slice "CPUWeight=$weight" ;;
	cgroupfs) echo "$weight" >"$PODS_CG/kubepods/burstable/cpu.weight" ;;
	esac
}

pods_write_meta()
{
	local name=$1 qos=$2 cpu=$3 mem=$4 driver=$5 uid=$6 cgroup=$7 runtime=$8
	mkdir -p "$PODS_STATE/$name/ctr"
	jq -n --arg name "$name" --arg qos "$qos" --argjson cpu "$cpu" --argjson mem "$mem" \
		--arg driver "$driver" --arg uid "$uid" --arg cgroup "$cgroup" --arg runtime "$runtime" \
		--arg ns "${POD_NS:-default}" --arg labels "${POD_LABELS:-}" \
		--arg annotations "${POD_ANNOTATIONS:-}" --arg pc "${POD_PRIORITYCLASS:-}" \
		--arg static "${POD_STATIC:-}" --arg owner "${POD_OWNER_KIND:-}" \
		--arg hostnet "${POD_HOSTNET:-}" --argjson cpu_limit "${POD_CPU_LIMIT:-0}" \
		--argjson mem_limit "${POD_MEM_LIMIT:-0}" --arg mems "${POD_MEMS:-}" \
		--argjson batch_cpu "${POD_BATCH_CPU:-0}" --argjson batch_mem "${POD_BATCH_MEM:-0}" '
		def pairs: split(",") | map(select(. != "") | split("=") | {(.[0]): (.[1:] | join("="))}) | add // {};
		{$name, $qos, $cpu, $mem, $driver, $uid, $cgroup, $runtime, $ns, $pc, $owner,
		 labels: ($labels | pairs), annotations: ($annotations | pairs),
		 static: ($static == "1"), hostnet: ($hostnet == "1"), $cpu_limit, $mem_limit, $mems, $batch_cpu, $batch_mem,
		 created: (now | todate)}' >"$PODS_STATE/$name/meta.json"
	echo "$driver $cgroup $runtime $qos $mem $uid $cpu" >"$PODS_STATE/$name/vars"
}

pods_new_uid()
{
	if [ -n "${POD_UID:-}" ]; then
		echo "$POD_UID"
	elif [ "${POD_STATIC:-}" = 1 ]; then
		pods_hex 16
	else
		echo "$(</proc/sys/kernel/random/uuid)"
	fi
}

# Fills in the limits that make a pod Guaranteed.
pods_default_limits()
{
	[ "$1" = Guaranteed ] || return 0
	[ "$2" -gt 0 ] && [ "$3" -gt 0 ] || { echo "pods: Guaranteed needs cpu and memory" >&2; return 1; }
	POD_CPU_LIMIT=${POD_CPU_LIMIT:-$2}
	POD_MEM_LIMIT=${POD_MEM_LIMIT:-$3}
}

pods_oom_adj()
{
	local adj total
	case $1 in
	Guaranteed) echo -997; return ;;
	BestEffort) echo 1000; return ;;
	esac
	read -r _ total _ </proc/meminfo # MemTotal
	adj=$((1000 - 1000 * $2 / (total * 1024)))
	[ $adj -ge 3 ] || adj=3
	[ $adj -le 999 ] || adj=999
	echo $adj
}

pods_scope_prefix()
{
	case ${POD_STYLE:-containerd} in
	containerd) echo cri-containerd ;;
	crio) echo crio ;;
	docker) echo docker ;;
	*) echo "pods: no style $POD_STYLE" >&2; return 1 ;;
	esac
}

# Writes an OCI bundle: DIR NAME CGROUPSPATH, limits from the pod's meta.json, then the command.
pods_bundle()
{
	local dir=$1 name=$2 cgroups=$3 qos mem
	shift 3
	mkdir -p "$dir"
	read -r _ _ _ qos mem _ <"$PODS_STATE/$name/vars"
	printf '%s\036' "$@" |
		jq -Rs --arg rootfs "$PODS_ROOTFS" --arg cgroups "$cgroups" --arg share "$PODS_SHARE" \
			--arg name "$name" --argjson adj "$(pods_oom_adj "$qos" "$mem")" \
			--slurpfile meta "$PODS_STATE/$name/meta.json" \
			-f /opt/colod/vm/guest/oci.jq >"$dir/config.json"
}

# Starts one container of a pod with crun. Output goes to /var/vmpods-log/POD-ID.
pods_start()
{
	local name=$1 kind=$2 id driver cgroup prefix cgroups flag
	shift 2
	id=$(pods_hex 32)
	read -r driver cgroup _ <"$PODS_STATE/$name/vars"
	prefix=$(pods_scope_prefix) || return
	if [ "$driver" = systemd ]; then
		flag=--systemd-cgroup
		cgroups="${cgroup##*/}:$prefix:$id"
	else
		flag=--cgroup-manager=cgroupfs
		cgroups="$cgroup/$id"
	fi
	pods_bundle "$PODS_STATE/$name/bundle-$id" "$name" "$cgroups" "$@"
	crun $flag run -d -b "$PODS_STATE/$name/bundle-$id" "$id" \
		</dev/null >"/var/vmpods-log/$name-$id" 2>&1 || {
		cat "/var/vmpods-log/$name-$id" >&2
		return 1
	}
	echo "$kind $prefix" >"$PODS_STATE/$name/ctr/$id"
	[ "$kind" = pause ] || [ -e "$PODS_STATE/$name/id" ] || echo "$id" >"$PODS_STATE/$name/id"
}

pod_container() { local name=$1; shift; pods_start "$name" app "$@"; }

pods_fill()
{
	local name=$1
	shift
	[ $# -gt 0 ] || set -- sleep infinity
	[ -z "${POD_PAUSE:-}" ] || pods_start "$name" pause sleep infinity || return
	pods_start "$name" app "$@"
}

# The pod's own slice, with the kubelet's values: weight from the request, quota and max from limits.
pods_systemd_pod()
{
	local name=$1 qos=$2 cpu=$3 mem=$4 runtime=$5 uid slice props
	pods_default_limits "$qos" "$cpu" "$mem" && pods_classes || return
	uid=$(pods_new_uid)
	slice=$(pods_slice_name "$qos" "$uid") || return
	props=(CPUWeight t "$(pods_weight "$cpu")")
	[ "${POD_CPU_LIMIT:-0}" = 0 ] || props+=(CPUQuotaPerSecUSec t $((POD_CPU_LIMIT * 1000)))
	[ "${POD_MEM_LIMIT:-0}" = 0 ] || props+=(MemoryMax t "$POD_MEM_LIMIT")
	pods_slice "$slice" "${props[@]}" || return
	pods_write_meta "$name" "$qos" "$cpu" "$mem" systemd "$uid" "$(pods_slice_dir "$slice")" "$runtime"
	[ "$qos" != Burstable ] || pods_sync_burstable systemd
}

pod_create()
{
	local POD_CPU_LIMIT=${POD_CPU_LIMIT:-} POD_MEM_LIMIT=${POD_MEM_LIMIT:-} name=$1
	pods_systemd_pod "$1" "$2" "${3:-0}" "${4:-0}" crun || return
	shift $(($# < 4 ? $# : 4))
	pods_fill "$name" "$@"
}

# The same pod, but containerd's own client makes the container.
pod_create_ctr()
{
	local POD_CPU_LIMIT=${POD_CPU_LIMIT:-} POD_MEM_LIMIT=${POD_MEM_LIMIT:-} name=$1 qos=$2 id slice
	pods_systemd_pod "$1" "$2" "${3:-0}" "${4:-0}" ctr || return
	shift $(($# < 4 ? $# : 4))
	[ $# -gt 0 ] || set -- sleep infinity
	systemctl is-active -q containerd || systemctl start containerd || return
	id=$(pods_hex 32)
	slice=$(basename "$(pod_path "$name")")
	ctr run -d --null-io --read-only --env PATH="$PATH" --runc-systemd-cgroup --cgroup "$slice:cri-containerd:$id" \
		--rootfs "$PODS_ROOTFS" "$id" "$@" || return
	echo "app cri-containerd" >"$PODS_STATE/$name/ctr/$id"
	echo "$id" >"$PODS_STATE/$name/id"
}

pods_cgroupfs_class()
{
	mkdir -p "$1" && echo "+cpu +memory +io +pids" >"$1/cgroup.subtree_control"
}

pod_create_cgroupfs()
{
	local POD_CPU_LIMIT=${POD_CPU_LIMIT:-} POD_MEM_LIMIT=${POD_MEM_LIMIT:-}
	local name=$1 qos=$2 cpu=${3:-0} mem=${4:-0} infix dir uid
	pods_default_limits "$qos" "$cpu" "$mem" && infix=$(pods_infix "$qos") || return
	uid=$(pods_new_uid)
	echo "+cpu +memory +io +pids" >"$PODS_CG/cgroup.subtree_control"
	pods_cgroupfs_class "$PODS_CG/kubepods"
	pods_weight "$(pods_capacity_milli)" >"$PODS_CG/kubepods/cpu.weight"
	for dir in burstable besteffort; do
		pods_cgroupfs_class "$PODS_CG/kubepods/$dir"
	done
	echo 1 >"$PODS_CG/kubepods/besteffort/cpu.weight"
	dir=kubepods/${infix:+$infix/}pod$uid
	pods_cgroupfs_class "$PODS_CG/$dir"
	pods_weight "$cpu" >"$PODS_CG/$dir/cpu.weight"
	[ "${POD_CPU_LIMIT:-0}" = 0 ] || echo "$((POD_CPU_LIMIT * 100)) 100000" >"$PODS_CG/$dir/cpu.max"
	[ "${POD_MEM_LIMIT:-0}" = 0 ] || echo "$POD_MEM_LIMIT" >"$PODS_CG/$dir/memory.max"
	pods_write_meta "$name" "$qos" "$cpu" "$mem" cgroupfs "$uid" "/$dir" crun
	pods_sync_burstable cgroupfs
	shift $(($# < 4 ? $# : 4))
	pods_fill "$name" "$@"
}

pod_path()
{
	local driver cgroup
	read -r driver cgroup _ <"$PODS_STATE/$1/vars" || return
	[ "$driver" = systemd ] || cgroup=$PODS_CG$cgroup
	echo "$cgroup"
}

pod_id()
{
	local id
	read -r id <"$PODS_STATE/$1/id" && echo "$id"
}

pod_uid()
{
	local uid
	read -r _ _ _ _ _ uid _ <"$PODS_STATE/$1/vars" && echo "$uid"
}

pod_ctr_path()
{
	local path id driver prefix
	path=$(pod_path "$1") && id=$(pod_id "$1") || return
	read -r driver _ <"$PODS_STATE/$1/vars"
	read -r _ prefix <"$PODS_STATE/$1/ctr/$id"
	[ "$driver" = cgroupfs ] && echo "$path/$id" || echo "$path/$prefix-$id.scope"
}

# The first process of the pod's first container.
pod_pid()
{
	local path
	path=$(pod_ctr_path "$1") && find "$path" -name cgroup.procs -exec cat {} + | sort -n | head -1
}

pods_delete_containers()
{
	local name=$1 id runtime
	read -r _ _ runtime _ <"$PODS_STATE/$name/vars"
	for id in $(ls "$PODS_STATE/$name/ctr"); do
		if [ "$runtime" = ctr ]; then
			ctr task kill -s SIGKILL "$id" >/dev/null
			pods_wait_ctr_stopped "$id"
			ctr task rm "$id" >/dev/null
			ctr container rm "$id"
		else
			crun delete -f "$id"
		fi
	done
}

pods_wait_ctr_stopped() { pods_wait sh -c "ctr task ls | grep '^$1' | grep -q STOPPED"; }

pod_delete()
{
	local name=$1 path driver
	[ -d "$PODS_STATE/$name" ] || return 0
	path=$(pod_path "$name")
	read -r driver _ <"$PODS_STATE/$name/vars"
	pods_delete_containers "$name"
	if [ "$driver" = systemd ]; then
		systemctl stop "${path##*/}"
	else
		find "$path" -mindepth 1 -depth -type d -exec rmdir {} + 2>/dev/null
		pods_wait rmdir "$path"
	fi
	pods_wait test ! -d "$path"
	rm -rf "${PODS_STATE:?}/$name"
}

# All pods of systemd's driver at once: they end beside each other, and their slices with the classes.
pods_delete_all()
{
	local name path driver paths=() slices=() pids=()
	for name in $(ls "$PODS_STATE" 2>/dev/null); do
		path=$(pod_path "$name")
		read -r driver _ <"$PODS_STATE/$name/vars"
		[ "$driver" = systemd ] || { pod_delete "$name"; continue; }
		pods_delete_containers "$name" &
		pids+=($!)
		paths+=("$path") slices+=("${path##*/}")
	done
	[ ${#slices[@]} -eq 0 ] || { wait "${pids[@]}"; systemctl stop "${slices[@]}"; }
	for path in "${paths[@]}"; do pods_wait test ! -d "$path"; done
}

pods_cleanup()
{
	pods_delete_all
	if [ -d "$PODS_CG/kubepods.slice" ]; then
		systemctl stop kubepods-burstable.slice kubepods-besteffort.slice kubepods.slice
	fi
	if [ -d "$PODS_CG/kubepods" ]; then
		rmdir "$PODS_CG"/kubepods/{burstable,besteffort} "$PODS_CG/kubepods"
	fi
	systemctl is-active -q containerd && systemctl stop containerd
	rm -rf "$PODS_STATE"
	find "$PODS_SHARE" /var/vmpods-log -mindepth 1 -delete
}

pods_json()
{
	local name id
	for name in $(ls "$PODS_STATE" 2>/dev/null); do
		for id in $(ls "$PODS_STATE/$name/ctr"); do
			echo "{\"id\": \"$id\", \"kind\": \"$(cut -d' ' -f1 "$PODS_STATE/$name/ctr/$id")\"," \
				"\"prefix\": \"$(cut -d' ' -f2 "$PODS_STATE/$name/ctr/$id")\"}"
		done | jq -s --slurpfile meta "$PODS_STATE/$name/meta.json" '$meta[0] + {ctrs: .}'
	done | jq -s -f /opt/colod/vm/guest/podlist.jq >"$1.new" && mv "$1.new" "$1"
}
