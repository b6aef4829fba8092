# SPDX-License-Identifier: LGPL-2.1-or-later
"""Plants every kind of fault that the harness must catch, and sees each caught and nothing else.

The planted tests are in tests/vm/selftest. `# expect:` lists patterns separated by ' ;; ': each
must match a fault of that test and each fault must match one of them; without it the test must pass.
"""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

import boot
import console
import image
import machine
import profiles
import tap
from image import say

HERE = pathlib.Path(__file__).resolve().parent
PLANTED = HERE / "selftest"
SKIPS = [tap.Skip("11-skip-listed", "*", "known gap", "planted")]

ASAN_C = "#include <stdlib.h>\nint main(void) { char *p = malloc(4); free(p); return p[0]; }\n"
UBSAN_C = "int main(int argc, char **argv) { int x = 0x7fffffff; (void)argv; return (x + argc) == 0; }\n"


class Checks:
    """Counts what was checked; prints only what failed."""

    def __init__(self):
        self.passed = self.failed = 0

    def check(self, good, text):
        if good:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED selftest: {text}")


def _compile(directory):
    for name, source, flags in (("planted-asan", ASAN_C, ["-fsanitize=address", "-static-libasan"]),
                                ("planted-ubsan", UBSAN_C, ["-fsanitize=undefined", "-static-libubsan"])):
        done = subprocess.run(["gcc", "-w", "-g", *flags, "-x", "c", "-", "-o", str(directory / name)],
                              input=source, text=True, capture_output=True, check=False)
        if done.returncode != 0:
            raise image.ImageError(f"gcc could not build {name}: {done.stderr}")


def _judge_test(test, result, checks):
    said = result.faults + [f"not ok: {n}" for n in result.failed]
    wanted = [p for p in test.expect.split(" ;; ") if p]
    for pattern in wanted:
        checks.check(any(re.search(pattern, s) for s in said),
                     f"{test.name}: nothing matched {pattern!r}; faults: {said}")
    for text in said:
        checks.check(any(re.search(p, text) for p in wanted), f"{test.name}: unexpected: {text}")
    if not wanted:
        checks.check(result.good() and result.passed > 0, f"{test.name}: should pass; faults: {said}")


def _boot(kernel, directory, out, build, checks, session_faults):
    tests = profiles.load_tests(directory)
    profile = profiles.PROFILES["default"]
    label = f"selftest-{directory.name}-{kernel}"
    session = boot.run(boot.Boot(kernel, profile, tests, out / label, build,
                               settings={"LONG": "1"}), SKIPS)
    for test in tests:
        _judge_test(test, session.results[test.name], checks)
    for pattern in session_faults:
        checks.check(any(re.search(pattern, f) for f in session.faults),
                     f"{label}: no fault of the boot matched {pattern!r}: {session.faults}")
    for text in session.faults:
        checks.check(any(re.search(p, text) for p in session_faults), f"{label}: unexpected: {text}")
    return session, out / label


def _check_main_boot(session, where, checks):
    skipped = session.results["11-skip-listed"].skipped
    checks.check(skipped == [("known gap", "planted")], f"the listed skip came as {skipped}")
    kept = where / "results" / "01-clean" / "kept"
    cut = session.results["28-power-cut"]
    checks.check(cut.plan == 3 and cut.passed == 3, f"the results on both sides of a power cut: {cut.passed}")
    checks.check(kept.exists() and kept.read_text() == "kept\n", "a file in $RESULTS did not arrive")
    for name in ("journal", "cgroups", "dmesg"):
        checks.check((where / "results" / "07-not-ok" / name).exists(), f"no {name} of a failed test kept")
        checks.check(not (where / "results" / "01-clean" / name).exists(), f"{name} of a good test kept")


def _check_allow_list(checks):
    with tempfile.TemporaryDirectory(prefix="colod-selftest-") as tmp:
        log, allow = pathlib.Path(tmp) / "console", pathlib.Path(tmp) / "allow"
        log.write_text("[1.0] WARNING: CPU: 0 at known\n[2.0] WARNING: CPU: 0 at other\n[3.0] fine\n")
        allow.write_text("# comment\nat known$  # a reason\n")
        found = [line for _, line in console.scan(log, console.load_allowed(allow))]
        checks.check(found == ["[2.0] WARNING: CPU: 0 at other"], f"the allow list let through {found}")
        allow.write_text("at known$\n")
        try:
            console.load_allowed(allow)
            checks.check(False, "an allow-list entry without a reason was accepted")
        except ValueError:
            checks.check(True, "")


def _check_headers(checks):
    """A long run has the tests with a long budget, and only them."""
    with tempfile.TemporaryDirectory(prefix="colod-selftest-") as tmp:
        directory = pathlib.Path(tmp)
        head = "# budget: 40s\n# profile: default\n# title: planted\n"
        (directory / "01-short.sh").write_text(head)
        (directory / "02-long.sh").write_text(head + "# long-budget: 600s\n")
        tests = profiles.load_tests(directory)
        checks.check([t.budget_s for t in tests] == [40, 40], f"budgets of a short run: {tests}")
        found = [(t.name, t.budget_s) for t in profiles.long(tests)]
        checks.check(found == [("02-long", 600)], f"a long run would be {found}")
        (directory / "02-long.sh").write_text(head + "# long-budget: 10m\n")
        try:
            profiles.load_tests(directory)
            checks.check(False, "a long budget of 10m was accepted")
        except image.ImageError:
            checks.check(True, "")


def _check_boots(checks):
    """A guest that boots again where no test said so is a fault."""
    test = profiles.Test("01-a", None, 10, ("default",), False, "planted", reboots=1)
    session = tap.Session([test], "6.12", [], lambda s: s)
    for line, faults in (("@boot a 1", 0), ("@start 01-a 10", 0), ("@boot a 1", 0), ("@boot a 1", 1),
                         ("|1..1", 1), ("|ok 1", 1), ("@end 01-a 0 1", 1), ("@boot a 1", 2)):
        session.feed(line, 0)
        checks.check(len(session.faults) == faults, f"boots: after {line}: {session.faults}")
    checks.check(session.broken == "the guest booted again, between tests", f"boots: {session.broken}")
    checks.check(session.results["01-a"].passed == 1, "boots: the result did not count")


def _check_no_orphan(kernel, out, checks):
    """A runner that is SIGKILLed takes its QEMU with it."""
    one = boot.Boot(kernel, profiles.PROFILES["default"], [], out / f"selftest-orphan-{kernel}")
    argv = boot.prepare(one)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        with machine.Machine(argv, one.out) as vm:
            os.write(write, b"%d\n" % vm.process.pid)
            time.sleep(60)
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        qemu = int(pipe.readline())
    was_there = os.path.exists(f"/proc/{qemu}")
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    deadline = time.monotonic() + 60
    while os.path.exists(f"/proc/{qemu}") and time.monotonic() < deadline:
        time.sleep(0.1)
    checks.check(was_there and not os.path.exists(f"/proc/{qemu}"), "QEMU outlived its runner")
    shutil.rmtree(one.out)


def run(kernel, out):
    checks = Checks()
    build = pathlib.Path(tempfile.mkdtemp(prefix="colod-selftest-"))
    try:
        _check_allow_list(checks)
        _check_headers(checks)
        _check_boots(checks)
        _compile(build)
        _check_no_orphan(kernel, out, checks)
        say("selftest 1 of 3: every fault that a boot survives (about 2 minutes)")
        session, where = _boot(kernel, PLANTED, out, build, checks, [])
        _check_main_boot(session, where, checks)
        say("selftest 2 of 3: a kernel crash")
        _boot(kernel, PLANTED / "panic", out, build, checks, [r"^the run ended early, during 02-panic: QEMU ended"])
        say("selftest 3 of 3: a guest that hangs; the host must give up on it (about 90 s)")
        _boot(kernel, PLANTED / "hang", out, build, checks,
              [r"^the run ended early, during 01-hang: no progress within the time allowed"])
    finally:
        shutil.rmtree(build, ignore_errors=True)
    print(f"{checks.passed} passed, {checks.failed} failed, 0 skipped", flush=True)
    return 0 if checks.failed == 0 else 1
