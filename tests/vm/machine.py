# SPDX-License-Identifier: LGPL-2.1-or-later
"""One QEMU process: its command line, its start, and its certain end.

KVM is used only after a probe boot that worked: a /dev/kvm that exists and cannot run a guest has
been seen. QEMU dies with this process (PDEATHSIG) and only the started pid is ever killed.
"""

import ctypes
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

from image import ImageError, cache_dir, say
from initramfs import PROBE_OK

QEMU = "qemu-system-x86_64"
QEMU_MIN = 10
PR_SET_PDEATHSIG = 1


def qemu_version():
    if not shutil.which(QEMU):
        raise ImageError(f"{QEMU} is not installed; run: sudo tests/vm/host-packages.sh")
    words = subprocess.run([QEMU, "--version"], capture_output=True, text=True, check=True).stdout.split()
    version = words[words.index("version") + 1]
    if int(version.split(".")[0]) < QEMU_MIN:
        raise ImageError(f"QEMU {version} crashes these guests under emulation; needs {QEMU_MIN} or "
                         "newer; run: sudo tests/vm/host-packages.sh")
    return version


def _die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _turn_args(profile):
    """With icount the CPUs take turns, and a turn ends with QEMU's next timer. Without another one that is the
    guest's own tick, so a wake-up on another CPU was late by up to 4 ms. This buffer of a network that
    nobody uses is such a timer, which the guest does not see."""
    if not profile.turn_us:
        return []
    interval_us = profile.turn_us * profile.cpus
    return ["-netdev", "hubport,id=turn,hubid=0",
            "-object", f"filter-buffer,id=turns,netdev=turn,interval={interval_us}"]


def _accel_args(profile, kvm):
    if profile.icount:
        return ["-accel", "tcg,thread=single", "-icount", f"shift={profile.shift},sleep=off",
                *_turn_args(profile)]
    if kvm:
        return ["-accel", "kvm"]
    return ["-accel", "tcg,thread=multi"]


# For Intel's CPUs, which an emulated one only is by name, a kernel changes its page tables at each system call:
# that makes one twelve times as long.
NOPTI = "nopti"


# Without a PMU also where KVM would show the host's: tests say what colod does without one.
CPU = "max,pmu=off"


def _cpu_args(profile):
    if not profile.smt:
        # A memory node has a socket of its own: no kernel believes two in one.
        sockets = f",sockets={profile.numa}" if profile.numa else ""
        return ["-cpu", CPU, "-smp", f"{profile.cpus}{sockets}"]
    # An AMD vendor, which max has otherwise, shows a guest no siblings.
    return ["-cpu", f"{CPU},vendor=GenuineIntel",
            "-smp", f"{profile.cpus},cores={profile.cpus // 2},threads=2"]


def _numa_args(profile):
    args = []
    for node in range(profile.numa):
        first = node * profile.cpus // profile.numa
        last = (node + 1) * profile.cpus // profile.numa - 1
        args += ["-object", f"memory-backend-ram,id=node{node},size={profile.memory_mib // profile.numa}M",
                 "-numa", f"node,nodeid={node},memdev=node{node},cpus={first}-{last}"]
    return args


def _drive(name, path, *options):
    return ["-drive", ",".join([f"if=none,id={name},file={path},format=raw", *options]),
            "-device", f"virtio-blk-pci,drive={name},serial={name}"]


def _port(name, path):
    return ["-chardev", f"file,id={name},path={path}",
            "-device", f"virtserialport,chardev={name},name=colod.{name}"]


def command(profile, kernel_dir, root_image, bundle, out, shell=False, kvm=False, append="",
            reboots=False):
    """The command line. OUT receives console.log, tap.log and results.tar.gz. REBOOTS: a reset boots again,
    with the same disks, instead of ending the machine."""
    # lpj: on a busy host the newest kernel was seen to hang in calibrating its delay loop.
    cmdline = ("console=ttyS0 loglevel=6 psi=1 panic=-1 oops=panic lpj=4000000 systemd.show_status=no "
               f"systemd.log_target=journal rw {NOPTI if profile.smt else ''} {append}")
    argv = [QEMU, "-M", "q35", "-nodefaults", *([] if reboots else ["-no-reboot"]), "-nic", "none",
            "-display", "none", "-m", str(profile.memory_mib), *_accel_args(profile, kvm), *_cpu_args(profile),
            *_numa_args(profile),
            "-kernel", str(kernel_dir / "vmlinuz"), "-initrd", str(kernel_dir / "initramfs"),
            "-append", cmdline.strip()]
    argv += _drive("root", root_image, "snapshot=on")
    argv += _drive("bundle", bundle, "readonly=on")
    for name, size in (("swap", profile.swap_mib), ("disk", profile.disk_mib)):
        if size:
            path = out / f"{name}.img"
            with open(path, "wb") as f:
                f.truncate(size << 20)
            argv += _drive(name, path, "cache=unsafe")
    argv += ["-device", "virtio-serial-pci"]
    argv += _port("tap", out / "tap.log") + _port("results", out / "results.tar.gz")
    argv += ["-serial", "mon:stdio" if shell else f"file:{out / 'console.log'}"]
    return argv


class Machine:
    """A running QEMU. Use as a context manager: leaving it ends the process."""

    def __init__(self, argv, tmpdir, interactive=False):
        self._tmp = tempfile.mkdtemp(prefix=".qemu-", dir=tmpdir)
        pipes = None if interactive else subprocess.DEVNULL
        self._log = open(pathlib.Path(tmpdir) / "qemu.log", "wb")
        # The snapshot's temporary file goes where TMPDIR says.
        self.process = subprocess.Popen(
            argv, stdin=pipes, stdout=None if interactive else self._log,
            stderr=None if interactive else self._log, preexec_fn=_die_with_parent,
            env={**os.environ, "TMPDIR": self._tmp})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def ended(self):
        return self.process.poll() is not None

    def stop(self):
        if not self.ended():
            self.process.kill()
        self.process.wait()
        self._log.close()
        shutil.rmtree(self._tmp, ignore_errors=True)


def _probe_boot(kernel_dir):
    argv = [QEMU, "-M", "q35", "-nodefaults", "-no-reboot", "-nic", "none", "-display", "none",
            "-m", "256", "-accel", "kvm", "-cpu", "max", "-kernel", str(kernel_dir / "vmlinuz"),
            "-initrd", str(kernel_dir / "initramfs"), "-serial", "stdio",
            "-append", "console=ttyS0 panic=-1 colod.vm=probe"]
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=20,
                              preexec_fn=_die_with_parent, check=False)
    except subprocess.TimeoutExpired:
        return False
    return PROBE_OK.encode() in done.stdout


def kvm_works(kernel_dir):
    """Whether KVM ran a guest here; asked once per boot of the host and QEMU version."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    key = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip() + qemu_version()
    cached = cache_dir() / "kvm-probe.json"
    try:
        answer = json.loads(cached.read_text())
        if answer["key"] == key:
            return answer["works"]
    except (OSError, ValueError, KeyError):
        pass
    works = _probe_boot(kernel_dir)
    say("KVM probe boot " + ("worked: using KVM" if works else "failed: using software emulation"))
    temporary = cached.with_suffix(f".{os.getpid()}")
    temporary.write_text(json.dumps({"key": key, "works": works}) + "\n")
    temporary.rename(cached)
    return works
