# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the benches share on the host: the stamp of what is measured, a boot that keeps rows, and the whole of those of one script."""

import argparse
import hashlib
import os
import pathlib
import shutil
import sys

import bench_rows
import boot
import image
import profiles
import tap

HERE = pathlib.Path(__file__).resolve().parent
# Only the guest's time counts, and the guest has limits of its own: beside other work this machine may be slow.
PATIENCE = 3
ALL = ("6.1", "6.12", "newest")


def stamp(build, *paths):
    """What was measured and how: rows of another stamp are not comparable."""
    digest = hashlib.sha256()
    for path in (build / "colod", *paths):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def lean(build, out):
    """A build directory of what the guest needs; the unit tests would only be unpacked there."""
    target = out / "lean"
    shutil.rmtree(target, ignore_errors=True)
    (target / "tests").mkdir(parents=True)
    for name in ("colod", "coloctl"):
        shutil.copy2(build / name, target)
    shutil.copytree(build / "tests" / "tools", target / "tests" / "tools", ignore=shutil.ignore_patterns("*.o", "*.d"))
    return target


def settings(prefixes, rounds):
    """What the guest is told: the environment's own words, and the rounds of each part."""
    told = {k: v for k, v in os.environ.items() if k.startswith(prefixes)}
    told.update({f"BENCH_ROUNDS_{name}": str(n) for name, n in rounds.items()})
    return told


def run(one, store, kernel, on_begin=lambda words: None):
    """One boot, whose rows are kept as they come. ON_BEGIN gets the words of the round that begins. Returns what
    went wrong."""
    found = []

    def on_line(raw):
        if raw.startswith(bench_rows.BEGINS):
            on_begin(raw[len(bench_rows.BEGINS):].split())
        if raw.startswith(bench_rows.MARK):
            text = raw[len(bench_rows.MARK):]
            image.say(f"  {text}")
            if not store.add(kernel, text):
                found.append(("", f"a number is missing in: {text}"))
        if raw.startswith(bench_rows.KEPT) and not store.keep(kernel, raw[len(bench_rows.KEPT):]):
            found.append(("", f"not to be kept: {raw}"))

    session = boot.run(one, tap.load_skips(HERE / "skips"), on_line=on_line)
    found += [("", text) for text in session.faults]
    found += [(r.name, text) for r in session.results.values() for text in (*r.failed, *r.faults)]
    return [f"{kernel} {name} {text}" for name, text in found]


def open_store(kind, out, mark):
    store = kind(out / "rows", mark)
    if store.put_aside:
        image.say(f"colod or the measuring has changed: begins anew, the rows before are in {store.put_aside}")
    return store


def arguments(text):
    args = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--build", type=pathlib.Path, required=True)
    args.add_argument("--dest", type=pathlib.Path, required=True, help="DESTDIR tree with colod installed")
    args.add_argument("--out", type=pathlib.Path, required=True)
    args.add_argument("--show", action="store_true", help="only the tables of what was measured so far")
    args = args.parse_args()
    args.build, args.dest, args.out = (p.resolve() for p in (args.build, args.dest, args.out))
    return args


def _boot(part, script, rounds, kernel, store, args):
    test = profiles.load_test(script)
    told = settings("BENCH_", {part: rounds})
    told["BENCH_DONE"] = store.done(kernel)
    told["BENCH_KEPT"] = " ".join(f"{name} {text}" for name, text in store.kept.get(kernel, {}).items())
    one = boot.Boot(kernel, profiles.PROFILES[test.profiles[0]], [test], args.out / kernel, args.build, args.dest,
                    settings=told, patience=PATIENCE)
    return run(one, store, kernel)


def main(part, text, script, measures, rounds, kind, report):
    """All of a bench that is one script of the guest: its exit status. MEASURES: the files of which a change begins anew;
    REPORT makes the tables of a store."""
    args = arguments(text)
    mark = None if args.show or os.environ.get("BENCH_KEEP") == "1" else stamp(args.build, *measures)
    store = open_store(kind, args.out, mark)
    wrong = []
    try:
        if not args.show:
            args.build = lean(args.build, args.out)
            for kernel in os.environ.get("KERNEL", "").split() or ["6.12"]:
                wrong += _boot(part, script, rounds, kernel, store, args)
    except (image.ImageError, OSError) as error:
        print(f"bench-{part}: {error}", file=sys.stderr)
        return 2
    print(report(store))
    for line in wrong:
        print(f"FAILED: {line}")
    return 1 if wrong else 0
