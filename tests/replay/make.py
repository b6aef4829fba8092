#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes the series of tests/replay that nobody recorded: a node, and what is measured on it second by second.

    make.py            writes CASE/series.record of each made case
    make.py --check    says which of them are not what this file makes; exit status 1 then

A series has no steps of its own (`steps no`): what colod decides on it stands in CASE/expect.steps, and
tests/replay/run.sh compares. The format: policy/record.h.
"""

import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
SECOND = 1_000_000

POLICY = """version: 1
mode: squeeze
facts: {from: "file:///pods.json"}
levels:
  P1: {role: online, cpu: {weight: request}}
  P4: {role: online, cpu: {weight: request}}
  P7: {role: offline, cpu: {yield: ratio 50, squeeze: {target: 65%, floor: 2%}}}
assign:
  - {match: {priorityClass: "system-*"}, level: P1}
  - {match: {namespace: batch}, level: P7}
  - {match: {qos: Burstable}, level: P4}
  - {match: {qos: BestEffort}, level: P7}
pressure:
  - {when: cpu.some of online > 5% over 2s, do: [squeeze cpu]}
"""

BE = "kubepods.slice/kubepods-besteffort.slice"
BU = "kubepods.slice/kubepods-burstable.slice"


class Pod:
    """One pod and its counters."""

    def __init__(self, name, qos, slot, serial, cgroup, milli):
        self.name, self.qos, self.slot, self.serial, self.cgroup, self.milli = name, qos, slot, serial, cgroup, milli
        self.known = True
        self.deleting = False


class Series:
    """A node of four CPUs. Everything that is said goes into `lines`."""

    def __init__(self, comment, policy=POLICY):
        self.lines = ["colod-record 1"] + [f"# {line}" for line in comment.strip().split("\n")]
        self.lines += ["names plain", "steps no", "policy 1", "source made.yaml"]
        self.lines += [f"y {line}" for line in policy.rstrip().split("\n")] + ["policy-end"]
        self.now = 1000 * SECOND
        self.pods, self.order, self.paths, self.next_serial = {}, [], {}, 1
        self.awaited = False
        self.said, self.pending = {}, []
        for path, kind, weight in (("", "root", None), ("system.slice", "other", 100),
                                   ("kubepods.slice", "kubepods", 157), (BU, "qos", 100), (BE, "qos", 2)):
            self.cgroup(path, kind, weight)

    def cgroup(self, path, kind, weight, pod="-", mems=0):
        ident = min(set(range(len(self.order) + 1)) - set(self.order))
        self.paths[path] = ident
        self.order.append(ident)
        self.pending.append(f"cg {ident} inode={100 + len(self.lines) + len(self.pending)} kind={kind} populated=1 "
                            f"controllers=7 subtree=7 {f'mems={mems} ' if mems else ''}pod={pod} path=" + (path or '""'))
        if weight is not None:
            self.pending.append(f"k {ident} cpu.weight={weight} cpu.idle=0 cpu.max=max/100000")
        return ident

    def add(self, name, qos, milli=0):
        slot = min(set(range(len(self.pods) + 1)) - {p.slot for p in self.pods.values()})
        parent = BE if qos == "BestEffort" else BU
        weight = 1 if milli == 0 else 1 + (milli * 1024 // 1000 - 2) * 9999 // 262142
        ident = self.cgroup(f"{parent}/pod-{name.split('/')[1]}.slice", "pod", weight, slot)
        self.pods[name] = Pod(name, qos, slot, self.next_serial, ident, milli)
        self.next_serial += 1

    def remove(self, name):
        pod = self.pods.pop(name)
        self.order.remove(pod.cgroup)
        self.paths = {p: i for p, i in self.paths.items() if i != pod.cgroup}

    def say(self, key, text):
        if self.said.get(key) != text:
            self.said[key] = text
            self.lines.append(text)

    def describe(self, pod):
        ns, name = pod.name.split("/")
        state = "known" if pod.known else "unknown"
        request = f"known:{pod.milli}" if pod.known else "unknown"
        limit = "known:max" if pod.known else "unknown"
        text = (f"pod {pod.slot} serial={pod.serial} kind=kubernetes qos={pod.qos} driver=systemd cg={pod.cgroup} "
                f"facts={state} cpu-request={request} cpu-limit={limit} memory-request={request and state}"
                + (":0" if pod.known else "") + f" memory-limit={limit} uid=uid-{pod.serial} name={pod.name}")
        if pod.known:
            text += (f"\nfacts {pod.slot} ns={ns} name={name} class=- owner=- qos={pod.qos} static=0 host-network=0 "
                     f"deleting={int(pod.deleting)}")
        self.say(("pod", pod.slot), text)

    def step(self, use=None, wait=None, busy=0.1, span=SECOND, modes="squeeze", extra=(), throttled=None, full=None):
        """One pass. `use`, `wait` and `full`: CPUs used and seconds waited per second, by some or all threads, by pod name."""
        use, wait, throttled, full = use or {}, wait or {}, throttled or {}, full or {}
        self.now += span
        self.lines.append(f"t {self.now}")
        self.say("modes", "modes " + " ".join(f"{r}={modes}" for r in ("all", "cpu", "memory", "io")))
        self.say("node", "node cpus=4 cores=4 numa=1 smt=0 memory=8589934592 swap=0 page=4096 kernel=6.12.0")
        self.say("can", "can psi,cpu,cpu-idle,cpu-max off=-")
        self.say("tree", f"tree driver=systemd slots={1 + max([p.slot for p in self.pods.values()], default=0)}"
                 + " facts=awaited" * self.awaited)
        self.lines += self.pending
        self.pending = []
        self.say("order", "order " + ",".join(map(str, self.order)))
        for pod in self.pods.values():
            self.describe(pod)
        self.say("pods", "pods " + (",".join(str(p.slot) for p in self.pods.values()) or "-"))
        for pod in self.pods.values():
            numbers = [use.get(pod.name, 0) * span, wait.get(pod.name, 0) * span, 0, 0, 0]
            if pod.name in throttled:
                numbers += [throttled[pod.name][0], throttled[pod.name][1]]
            if pod.name in full:
                numbers += [0] * (8 - len(numbers)) + [full[pod.name] * span]
            text = f"s {pod.slot} 0 5 " + " ".join(str(round(n)) for n in numbers)
            self.lines.append(re.sub(r"( 0)+$", "", text))
        self.lines.append(f"n 0 1 {round((busy + sum(use.values())) * span)}")
        self.lines += list(extra) + ["end"]

    def steps(self, n, **what):
        for _ in range(n):
            self.step(**what)

    def text(self):
        return "\n".join(self.lines) + "\n"


def late_facts():
    s = Series("A batch pod in a QoS class that would make it online: known only from the third pass on,\n"
               "then unknown again (the kubelet fell silent before it told of a new pod).")
    s.add("shop/web", "Burstable", 1000)
    s.add("batch/job", "Burstable", 500)
    s.pods["batch/job"].known = False
    s.steps(3, use={"shop/web": 1, "batch/job": 2}, wait={"shop/web": 0.3})
    s.pods["batch/job"].known = True
    s.steps(4, use={"shop/web": 1, "batch/job": 2}, wait={"shop/web": 0.3})
    s.add("batch/new", "BestEffort")
    s.pods["batch/new"].known = False
    s.steps(2, use={"shop/web": 1, "batch/job": 1, "batch/new": 1}, wait={"shop/web": 0.3})
    return s


def silent_kubelet():
    s = Series("A restart beside a kubelet that has not answered yet: what an earlier colod gave, shares and a hold, is\n"
               "there, and nobody has told what the pods are. In the fourth pass the kubelet tells.")
    s.add("shop/web", "Burstable", 1000)
    s.add("batch/job", "Burstable", 500)
    s.awaited = True
    for pod in s.pods.values():
        pod.known = False
    web, job = s.pods["shop/web"].cgroup, s.pods["batch/job"].cgroup
    s.pending += [f"k {web} cpu.weight=45:own:39:45",
                  f"k {job} cpu.weight=1:own:20:1 cpu.max=30000/20000:hold:max/100000:30000/20000"]
    busy = {"use": {"shop/web": 1, "batch/job": 2}, "wait": {"shop/web": 0.3}}
    s.step(**busy)
    s.pending.append(f"k {job} cpu.max=max/100000")
    s.steps(2, **busy)
    s.awaited = False
    for pod in s.pods.values():
        pod.known = True
    s.steps(2, **busy)
    return s


def pod_churn():
    s = Series("Pods come and go while others are held; slots and cgroup numbers are used again, once by a pod\n"
               "of the same name at the same path.")
    s.add("shop/web", "Burstable", 1000)
    for n in range(6):
        s.add(f"batch/job{n}", "BestEffort")
        s.steps(2, use={"shop/web": 1, f"batch/job{n}": 2.5}, wait={"shop/web": 0.2})
        if n % 2:
            s.remove(f"batch/job{n - 1}")
            s.step(use={"shop/web": 1, f"batch/job{n}": 2.5}, wait={"shop/web": 0.2})
    s.remove("shop/web")
    s.steps(2, use={"batch/job5": 3})
    s.add("shop/web", "Burstable", 2000)
    s.steps(4, use={"shop/web": 1, "batch/job5": 2.5}, wait={"shop/web": 0.2})
    return s


def kill_switch():
    s = Series("A hold is up when the kill switch goes: it must be the first thing that comes back, and with it every\n"
               "share. A tighter weight that somebody else wrote meanwhile is left.")
    s.add("shop/web", "Burstable", 1000)
    s.add("batch/job", "BestEffort")
    busy = {"use": {"shop/web": 1, "batch/job": 2.8}, "wait": {"shop/web": 0.25}}
    s.steps(4, **busy)
    be = s.paths[BE]
    s.step(**busy, extra=[f"k {be} cpu.weight=3:own:1:3 cpu.max=24000/20000:hold:max/100000:24000/20000"])
    s.step(**busy, modes="off")
    s.step(**busy, modes="off", extra=[f"k {be} cpu.weight=7:own:1:3 cpu.max=max/100000"])
    s.step(**busy, modes="observe", extra=[f"k {be} cpu.weight=7"])
    s.step(**busy)
    return s


def threshold():
    s = Series("The condition is `> 5% over 2s`: what waits 4.99 % is left in peace, 5 % squeezes; a pod that its own quota\n"
               "throttles in more than 1 % of its periods is no reason, however long it waits.")
    s.add("shop/web", "Burstable", 1000)
    s.add("batch/job", "BestEffort")
    what = {"use": {"shop/web": 1, "batch/job": 2.8}, "modes": "observe"}
    s.steps(4, **what, wait={"shop/web": 0.0495})
    s.steps(4, **what, wait={"shop/web": 0.2}, throttled={"shop/web": (100, 2)})
    s.steps(3, **what, wait={"shop/web": 0.0499})
    s.steps(2, **what, wait={"shop/web": 0.05})
    s.steps(2, **what, wait={"shop/web": 0})
    return s


def dwell():
    s = Series("After the last wait the hold stays for 10 s, to the microsecond, grows meanwhile not past its target, and\n"
               "ends when it limits nothing. A wait in between begins the 10 s anew. Waits are seen over a window of 2 s.")
    s.add("shop/web", "Burstable", 1000)
    s.add("batch/job", "BestEffort")
    use, held = {"shop/web": 1, "batch/job": 2.8}, {"shop/web": 1, "batch/job": 0.7}
    s.steps(3, use=use, wait={"shop/web": 0.3}, modes="observe")
    s.steps(6, use=held, modes="observe")
    s.step(use=held, wait={"shop/web": 0.3}, modes="observe")
    s.steps(10, use=held, modes="observe")
    s.step(use=held, span=SECOND - 1, modes="observe")
    s.step(use=held, span=1, modes="observe")
    s.steps(4, use={"shop/web": 0.2, "batch/job": 0.3}, modes="observe")
    return s


def sli():
    s = Series("Two indicators of an online pod, its CPU waits by the mean and by the p90 of 10 s. A violation begins with the first\n"
               "window over the bound, ends 10 s after it was well under it, and where its own quota is what stalls it.",
               POLICY + "sli:\n  - {name: mean, metric: cpu.some, of: P4, mean: 10%, window: 10s}\n"
               "  - {name: p90, metric: cpu.some, pods: \"shop/*\", p90: 20%, window: 10s}\n")
    s.add("shop/web", "Burstable", 1000)
    s.add("batch/job", "BestEffort")
    what = {"use": {"shop/web": 1, "batch/job": 2.8}, "modes": "observe"}
    s.steps(11, **what, wait={"shop/web": 0.05})
    s.steps(1, **what, wait={"shop/web": 0.9})
    s.steps(12, **what, wait={"shop/web": 0.25})
    s.steps(30, **what, wait={"shop/web": 0.02})
    s.steps(11, **what, wait={"shop/web": 0.5})
    s.steps(4, **what, wait={"shop/web": 0.5}, throttled={"shop/web": (100, 50)})
    return s


def calibrate():
    s = Series("Seconds in which offline work is held to learn what is usual: one that ends, one in which a pod comes that nobody\n"
               "knows, and one in which the ladder rises: what that takes away stays.",
               POLICY + "score: {calibrate: true}\n")
    s.add("shop/web", "Burstable", 1000)
    s.add("batch/job", "BestEffort")
    what = {"use": {"shop/web": 1, "batch/job": 2.8}}
    s.steps(3, **what, wait={"shop/web": 0.03})
    s.step(**what, wait={"shop/web": 0.03}, extra=[f"calibrate {s.now + SECOND}"])
    s.step(**what, wait={"shop/web": 0}, extra=["calibrate 0"])
    s.step(**what, wait={"shop/web": 0.03})
    s.step(**what, wait={"shop/web": 0.03}, extra=[f"calibrate {s.now + SECOND}"])
    s.add("batch/new", "BestEffort")
    s.pods["batch/new"].known = False
    s.step(**what, wait={"shop/web": 0.03}, span=SECOND // 2)
    s.pods["batch/new"].known = True
    s.step(**what, wait={"shop/web": 0.03}, span=SECOND // 2, extra=["calibrate 0"])
    s.step(**what, wait={"shop/web": 0.03}, extra=[f"calibrate {s.now + SECOND}"])
    s.steps(1, **what, wait={"shop/web": 0.3})
    s.steps(1, **what, wait={"shop/web": 0.3}, extra=["calibrate 0"])
    return s


def gap(span, comment):
    s = Series(comment)
    s.add("shop/web", "Burstable", 1000)
    s.add("batch/job", "BestEffort")
    busy = {"use": {"shop/web": 1, "batch/job": 2.8}, "wait": {"shop/web": 0.25}}
    s.steps(4, **busy)
    be = s.paths[BE]
    s.step(**busy, extra=[f"k {be} cpu.max=30000/20000:hold:max/100000:30000/20000"])
    s.step(span=span)
    s.step(**busy)
    s.steps(3, **busy)
    return s


def suspend():
    return gap(3600 * SECOND, "The machine sleeps for an hour while a hold is up: nobody looked, so the hold ends at once at the first pass,\n"
                              "whatever was seen before, and is earned again.")


def clock_step():
    return gap(4 * SECOND, "Four seconds without a pass, which is less than the bound of five: the hold stays, and grows by no more than\n"
                           "the time that went by.")


def floor():
    s = Series("Batch work that waits all the time and gets a third of what its weight promises: for 2 s, then its weight is raised,\n"
               "which is doubled once. That helps. When online work rests, 10 s later it is as before.")
    s.add("shop/web", "Burstable", 1000)
    s.add("batch/job", "BestEffort")
    be, bu = s.paths[BE], s.paths[BU]
    s.pending += [f"k {bu} cpu.weight=2500", f"k {be} cpu.weight=50:own:2:50"]
    low = {"use": {"shop/web": 3.9, "batch/job": 0.02}, "full": {"batch/job": 0.98}}
    s.steps(4, **low, modes="protect")
    s.pending.append(f"k {be} cpu.weight=100:own:2:100")
    s.steps(15, use={"shop/web": 3.9, "batch/job": 0.035}, full={"batch/job": 0.96}, modes="protect")
    s.steps(10, use={"shop/web": 0.1, "batch/job": 1}, modes="protect")
    s.pending.append(f"k {be} cpu.weight=50:own:2:50")
    s.steps(2, use={"shop/web": 0.1, "batch/job": 1}, modes="protect")
    return s


def evict_cpu(asks):
    s = Series("A squeeze down to its floor (a quarter of the node: this kernel throttles whole run queues) is no help to web, which lacks what\n"
               "hog has. " + ("After 20 s of that, and 3 s of looking, hog is asked to go, and while it goes nobody else. Without it web does not wait;\n"
                              "when web then wants more than there is, the pod that rests is let alone."
                              if asks else "The policy has no step evict: nobody goes, in the very passes in which somebody would."),
               POLICY.replace("mode: squeeze", "mode: full").replace("[squeeze cpu]}", "[squeeze cpu, evict]}" if asks else "[squeeze cpu]}")
               + "evict: {by: [kubernetes], grace: 5s, cooldown: 1s, per-hour: 6}\n")
    s.add("shop/web", "Burstable", 1000)
    s.add("batch/hog", "BestEffort")
    s.add("batch/idle", "BestEffort")
    hog, be = s.pods["batch/hog"].serial, s.paths[BE]
    s.steps(3, use={"shop/web": 1.6, "batch/hog": 2, "batch/idle": 0.01}, wait={"shop/web": 0.3}, modes="full")
    s.pending.append(f"k {be} cpu.max=20000/20000:hold:max/100000:20000/20000")
    short = {"use": {"shop/web": 2.9, "batch/hog": 0.8, "batch/idle": 0.01}, "wait": {"shop/web": 0.3}, "modes": "full"}
    evict_at = 1022 * SECOND

    def look(*more):
        # As an agent that looks finds it, which took the rung evict at evict_at.
        since = evict_at if s.now + SECOND >= evict_at else 0
        return [f"evict from kubernetes=1 short-since={since} short={since and s.now + SECOND} ended=0 busy=0 off=0 poor=0 resource=cpu", *more]

    while s.now < evict_at:
        s.step(**short, extra=look())
    if not asks:
        s.pending.append(f"k {be} cpu.max=max/100000")
    while s.now < evict_at + 3 * SECOND:
        s.step(**short, extra=look())
    asked = s.now
    going = [f"evict time {asked}", f"evict pending 3 {hog} {asked + 15 * SECOND} 0 0"]
    for _ in range(2):
        s.step(**short, extra=look(*going))
    if asks:
        s.remove("batch/hog")
        rest = {"use": {"shop/web": 3.2, "batch/idle": 0.01}, "modes": "full"}
        for _ in range(10):
            s.step(**rest, extra=look(*going))
        for _ in range(6):
            s.step(use={"shop/web": 3.8, "batch/idle": 0.01}, wait={"shop/web": 0.3}, modes="full", extra=look(f"evict time {asked}"))
    return s


NUMA_POLICY = """version: 1
mode: full
facts: {from: "file:///pods.json"}
levels:
  P4: {role: online, memory: {low: none}}
  P7: {role: offline, memory: {high: none}}
assign:
  - {match: {namespace: batch}, level: P7}
  - {match: {qos: Burstable}, level: P4}
  - {match: {qos: BestEffort}, level: P7}
pressure:
  - {when: memory.some of online > 10% over 1s, do: [squeeze memory, reclaim]}
  - {when: memory.empty of node in 3s, do: [kill]}
evict: {by: [kill], order: [usage]}
"""

MIB = 1 << 20


class NumaSeries(Series):
    """Two memory nodes of 4 GiB. `has`: what each pod has on each node, in MiB; `free`: what each node has."""

    def __init__(self, comment):
        super().__init__(comment, NUMA_POLICY)
        self.has, self.free, self.said_numbers = {}, [900, 3000], {}

    def numbers(self, key, values):
        """As differences to what was said of it before."""
        before = self.said_numbers.get(key, [0] * len(values))
        self.said_numbers[key] = values
        return re.sub(r"( 0)+$", "", " " + " ".join(str(n - b) for n, b in zip(values, before)))

    def pod(self, name, qos, mib):
        self.add(name, qos)
        self.pending.append(f"k {self.pods[name].cgroup} memory.high=max memory.max=max memory.min=0 memory.low=0")
        self.has[name] = mib

    def grow(self, name, node, mib):
        self.has[name][node] += mib
        self.free[node] -= mib

    def step(self, there=False, extra=(), span=SECOND, **_):
        self.now += span
        self.lines.append(f"t {self.now}")
        self.say("modes", "modes all=full cpu=full memory=full io=full")
        self.say("node", "node cpus=4 cores=4 numa=2 smt=0 memory=8589934592 swap=0 page=4096 kernel=6.12.0 "
                 f"zones-high={80 * MIB} memory-nodes=0:{4096 * MIB}:{40 * MIB},1:{4096 * MIB}:{40 * MIB}")
        self.say("can", "can psi,cpu,memory,memory-reclaim off=-")
        self.say("tree", f"tree driver=systemd slots={1 + max(p.slot for p in self.pods.values())}")
        self.lines += self.pending
        self.pending = []
        self.say("order", "order " + ",".join(map(str, self.order)))
        for pod in self.pods.values():
            self.describe(pod)
        self.say("pods", "pods " + ",".join(str(p.slot) for p in self.pods.values()))
        for pod in self.pods.values():
            self.lines.append(f"s {pod.slot} 0 f" + self.numbers(pod.name, [0, 0, sum(self.has[pod.name]) * MIB]))
        for pod in self.pods.values():
            if there and pod.name.startswith("batch/"):
                now = self.has[pod.name][0] * MIB
                before = self.said_numbers.get((pod.name, "there"))
                self.said_numbers[pod.name, "there"] = now
                self.lines.append(f"there {pod.slot} 1 0 {now}" + (f" {span} {before}" if before is not None else ""))
        free = [f * MIB for f in self.free]
        self.lines.append("n 0 3" + self.numbers("node", [0, sum(free)] + [0] * 6 + [sum(free), 0, 3, free[0], 0, 0, free[1]]))
        self.lines += list(extra) + ["end"]


def numa():
    s = NumaSeries("A container of web may have memory of node 0 alone. hog grows there, afar as fast on node 1, away rests there with\n"
                   "more than both. The machine has gigabytes; node 0 runs out: hog is held, reclaimed from and killed, and nobody else.\n"
                   "Then web may have memory of both nodes: what node 0 has matters no more.")
    s.pod("shop/web", "Burstable", [200, 0])
    s.pod("batch/hog", "BestEffort", [300, 20])
    s.pod("batch/afar", "BestEffort", [0, 100])
    s.pod("batch/away", "BestEffort", [5, 1500])
    web = s.pods["shop/web"]
    container = f"{BU}/pod-web.slice/cri-containerd-{'0' * 63}1.scope"
    s.cgroup(container, "container", None, web.slot, 1)
    s.step()
    s.step()
    for fall, seconds in ((40, 8), (70, 4)):
        for _ in range(seconds):
            s.grow("batch/hog", 0, fall)
            s.grow("batch/afar", 1, fall)
            s.step(there=True)
    victims = []
    for name in ("hog", "afar", "away"):
        pod, (there, elsewhere) = s.pods[f"batch/{name}"], s.has[f"batch/{name}"]
        more = 100 if name == "hog" else 0
        victims.append(f"kill memory {pod.slot} {pod.serial} 0 {(there + more) * MIB} 0 {(there + more) * MIB} {elsewhere * MIB}")
    s.grow("batch/hog", 0, 100)
    s.step(there=True, extra=[f"kill from since={s.now - SECOND} look={s.now} looks=2 ended=0 serial=0 freed=0 at=0 expected=0"] + victims)
    s.free[0] += s.has["batch/hog"][0]
    s.remove("batch/hog")
    s.steps(7, there=True)
    s.lines.append("# web may have memory of both nodes")
    ident = s.order[-1]
    s.pending.append(f"cg {ident} inode=999 kind=container populated=1 controllers=7 subtree=7 mems=3 pod={web.slot} path={container}")
    for _ in range(20):
        s.free[0] -= 60
        s.step()
    return s


IO_POLICY = """version: 1
mode: squeeze
facts: {from: "file:///pods.json"}
levels:
  P4: {role: online}
  P7: {role: offline, io: {squeeze: {floor: 10%}}}
assign:
  - {match: {namespace: batch}, level: P7}
  - {match: {qos: Burstable}, level: P4}
  - {match: {qos: BestEffort}, level: P7}
pressure:
  - {when: io.some of online > 10% over 2s, do: [squeeze io]}
"""


class IoSeries(Series):
    """Two disks of 100 MiB/s, 8:0 and 8:16. `does`: what each pod reads and writes where, in MiB/s and requests of 1 MiB."""

    def __init__(self, comment, policy=IO_POLICY):
        super().__init__(comment, policy)
        self.does, self.used = {}, {}

    def step(self, wait=0, modes="squeeze", looked=True, busy=(), extra=(), **_):
        """`wait`: of web, in permille. `looked`: what pods do is read. `busy`: these disks are, whatever they do."""
        self.now += SECOND
        self.lines.append(f"t {self.now}")
        self.say("modes", "modes " + " ".join(f"{r}={modes}" for r in ("all", "cpu", "memory", "io")))
        self.say("node", "node cpus=4 cores=4 numa=1 smt=0 memory=8589934592 swap=0 page=4096 kernel=6.12.0")
        self.say("can", "can psi,cpu,io,io-max off=-")
        self.say("tree", f"tree driver=systemd slots={max(p.slot for p in self.pods.values()) + 1}")
        self.say("disks", "disks 8:0:sda 8:16:sdb")
        self.lines += self.pending
        self.pending = []
        self.say("order", "order " + ",".join(map(str, self.order)))
        for pod in self.pods.values():
            self.describe(pod)
        self.say("pods", "pods " + ",".join(str(p.slot) for p in self.pods.values()))
        sums = {0: [0, 0], 16: [0, 0]}
        for pod in self.pods.values():
            self.lines.append(f"s {pod.slot} 0 14 0 0 0 0 {wait * 1000 if pod.name == 'shop/web' else 0}")
            minor, reads, writes = self.does[pod.name]
            if reads + writes:
                self.used[pod.name] = self.now
            sums[minor] = [sums[minor][0] + reads, sums[minor][1] + writes]
            if looked:
                self.lines.append(f"io {pod.slot} 0 8:{minor}:{reads * MIB},{writes * MIB},{reads},{writes}:{self.now - self.used.get(pod.name, 0)}")
        for minor, (reads, writes) in sums.items():
            if looked:
                self.say(("disk", minor), f"disk 8:{minor} span=1000000 busy={1000 if reads + writes > 80 or minor in busy else 300} "
                         f"now={reads * MIB},{writes * MIB},{reads},{writes} can={100 * MIB},{100 * MIB},0,0")
        self.lines.append("n 0 1 100000")
        self.lines += list(extra) + ["end"]


def io_hold():
    s = IoSeries("web waits for disk 8:0, of which hog reads and writes most; tame does the same on 8:16. Nothing is held before it is known what\n"
                 "they do there. Then what hog may read there is cut (its line of io.max is read first), to its floor, and then what it may write,\n"
                 "not below 16 MiB/s. web waits no more, and both grow; hog does not use it, and the hold is gone.")
    s.add("shop/web", "Burstable", 1000)
    s.add("batch/hog", "BestEffort")
    s.add("batch/tame", "BestEffort")
    be = s.paths[BE]
    none = "8.0/rbps=max/wbps=max/riops=max/wiops=max"
    s.does = {"shop/web": (0, 5, 0), "batch/hog": (0, 60, 60), "batch/tame": (16, 90, 0)}
    s.step(looked=False)
    s.steps(2, wait=400, looked=False)
    s.steps(1, wait=400)
    s.pending.append(f"k {be} io.max={none}")
    s.steps(1, wait=400)
    reads, writes = 60, 60

    def held(now_reads, now_writes):
        said = (f"/rbps={now_reads * MIB}" if now_reads else "") + (f"/wbps={now_writes * MIB}" if now_writes else "")
        now = f"8.0/rbps={now_reads * MIB if now_reads else 'max'}/wbps={now_writes * MIB if now_writes else 'max'}/riops=max/wiops=max"
        s.pending.append(f"k {be} io.max={now}:hold:{none}:8.0{said}")
        s.does["batch/hog"] = (0, now_reads or reads, now_writes or writes)

    held(15, 0)
    s.steps(2, wait=400)
    held(10, 0)
    s.steps(2, wait=300)
    held(10, 16)
    s.steps(2, wait=150)
    s.steps(4)
    s.does["shop/web"] = (0, 0, 0)
    s.steps(14)
    s.pending.append(f"k {be} io.max={none}")
    s.does["batch/hog"] = (0, reads, writes)
    s.steps(4)
    return s


def evict_io(asks):
    s = IoSeries("A squeeze of what hog reads on 8:0 down to its floor is no help to web, which lacks what hog still has. "
                 + ("After 20 s of that, and 3 s\nof looking, hog is asked to go, not tame, which does more on 8:16; and while it goes nobody else. Then web waits no more."
                    if asks else "The policy has no step evict:\nnobody goes, in the very passes in which somebody would."),
                 IO_POLICY.replace("mode: squeeze", "mode: full").replace("[squeeze io]}", "[squeeze io, evict]}" if asks else "[squeeze io]}")
                 + "evict: {by: [kubernetes], grace: 5s, cooldown: 1s, per-hour: 6}\n")
    s.add("shop/web", "Burstable", 1000)
    s.add("batch/hog", "BestEffort")
    s.add("batch/tame", "BestEffort")
    hog, be = s.pods["batch/hog"].serial, s.paths[BE]
    none = "8.0/rbps=max/wbps=max/riops=max/wiops=max"
    s.pending.append(f"k {be} io.max={none}")
    s.does = {"shop/web": (0, 5, 0), "batch/hog": (0, 90, 0), "batch/tame": (16, 90, 0)}
    s.steps(2, wait=400, modes="full", busy=(0,))
    s.steps(1, wait=400, modes="full", busy=(0,))

    def held(reads):
        s.pending.append(f"k {be} io.max=8.0/rbps={reads * MIB}/wbps=max/riops=max/wiops=max:hold:{none}:8.0/rbps={reads * MIB}")
        s.does["batch/hog"] = (0, reads, 0)

    held(22)
    s.steps(2, wait=400, modes="full", busy=(0,))
    held(10)
    evict_at = 1022 * SECOND

    def look(*more):
        # As an agent that looks finds it, which took the rung evict at evict_at.
        since = evict_at if s.now + SECOND >= evict_at else 0
        return [f"evict from kubernetes=1 short-since={since} short={since and s.now + SECOND} ended=0 busy=0 off=0 poor=0 resource=io", *more]

    while s.now < evict_at:
        s.step(wait=400, modes="full", busy=(0,), extra=look())
    if not asks:
        s.pending.append(f"k {be} io.max={none}")
        s.does["batch/hog"] = (0, 90, 0)
    while s.now < evict_at + 3 * SECOND:
        s.step(wait=400, modes="full", busy=(0,), extra=look())
    asked = s.now
    going = [f"evict time {asked}", f"evict pending 3 {hog} {asked + 15 * SECOND} 0 0"]
    for _ in range(2):
        s.step(wait=400, modes="full", busy=(0,), extra=look(*going))
    if asks:
        s.remove("batch/hog")
        for _ in range(8):
            s.step(modes="full", extra=look(*going))
    return s


NET_POLICY = """version: 1
mode: squeeze
facts: {from: "file:///pods.json"}
net: {uplinks: routes, headroom: 5%}
levels:
  P4: {role: online, net: {share: 4}}
  P7: {role: offline, net: {share: 1, ceiling: 60%}}
assign:
  - {match: {namespace: batch}, level: P7}
  - {match: {qos: Burstable}, level: P4}
  - {match: {qos: BestEffort}, level: P7}
"""

MBIT = 125_000


class NetSeries(Series):
    """A node with uplinks `links`: by ifindex their name and speed in Mbit/s, 0 where they tell none."""

    def __init__(self, comment, links):
        super().__init__(comment, NET_POLICY)
        self.links, self.ends = links, {}

    def step(self, sends=(), modes="squeeze", **what):
        """`sends`: Mbit/s of what has no mark, of P4 and of P7 on the first link, since the pass before; none: not counted."""
        lines = ["net view asked=1 known=1 users=0"]
        for ifindex, (name, mbit) in self.links.items():
            lines.append(f"net link {ifindex} speed={mbit * MBIT} mtu=1500 refusal={'fine' if mbit else 'no-speed'} name={name}")
        extra = []
        if self.said.get("net") != lines:
            self.said["net"] = lines
            extra += lines
        if sends:
            grown = [f" {key}={mbit * MBIT},{mbit * MBIT // 1000}" for key, mbit in zip(("unmarked", "P4", "P7"), sends) if mbit]
            extra.append(f"net sent 0 span={SECOND}" + "".join(grown))
        for pod in self.pods.values():
            text = f"net pod {pod.slot} {pod.serial} refusal={self.ends.get(pod.name, 'fine')} marked=1 ends={10 + pod.slot}"
            if self.said.get(("ends", pod.slot)) != text:
                self.said["ends", pod.slot] = text
                extra.append(text)
        super().step(modes=modes, extra=extra, **what)


def net():
    s = NetSeries("A link of 10 Gbit/s. Calm: hog may use it all. web begins to send 6 Gbit/s: the ceiling is there in the same pass, and lower when it\n"
                  "sends 9. It sends 3: from a second on the ceiling rises by a tenth of the link in a second. For a pass the counters were made anew:\n"
                  "nothing moves. web is silent for 2 s: no ceiling. It sends again, and mode protect ends the hold that came of it.", {2: ("eth0", 10000)})
    s.add("shop/web", "Burstable", 1000)
    s.add("batch/hog", "BestEffort")
    s.step()
    s.steps(2, sends=(1, 20, 5000))
    s.steps(2, sends=(1, 6000, 3000))
    s.steps(2, sends=(1, 9000, 900))
    s.steps(4, sends=(1, 3000, 1000))
    s.lines.append("# the qdisc was made anew")
    s.step(sends=(-1, -3000, -1000))
    s.steps(2, sends=(1, 3000, 3000))
    s.steps(4, sends=(1, 0, 6000))
    s.steps(1, sends=(1, 6000, 3000))
    s.steps(2, sends=(1, 6000, 3000), modes="protect")
    return s


def net_no_speed():
    s = NetSeries("Nobody says how fast eth0 is: no class and no mark, and the reason is said. Then the link tells, and it is shaped; a pod in the\n"
                  "host's network is not marked.", {2: ("eth0", 0)})
    s.add("shop/web", "Burstable", 1000)
    s.add("batch/hog", "BestEffort")
    s.ends["batch/hog"] = "host-network"
    s.steps(3)
    s.links[2] = ("eth0", 1000)
    s.steps(2)
    return s


CASES = {"net": net, "net-no-speed": net_no_speed, "io-hold": io_hold, "evict-io": lambda: evict_io(True), "evict-io-unasked": lambda: evict_io(False), "numa": numa, "evict-cpu": lambda: evict_cpu(True), "evict-cpu-unasked": lambda: evict_cpu(False), "floor": floor, "late-facts": late_facts, "silent-kubelet": silent_kubelet, "pod-churn": pod_churn, "kill-switch": kill_switch, "threshold": threshold, "sli": sli, "calibrate": calibrate,
         "dwell": dwell, "suspend": suspend, "clock-step": clock_step}


def shifted(text, gap_us):
    """A recorded episode in which the machine sleeps in the middle of a hold: from the first pass after the hold
    began, the clock is gap_us further. What was recorded of its steps does not hold any more and is left out."""
    out, held, gap, passes = [], False, 0, 0
    for line in text.split("\n"):
        if line.startswith("> "):
            held = held or " rung=squeeze " in line
            continue
        if line == "steps yes":
            line = "steps no"
        if line.startswith("t "):
            passes += held
            gap = gap_us if passes > 3 else 0
            line = f"t {int(line[2:]) + gap}"
        out.append(line)
        if line == "names plain":
            out.insert(1, f"# Made from tests/replay/squeeze by make.py: {gap_us // SECOND} s pass in the middle of the hold.")
    return "\n".join(out)


def main():
    made = {name: make().text() for name, make in CASES.items()}
    recorded = HERE / "squeeze" / "series.record"
    if recorded.exists():
        made["squeeze-suspend"] = shifted(recorded.read_text(), 3600 * SECOND)
    wrong = 0
    for name, text in made.items():
        path = HERE / name / "series.record"
        if sys.argv[1:] != ["--check"]:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            wrong += 1
            print(f"{name}/series.record is not what tests/replay/make.py makes")
    return wrong > 0


if __name__ == "__main__":
    sys.exit(main())
