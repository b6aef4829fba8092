# SPDX-License-Identifier: LGPL-2.1-or-later
"""The demo's verdict must be able to say no. Run by make check-verdict; prints TAP."""

import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import demo_table  # noqa: E402  pylint: disable=wrong-import-position

ROWS = {"alone": (400, 600, 9000, 0), "unmanaged": (800, 5600, 5000, 1400), "colod": (450, 2000, 8000, 750)}


def arms(rounds=5, **other):
    """ROUNDS equal rounds of ROWS, with the rows of OTHER in their place."""
    with tempfile.NamedTemporaryFile("w", suffix=".csv", encoding="ascii") as f:
        for n in range(rounds):
            for name, row in {**ROWS, **other}.items():
                f.write(f"{n},{name},{','.join(map(str, row))}\n")
        f.flush()
        return demo_table.read_rounds(f.name)


def worse_rounds(number, rounds=5):
    result = arms(rounds)
    result["colod"].p99_us[:number] = [ROWS["unmanaged"][1] + 1] * number
    return result


def drop_last_round(result):
    result["colod"].p99_us.pop()
    return result


CASES = (
    ("a clear gain is good", lambda: demo_table.verdict(arms(), 0)[0]),
    ("colod as slow as unmanaged, which is what observe mode gives, is not good",
     lambda: not demo_table.verdict(arms(colod=ROWS["unmanaged"]), 0)[0]),
    ("a better p99 of fewer answers is not good",
     lambda: not demo_table.verdict(arms(colod=(800, 2000, 4900, 1400)), 0)[0]),
    ("one worse round of five is noise, two are not good",
     lambda: demo_table.verdict(worse_rounds(1), 0)[0] and not demo_table.verdict(worse_rounds(2), 0)[0]),
    ("one worse round of three is not good", lambda: not demo_table.verdict(worse_rounds(1, rounds=3), 0)[0]),
    ("a gain within the noise is not good",
     lambda: not demo_table.verdict(arms(colod=(800, 5300, 5000, 1400)), 0)[0]),
    ("a value that was not given back is not good", lambda: not demo_table.verdict(arms(), 1)[0]),
    ("no gap is no verdict", lambda: not demo_table.verdict(arms(unmanaged=ROWS["alone"]), 0)[0]),
    ("a missing measurement is not a complete run",
     lambda: not demo_table.complete(drop_last_round(arms()), 5) and demo_table.complete(arms(), 5)),
    ("the table has a line for each arm", lambda: len(demo_table.table(arms()).splitlines()) == 4),
)


def main():
    failed = 0
    for number, (name, holds) in enumerate(CASES, 1):
        good = holds()
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} - {name}")
    print(f"1..{len(CASES)}")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
