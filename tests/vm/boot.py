# SPDX-License-Identifier: LGPL-2.1-or-later
"""One boot: start a machine, follow what its runner sends, end it, collect what it leaves.

There is no retry. A test that is late by the host's clock ends the boot, because a guest that hangs
cannot be trusted to say so.
"""

import dataclasses
import pathlib
import shutil
import subprocess
import tarfile
import time

import bundle
import console
import image
import machine
import tap
from image import say

HERE = pathlib.Path(__file__).resolve().parent
BOOT_S = 240


@dataclasses.dataclass
class Boot:
    """What is booted: kernel tag, profile, tests and where they come from."""
    kernel: str
    profile: object
    tests: list
    out: pathlib.Path
    build: pathlib.Path = None
    dest: pathlib.Path = None
    append: str = ""
    settings: dict = dataclasses.field(default_factory=dict)
    patience: int = 1  # how much longer than a test it may take by this machine's clock

    def slow(self):
        return (4 if self.profile.icount else 1) * self.patience

    def slack(self, budget_s):
        """How long the host waits for a test of this budget; the guest's own limit comes first."""
        return (budget_s * 1.5 + 30) * self.slow()


def prepare(boot, mode="test", use_kvm=True):
    """Makes OUT afresh with the bundle in it; returns QEMU's command line."""
    machine.qemu_version()
    entry = image.ensure(image.root_of_kernel(boot.kernel))
    shutil.rmtree(boot.out, ignore_errors=True)
    boot.out.mkdir(parents=True)
    packed = boot.out / "bundle.tar"
    settings = {"VM_KERNEL": boot.kernel, "VM_PROFILE": boot.profile.name, "VM_MODE": mode,
                **boot.settings}
    bundle.make(packed, boot.tests, HERE / "guest", settings, boot.build, boot.dest)
    kernel_dir = entry / boot.kernel
    kvm = use_kvm and not boot.profile.icount and machine.kvm_works(kernel_dir)
    return machine.command(boot.profile, kernel_dir, entry / "root.ext4", packed, boot.out,
                           shell=mode == "shell", kvm=kvm, append=boot.append,
                           reboots=mode == "test" and any(t.reboots for t in boot.tests))


class _Lines:
    """Complete lines appended to a file since the last call."""

    def __init__(self, path):
        self._path, self._offset, self._rest = path, 0, b""

    def new(self):
        if not self._path.exists():
            return []
        with open(self._path, "rb") as f:
            f.seek(self._offset)
            data = f.read()
        self._offset += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [line.decode(errors="replace") for line in lines]


def _follow(vm, boot, session, report, on_line):
    """Feeds the session until the machine ends or is late; returns how it ended."""
    lines = _Lines(boot.out / "tap.log")
    session.deadline = time.monotonic() + BOOT_S * boot.slow()
    while True:
        ended = vm.ended()
        now = time.monotonic()
        for line in lines.new():
            on_line(line)
            finished = session.feed(line, now)
            if finished:
                report(finished)
                session.deadline = now + 60 * boot.slow()
        if session.done and session.deadline > now + 20:
            session.deadline = now + 20
        if session.broken:
            return session.broken
        if ended:
            return "QEMU ended"
        if now > session.deadline:
            return "no progress within the time allowed; the machine was ended"
        time.sleep(0.1)


def _unpack(out):
    """The guest's results; a broken archive is a fault."""
    packed = out / "results.tar.gz"
    if not packed.exists() or packed.stat().st_size == 0:
        return "the guest sent no results archive"
    target = out / "results"
    target.mkdir()
    try:
        with tarfile.open(packed) as tar:
            for member in tar.getmembers():
                inside = (target / member.name).resolve().is_relative_to(target)
                if inside and (member.isfile() or member.isdir()):
                    tar.extract(member, target, set_attrs=False)
    except (tarfile.TarError, EOFError, OSError) as error:
        return f"the results archive is broken: {error}"
    packed.unlink()
    return None


def _judge(boot, session, how):
    """Adds what the console and the way it ended say to the results."""
    session.close(how)
    broken = _unpack(boot.out)
    if broken and session.done:
        session.faults.append(broken)
    allowed = console.load_allowed(HERE / "kernel-allow")
    for name, line in console.scan(boot.out / "console.log", allowed):
        if name in session.results:
            session.results[name].fault(f"kernel: {line}")
        else:
            session.faults.append(f"kernel: {line}")


def _report_progress(result):
    state = "ok" if result.good() else "FAILED"
    say(f"  {result.name}: {state}, {result.passed} passed, {len(result.failed)} failed, "
        f"{len(result.skipped)} skipped, {result.seconds:.1f} s of guest time")


def run(boot, skips, on_line=lambda line: None):
    """Boots and judges; returns the Session. ON_LINE sees every line of the runner as it comes."""
    session = tap.Session(boot.tests, boot.kernel, skips, boot.slack)
    budget = sum(t.budget_s for t in boot.tests)
    argv = prepare(boot)
    say(f"booting kernel {boot.kernel}, profile {boot.profile.name}: {len(boot.tests)} tests, "
        f"at most {budget} s of their own")
    started = time.monotonic()
    with machine.Machine(argv, boot.out) as vm:
        how = _follow(vm, boot, session, _report_progress, on_line)
        if how == "QEMU ended" and not session.done:
            how += f" with {vm.process.returncode}"
    _judge(boot, session, how)
    (boot.out / "bundle.tar").unlink()
    release, _, up = (session.boot or "? ?").partition(" ")
    say(f"  {release}: boot {up} s of guest time, all of it {time.monotonic() - started:.0f} s; "
        f"console, TAP and results in {boot.out}")
    return session


def shell(boot):
    argv = prepare(boot, mode="shell")
    say("booting to a prompt (15-30 s); Ctrl-A X ends QEMU")
    saved = subprocess.run(["stty", "-g"], capture_output=True, text=True, check=False).stdout.strip()
    try:
        with machine.Machine(argv, boot.out, interactive=True) as vm:
            return vm.process.wait()
    finally:
        if saved:
            subprocess.run(["stty", saved], check=False)
