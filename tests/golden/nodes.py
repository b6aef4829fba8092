#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Makes the trees of the golden cases node-*, idle-*, oom-first, pinned and bfq: nodes of a cluster as its tools set them up, for
# both cgroup drivers and the files of three kernels. The shape (which kinds of pods with which QoS class,
# requests, limits, priority classes, owners and containers) was recorded from one-node clusters of Kubernetes
# 1.31 and 1.35; every name, id and number that nothing turns on is our own, and batch pods were added.
#
#   nodes.py VERSION DRIVER KERNEL [requests|pinned|bfq] DIR     (1.31 cgroupfs oldest DIR)
#       writes the machine and its pods.json into DIR; with `requests` no online pod is BestEffort; with `pinned`
#       a static CPU manager has given CPUs to the containers; with `bfq` that module is loaded
import hashlib
import json
import os
import sys

KERNELS = {
    "oldest": "6.1.0-50-cloud-amd64",
    "default": "6.12.107+deb13-cloud-amd64",
    "newest": "7.3.4+deb13-cloud-amd64",
}
CPUS = 6
MIB = 1024 * 1024
MEMORY = 16384 * MIB
CONTROLLERS = "cpuset cpu io memory hugetlb pids misc\n"
BYTES = {"Mi": MIB, "Gi": 1024 * MIB, "M": 1000000}


def milli(text):
    return int(text[:-1]) if text.endswith("m") else int(text) * 1000


def size(text):
    for unit, factor in BYTES.items():
        if text.endswith(unit):
            return int(text[: -len(unit)]) * factor
    return int(text)


def hexes(name, length):
    return hashlib.sha256(name.encode()).hexdigest()[:length]


def weight_of(cpu_milli):
    """What a kubelet writes for a pod or a class."""
    shares = max(2, cpu_milli * 1024 // 1000)
    return 1 + (shares - 2) * 9999 // 262142


class Pod:
    def __init__(self, namespace, name, qos, cpu=None, memory=None, cpu_limit=None, memory_limit=None,
                 owner=None, priority=None, static=False, host=False, phase="Running", containers=1,
                 annotations=None, deleting=False, waiting=False):
        self.namespace, self.name, self.qos = namespace, name, qos
        self.cpu, self.memory, self.cpu_limit, self.memory_limit = cpu, memory, cpu_limit, memory_limit
        self.owner, self.priority, self.static, self.host = owner, priority, static, host
        self.phase, self.annotations, self.deleting = phase, annotations or {}, deleting
        self.waiting = waiting
        key = namespace + "/" + name
        h = hexes("uid " + key, 32)
        # A static pod's UID is the hash of its manifest.
        self.uid = h if static else "-".join((h[:8], h[8:12], "4" + h[13:16], "8" + h[17:20], h[20:]))
        self.ids = [hexes("container %d %s" % (i, key), 64) for i in range(containers + 1)]

    def cpu_milli(self):
        return milli(self.cpu) if self.cpu else 0

    def runs(self):
        return self.phase == "Running"

    def resources(self):
        r = {}
        pairs = (("requests", self.cpu, self.memory), ("limits", self.cpu_limit, self.memory_limit))
        for what, cpu, memory in pairs:
            given = {k: v for k, v in (("cpu", cpu), ("memory", memory)) if v}
            if given:
                r[what] = given
        return r

    def meta(self):
        meta = {"name": self.name, "namespace": self.namespace, "uid": self.uid, "labels": {},
                "annotations": dict(self.annotations), "creationTimestamp": "2026-11-20T08:00:00Z"}
        meta["annotations"]["kubernetes.io/config.source"] = "file" if self.static else "api"
        if self.static:
            meta["annotations"]["kubernetes.io/config.hash"] = self.uid
        if self.owner:
            name = self.name.rsplit("-", 1)[0]
            meta["ownerReferences"] = [{"apiVersion": "apps/v1", "kind": self.owner, "name": name,
                                        "uid": hexes("owner " + name, 32), "controller": True}]
        if self.deleting:
            meta["deletionTimestamp"] = "2026-11-20T09:00:00Z"
        return meta

    def json(self, version):
        spec = {"nodeName": "node-a", "containers": [
            {"name": "c%d" % i, "image": "registry.test/%s:1" % self.name.rsplit("-", 1)[0],
             "resources": self.resources() if i == 0 else {}} for i in range(len(self.ids) - 1)]}
        if self.host:
            spec["hostNetwork"] = True
        if self.priority:
            spec["priorityClassName"] = self.priority
            spec["priority"] = {"s": 2000000000}.get(self.priority[0], 1000)
        state = {"running": {"startedAt": "2026-11-20T08:00:05Z"}}
        if self.waiting:
            state = {"waiting": {"reason": "ContainerCreating"}}
        elif not self.runs():
            state = {"terminated": {"exitCode": int(self.phase == "Failed")}}
        statuses = []
        for i, cid in enumerate(self.ids[1:]):
            status = {"name": "c%d" % i, "ready": "running" in state, "restartCount": 0, "state": state}
            if not self.waiting:
                status["containerID"] = "containerd://" + cid
            # From 1.33 on a kubelet tells what it gave.
            if version == "1.35" and i == 0 and self.resources() and "running" in state:
                status["resources"] = self.resources()
                if "requests" in self.resources():
                    status["allocatedResources"] = self.resources()["requests"]
            statuses.append(status)
        return {"metadata": self.meta(), "spec": spec,
                "status": {"phase": self.phase, "qosClass": self.qos, "containerStatuses": statuses}}


# What a static CPU manager gave to Guaranteed pods of whole CPUs; what is left is the others'.
PINNED = {"ledger-0": "4-5", "render-1-z4f5x": "3"}
SHARED = "0-2"


def cluster(version, requests, pinned):
    """The pods of such a node. With `requests` its BestEffort system pods were given one."""
    new = version == "1.35"
    small = dict(cpu="40m", memory="15Mi", cpu_limit="80m", memory_limit="30Mi")
    system = dict(qos="Burstable", static=True, host=True, priority="system-node-critical")
    bare = dict(qos="Burstable", cpu="50m") if requests else dict(qos="BestEffort")
    pods = [
        Pod("kube-system", "kube-apiserver-node-a", cpu="250m", **system),
        Pod("kube-system", "kube-controller-manager-node-a", cpu="200m", **system),
        Pod("kube-system", "kube-scheduler-node-a", cpu="100m", **system),
        Pod("kube-system", "etcd-node-a", cpu="100m", memory="100Mi", **system),
        Pod("kube-system", "kube-proxy-7xk2p", owner="DaemonSet", host=True,
            priority="system-node-critical", **bare),
        Pod("kube-system", "pod-network-q4mzt", "Guaranteed", "100m", "50Mi", "100m", "50Mi",
            owner="DaemonSet", host=True),
        Pod("kube-system", "dns-6c9f7-h2v8d", "Burstable", "100m", "70Mi", None, "170Mi",
            owner="ReplicaSet", priority="system-cluster-critical"),
        Pod("kube-system", "node-metrics-58d4-x9w6n", "Burstable", "100m", "200Mi",
            owner="ReplicaSet", priority="system-cluster-critical"),
        # Neither static nor owned by anybody: somebody applied it as it is.
        Pod("kube-system", "volume-maker", host=True, **bare),
        Pod("shop", "agent-7b5c-f8r3k", owner="ReplicaSet", host=True,
            priority="system-cluster-critical" if new else None, **bare),
        Pod("shop", "object-counts-6f7d-t2c9x", "BestEffort", owner="ReplicaSet"),
        Pod("shop", "web-79bd-m5k4s", "Burstable", "200m", None, "500m", owner="ReplicaSet"),
        Pod("shop", "queue-0", "Burstable", owner="StatefulSet", **small),
        Pod("shop", "queue-1", "Burstable", owner="StatefulSet", **small),
        Pod("shop", "pages-5c8f-2jzq7", "Burstable", owner="ReplicaSet",
            priority="system-node-critical" if new else None, **small),
        Pod("shop", "pages-5c8f-9rw4b", "Burstable", owner="ReplicaSet",
            priority="system-node-critical" if new else None, **small),
        Pod("shop", "node-logs-k6t2v", "Burstable", owner="DaemonSet", **small),
        Pod("shop", "no-image", "Guaranteed", "5m", "5M", "5m", "5M", waiting=True),
        Pod("shop", "nightly-2937-c4x8p", "Burstable", owner="Job", phase="Succeeded", **small),
        Pod("shop", "broken-8sd2f", "BestEffort", owner="Job", phase="Failed"),
        Pod("shop", "broken-w7n5h", "BestEffort", owner="Job", phase="Failed"),
    ]
    if new:
        pods.append(Pod("shop", "nightly-2938-v6b3t", "Burstable", owner="Job", phase="Succeeded", **small))
    if pinned:
        pods.append(Pod("shop", "ledger-0", "Guaranteed", "2", "1Gi", "2", "1Gi", owner="StatefulSet"))
    # What was added: batch work of every class, one pod that claims more, one that is on its way out.
    return pods + [
        Pod("batch", "encode-1-5tq8z", "BestEffort", owner="Job", priority="batch-low"),
        Pod("batch", "claims-1-g3h7m", "BestEffort", owner="Job",
            annotations={"colod.io/level": "P0"}),
        Pod("batch", "train-1-n8c2w", "Burstable", "1500m", "1Gi", "3", "2Gi", owner="Job",
            priority="batch-low", containers=2),
        Pod("batch", "sift-1-b6k9r", "Burstable", None, "256Mi", owner="Job", priority="batch-low"),
        Pod("batch", "render-1-z4f5x", "Guaranteed", "1", "1Gi", "1", "1Gi", owner="Job",
            priority="batch-high"),
        Pod("batch", "ending-1-d7m3j", "Burstable", "500m", "128Mi", None, "256Mi", owner="Job",
            priority="batch-low", deleting=True),
    ]


class Tree:
    def __init__(self, kernel, bfq):
        self.kernel, self.bfq, self.files = kernel, bfq, {}

    def put(self, path, text):
        self.files[path] = text

    def cgroup(self, path, **knobs):
        stall = "".join("%s avg10=0.00 avg60=0.00 avg300=0.00 total=0\n" % k for k in ("some", "full"))
        files = {
            "cgroup.controllers": CONTROLLERS, "cgroup.events": "populated 1\nfrozen 0\n",
            "cgroup.freeze": "0\n", "cgroup.procs": "",
            "cgroup.subtree_control": CONTROLLERS, "cgroup.type": "domain\n",
            "cpu.idle": "0\n", "cpu.max": "max 100000\n", "cpu.max.burst": "0\n", "cpu.weight": "100\n",
            "cpu.pressure": stall, "io.pressure": stall, "memory.pressure": stall,
            "cpu.stat": "usage_usec 0\nuser_usec 0\nsystem_usec 0\nnr_periods 0\nnr_throttled 0\n"
                        "throttled_usec 0\nnr_bursts 0\nburst_usec 0\n",
            "cpuset.cpus": "\n", "cpuset.cpus.effective": "0-%d\n" % (CPUS - 1),
            "cpuset.cpus.partition": "member\n", "cpuset.mems.effective": "0\n",
            "io.max": "", "io.stat": "", "io.weight": "default 100\n",
            "memory.current": "4194304\n", "memory.high": "max\n", "memory.low": "0\n",
            "memory.max": "max\n", "memory.min": "0\n", "memory.oom.group": "0\n",
            "memory.events": "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\noom_group_kill 0\n",
            "memory.stat": "anon 2097152\nfile 2097152\n", "memory.swap.current": "0\n",
            "memory.swap.max": "max\n", "pids.current": "1\n",
        }
        if self.kernel != "oldest":
            files["cpu.stat"] = files["cpu.stat"].replace("nr_periods", "nice_usec 0\nnr_periods")
            files.update({"cpu.stat.local": "throttled_usec 0\n", "cpuset.cpus.exclusive": "\n",
                          "cpuset.cpus.exclusive.effective": "\n"})
        if self.kernel == "newest":
            files.update({"cpu.uclamp.min": "0.00\n", "cpu.uclamp.max": "max\n",
                          "cgroup.stat.local": "frozen_usec 0\n"})
        if self.bfq:
            files["io.bfq.weight"] = "default 100\n"
        for name, text in knobs.items():
            files[name.replace("_", ".")] = "%s\n" % text
        for name, text in files.items():
            self.put("sys/fs/cgroup/%s/%s" % (path, name), text)

    def machine(self):
        cgroup = "sys/fs/cgroup/"
        self.put(cgroup + "cgroup.controllers", CONTROLLERS.replace("hugetlb pids", "hugetlb pids rdma"))
        self.put(cgroup + "cgroup.subtree_control", CONTROLLERS)
        self.put(cgroup + "cgroup.procs", "")
        self.put(cgroup + "cpu.stat", "usage_usec 0\nuser_usec 0\nsystem_usec 0\n")
        self.put(cgroup + "cpuset.cpus.effective", "0-%d\n" % (CPUS - 1))
        self.put(cgroup + "io.stat", "")
        if self.kernel != "oldest":
            self.put(cgroup + "cpuset.cpus.isolated", "\n")
        for unit in ("init.scope", "system.slice", "system.slice/kubelet.service",
                     "system.slice/containerd.service", "system.slice/ssh.service"):
            self.cgroup(unit)
        self.put("proc/sys/kernel/osrelease", KERNELS[self.kernel] + "\n")
        self.put("proc/cmdline", "root=/dev/vda1 ro\n")
        self.put("proc/self/mountinfo",
                 "26 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n"
                 "32 27 0:27 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:8 - cgroup2 cgroup2 "
                 "rw,nsdelegate,memory_recursiveprot\n")
        kb = MEMORY // 1024
        self.put("proc/meminfo", "MemTotal: %d kB\nMemFree: %d kB\nMemAvailable: %d kB\nSwapTotal: 0 kB\n"
                 "SwapFree: 0 kB\n" % (kb, kb // 2, kb // 4 * 3))
        self.put("proc/stat", "".join("cpu%s 100 0 100 1000 0 0 0 0 0 0\n" % n
                                      for n in [" "] + list(range(CPUS))))
        for what in ("cpu", "memory", "io"):
            self.put("proc/pressure/" + what, "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
                     "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n")
        self.put("sys/devices/system/cpu/online", "0-%d\n" % (CPUS - 1))
        self.put("sys/devices/system/node/online", "0\n")
        self.put("sys/devices/system/node/node0/cpulist", "0-%d\n" % (CPUS - 1))
        for cpu in range(CPUS):
            at, core = "sys/devices/system/cpu/cpu%d/" % cpu, cpu // 2 * 2
            self.put(at + "topology/thread_siblings_list", "%d-%d\n" % (core, core + 1))
            self.put(at + "topology/core_cpus_list", "%d-%d\n" % (core, core + 1))
            self.put(at + "cache/index0/level", "3\n")
            self.put(at + "cache/index0/shared_cpu_list", "0-%d\n" % (CPUS - 1))

    def write(self, top):
        for path, text in self.files.items():
            path = os.path.join(top, path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="ascii") as f:
                f.write(text)


def paths(driver, pod):
    """The cgroup of a pod, and those of its containers, as this driver names them."""
    qos = {"Guaranteed": "", "Burstable": "burstable", "BestEffort": "besteffort"}[pod.qos]
    if driver == "cgroupfs":
        at = "/".join(p for p in ("kubepods", qos, "pod" + pod.uid) if p)
        return at, [at + "/" + cid for cid in pod.ids]
    middle = "kubepods-%s" % qos if qos else "kubepods"
    at = "/".join(p for p in ("kubepods.slice", middle + ".slice" if qos else "",
                              "%s-pod%s.slice" % (middle, pod.uid.replace("-", "_"))) if p)
    return at, ["%s/cri-containerd-%s.scope" % (at, cid) for cid in pod.ids]


def kubelet_writes(tree, driver, pods, pinned):
    top = "kubepods" if driver == "cgroupfs" else "kubepods.slice"
    classes = {"Burstable": "burstable", "BestEffort": "besteffort"}
    running = [p for p in pods if p.runs()]
    tree.cgroup(top, cpu_weight=weight_of(CPUS * 1000), memory_max=MEMORY)
    for qos, name in classes.items():
        at = "kubepods/" + name if driver == "cgroupfs" else "kubepods.slice/kubepods-%s.slice" % name
        tree.cgroup(at, cpu_weight=weight_of(sum(p.cpu_milli() for p in running if p.qos == qos)))
    for pod in running:
        knobs = {"cpu_weight": weight_of(pod.cpu_milli())}
        if pod.cpu_limit:
            knobs["cpu_max"] = "%d 100000" % max(1000, milli(pod.cpu_limit) * 100)
        if pod.memory_limit:
            knobs["memory_max"] = size(pod.memory_limit) // 4096 * 4096
        # The limits of a pod are those of all its containers, and only the first has some here.
        whole = knobs if len(pod.ids) == 2 else {"cpu_weight": knobs["cpu_weight"]}
        at, containers = paths(driver, pod)
        tree.cgroup(at, **whole)
        tree.cgroup(containers[0], cpu_weight=1)
        cpus = {"cpuset_cpus": PINNED.get(pod.name, SHARED)} if pinned else {}
        for cid in containers[1:1 if pod.waiting else None]:
            tree.cgroup(cid, **dict(knobs, memory_oom_group=1, **cpus))
            knobs = {"cpu_weight": 1}


def main(version, driver, kernel, *rest):
    pinned = rest[0] == "pinned"
    pods = cluster(version, rest[0] == "requests", pinned)
    tree = Tree(kernel, rest[0] == "bfq")
    tree.machine()
    kubelet_writes(tree, driver, pods, pinned)
    if pinned:
        tree.put("var/lib/kubelet/cpu_manager_state",
                 '{"policyName":"static","defaultCpuSet":"%s","checksum":1}\n' % SHARED)
    tree.put("pods.json", '{"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": [\n%s\n]}\n'
             % ",\n".join(json.dumps(p.json(version)) for p in pods))
    tree.write(rest[-1])


main(*sys.argv[1:])
