#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`sudo make demo`: an online service beside offline work in a real VM, with and without colod.

Exit status 0 only if colod was better and gave every value back. DEMO_KEEP=1 leaves a prompt in such a
guest afterwards; DEMO_ROUNDS and DEMO_MODE=observe are for the test that sees the demo fail.
"""

import argparse
import os
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

# pylint: disable=wrong-import-position
import boot  # noqa: E402
import demo_table  # noqa: E402
import image  # noqa: E402
import profiles  # noqa: E402
import tap  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
KERNEL = "6.12"

INTRO = """colod demo

Boots a Debian 13 guest (kernel {kernel}, 2 CPUs, software emulation; no KVM needed) and starts in it, as real
containers in the kubelet's cgroup layout: an nginx with its load generator (online), and three batch pods
that would like all CPUs (offline). Then, {rounds} times in changing order, it measures the nginx
    alone       the batch pods are frozen
    unmanaged   as a plain node runs them: shares by CPU request
    colod       the same pods, and colod in mode {mode}
with guest time counted in instructions, so that this machine's own load does not matter.

It takes about {minutes} minutes{image}. On this machine it touches nothing but
Debian packages and the build directory.
"""


def _progress(raw):
    if raw.startswith("|# progress: "):
        image.say("  " + raw[len("|# progress: "):])


def _say_intro(rounds, mode):
    cached = image.entry_path(image.root_of_kernel(KERNEL)).is_dir()
    first = "" if cached else ", and once about 3 more to download some 250 MB of Debian packages for the guest"
    print(INTRO.format(kernel=KERNEL, rounds=rounds, mode=mode, minutes=3 + rounds, image=first), flush=True)


def _show(results, rounds, session):
    arms = demo_table.read_rounds(results / "rounds.csv")
    if not demo_table.complete(arms, rounds):
        print("the demo did not get through all rounds: no verdict")
        return False
    written, restored, differ = (int(n) for n in (results / "counts.txt").read_text().split())
    print("\nThe online service's answers (medians of all rounds, smallest to largest in brackets):\n")
    print(demo_table.table(arms))
    print("\nThree of the values behind it:\n")
    for line in (results / "knobs.txt").read_text().splitlines():
        name, before, after = line.split("|")
        print(f"  {name:24} {before:>12} -> {after}")
    print("\nWhat `coloctl why default/batch-a` says:\n")
    print("  " + (results / "why.txt").read_text().strip().replace("\n", "\n  "))
    print("\nAfter SIGKILL, restart and stop, counted by diff and not by colod:\n"
          f"  {written} written, {restored} restored, {differ} differ\n")
    good, said = demo_table.verdict(arms, differ)
    print(said)
    if not all(r.good() for r in session.results.values()) or session.faults:
        for result in session.results.values():
            for text in result.failed + result.faults:
                print(f"FAILED: {text}")
        for text in session.faults:
            print(f"FAILED: {text}")
        return False
    return good


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--build", type=pathlib.Path, required=True)
    args.add_argument("--dest", type=pathlib.Path, required=True, help="DESTDIR tree with colod installed")
    args.add_argument("--out", type=pathlib.Path, required=True)
    args = args.parse_args()
    rounds = int(os.environ.get("DEMO_ROUNDS", "5"))
    mode = os.environ.get("DEMO_MODE", "squeeze")
    test = profiles.load_test(HERE / "demo" / "01-demo.sh")
    out = args.out.resolve() / "demo"
    _say_intro(rounds, mode)
    settings = {"DEMO_ROUNDS": str(rounds), "DEMO_MODE": mode}
    one = boot.Boot(KERNEL, profiles.PROFILES["icount"], [test], out, args.build.resolve(),
                    args.dest.resolve(), settings=settings)
    try:
        session = boot.run(one, tap.load_skips(HERE / "skips"), on_line=_progress)
        good = _show(out / "results" / test.name, rounds, session)
    except (image.ImageError, OSError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 2
    if os.environ.get("DEMO_KEEP") == "1":
        print("\nA prompt in a guest with the same pods: start the pods with `demo_pods`, the agent with `systemctl start colod`, then:\n"
              "coloctl status, pods, plan, why default/batch-a, score, doctor. 'exit' ends it.")
        boot.shell(boot.Boot(KERNEL, profiles.PROFILES["default"], [test], out.with_name("demo-shell"),
                             args.build.resolve(), args.dest.resolve(), settings=settings))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
