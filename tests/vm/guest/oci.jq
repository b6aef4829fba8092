# SPDX-License-Identifier: LGPL-2.1-or-later
# An OCI runtime configuration for one container of a pod: its command comes as raw input, each word
# ended by 0x1e, because jq 1.6 stops at NUL; the rest from the pod's meta.json.
def shares: ([. * 1024 / 1000 | floor, 2] | max);
(split("\u001e")[:-1]) as $args
| $meta[0]
| {
  ociVersion: "1.0.2",
  process: {
    terminal: false, cwd: "/", args: $args, oomScoreAdj: $adj,
    user: {uid: 0, gid: 0}, noNewPrivileges: true,
    env: ["PATH=/opt/colod/build:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
          "HOME=/tmp", "POD=" + $name],
    capabilities: (["CAP_KILL", "CAP_NET_BIND_SERVICE", "CAP_SETUID", "CAP_SETGID", "CAP_CHOWN",
                    "CAP_DAC_OVERRIDE", "CAP_FOWNER"] | {bounding: ., effective: ., permitted: .})
  },
  root: {path: $rootfs, readonly: true},
  hostname: $name,
  mounts: [
    {destination: "/proc", type: "proc", source: "proc"},
    {destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "strictatime", "mode=755", "size=65536k"]},
    {destination: "/dev/shm", type: "tmpfs", source: "shm", options: ["nosuid", "noexec", "nodev", "mode=1777"]},
    {destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"]},
    {destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["nosuid", "noexec", "nodev", "ro"]},
    {destination: "/tmp", type: "tmpfs", source: "tmpfs", options: ["nosuid", "nodev"]},
    {destination: "/run", type: "tmpfs", source: "tmpfs", options: ["nosuid", "nodev"]},
    {destination: "/share", type: "bind", source: $share, options: ["rbind", "rw"]}
  ],
  linux: {
    cgroupsPath: $cgroups,
    namespaces: [{type: "pid"}, {type: "mount"}, {type: "ipc"}, {type: "uts"}, {type: "cgroup"}],
    resources: {
      cpu: ({shares: (.cpu | shares)}
            + (if .cpu_limit > 0 then {quota: (.cpu_limit * 100), period: 100000} else {} end)
            + if .mems != "" then {mems: .mems} else {} end),
      memory: (if .mem_limit > 0 then {limit: .mem_limit} else {} end),
      unified: {"memory.oom.group": "1"}
    }
  }
}
