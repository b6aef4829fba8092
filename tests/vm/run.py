#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Boots real kernels and runs the tests in tests/vm/tests inside them.

One test, on the default kernel, with the build in build/:

    sudo tests/vm/run.py test --only 02-pods --build build

    tests/vm/run.py image [--root trixie|bookworm]   build what is missing of the guest roots (root)
    tests/vm/run.py test  [--kernel 6.12] [--core] [--long] [--only GLOB] [--profile NAME] [--build DIR] [--out DIR]
    tests/vm/run.py shell [--kernel 6.12] [--profile NAME] [--build DIR]      a prompt in a guest
    tests/vm/run.py selftest [--kernel 6.12]         plants every kind of fault, sees each caught
    tests/vm/run.py list                             the tests with budget and profiles

Kernels: 6.1 (oldest), 6.12 (default), newest (Debian backports). VM_CACHE names the directory of the
guest roots (build/vm-cache), VM_MIRROR the Debian mirror (default: apt's own). What a boot leaves is in
OUT/KERNEL-PROFILE: console.log, tap.log, and results/TEST/ with the test's files ($RESULTS in the guest),
its stdout, stderr and, of a failure, journal, dmesg and cgroup tree. A test is a bash script with
header lines (see tests/01-harness.sh); guest/lib.sh has its TAP functions, guest/pods.sh its pods.
"""

import argparse
import os
import pathlib
import signal
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

# pylint: disable=wrong-import-position
import boot  # noqa: E402
import image  # noqa: E402
import profiles  # noqa: E402
import selftest  # noqa: E402
import tap  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
DEFAULT_KERNEL = "6.12"


def summary(sessions):
    """Prints faults, skips and the closing line; returns whether all was good."""
    passed = failed = skipped = 0
    for label, session in sessions:
        for text in session.faults:
            print(f"FAILED {label}: {text}")
            failed += 1
        for result in session.results.values():
            passed += result.passed
            failed += len(result.failed) + len(result.faults)
            skipped += len(result.skipped)
            for name in result.failed:
                print(f"FAILED {label} {result.name}: not ok: {name}")
            for text in result.faults:
                print(f"FAILED {label} {result.name}: {text}")
    for label, session in sessions:
        for result in session.results.values():
            for point, reason in result.skipped:
                print(f"skipped {label} {result.name} {point}: {reason}")
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return failed == 0 and passed > 0


def command_test(args):
    core = ()
    if args.core:
        # check-all, which sets LONG, has the time to see on the others what 6.12 has shown already.
        core = profiles.CORE[:3] if os.environ.get("LONG") else ("yes", "oldest") if args.kernel == "6.1" else ("yes",)
    tests = profiles.select(profiles.load_tests(args.tests), core, args.only)
    tests = profiles.long(tests) if args.long else profiles.short(tests)
    if not tests:
        raise image.ImageError("no test matches")
    skips = tap.load_skips(HERE / "skips")
    sessions = []
    boots = list(profiles.boots(tests, args.profile))
    # What looks at the guest alone has no boot of its own in the core.
    if args.core:
        boots = [(p, group) for p, group in boots if len(group) > 1 or group[0].name != "01-harness"] or boots
    for profile, group in boots:
        label = f"{args.kernel}-{profile.name}"
        one = boot.Boot(args.kernel, profile, group, args.out / label, args.build, args.dest, args.append,
                        settings={"LONG": "1" if args.long else ""})
        sessions.append((label, boot.run(one, skips)))
    if not sessions:
        raise image.ImageError("no test runs in that profile")
    return 0 if summary(sessions) else 1


def command_shell(args):
    profile = profiles.PROFILES[args.profile[0] if args.profile else "default"]
    one = boot.Boot(args.kernel, profile, profiles.load_tests(args.tests),
                    args.out / f"shell-{args.kernel}", args.build, args.dest, args.append)
    return boot.shell(one)


def command_image(args):
    for root in args.root or image.ROOTS:
        print(image.ensure(root, args.refresh))
    return 0


def command_list(args):
    for test in profiles.load_tests(args.tests):
        print(f"{test.name:28} {test.budget_s:4} s  {test.core:6}  {' '.join(test.profiles):16} {test.title}")
    return 0


def command_selftest(args):
    return selftest.run(args.kernel, args.out)


def _directory(text):
    path = pathlib.Path(text).resolve()
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is not a directory")
    return path


def parser():
    top = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = top.add_subparsers(dest="command", required=True)
    image_args = commands.add_parser("image")
    image_args.add_argument("--root", action="append", choices=list(image.ROOTS))
    image_args.add_argument("--refresh", action="store_true", help="build again what is cached")
    for name in ("test", "shell", "selftest", "list"):
        sub = commands.add_parser(name)
        sub.add_argument("--tests", type=_directory, default=profiles.TESTS, help="directory of tests")
        sub.add_argument("--out", type=lambda t: pathlib.Path(t).resolve(),
                         default=image.REPO / "build" / "vm", help="where results go")
        if name == "list":
            continue
        sub.add_argument("--kernel", default=DEFAULT_KERNEL, type=lambda t: image.root_of_kernel(t) and t)
        if name == "selftest":
            continue
        sub.add_argument("--profile", action="append", choices=list(profiles.PROFILES))
        sub.add_argument("--build", type=_directory, help="build directory, /opt/colod/build in the guest")
        sub.add_argument("--dest", type=_directory, help="DESTDIR tree that is laid over the guest's /")
        sub.add_argument("--append", default="", help="more kernel command line")
        sub.add_argument("--core", action="store_true", help="only the core tests")
        sub.add_argument("--long", action="store_true", help="tests with a long-budget, LONG=1 in the guest")
        sub.add_argument("--only", action="append", help="only tests whose name matches this pattern")
    return top


def main():
    # So that leaving by a signal also ends the machine and removes half-built entries.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(130))
    args = parser().parse_args()
    try:
        return globals()[f"command_{args.command}"](args)
    except image.ImageError as error:
        print(f"vm: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
