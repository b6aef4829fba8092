# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reads what the guest's runner sends and judges it.

The runner's own lines start with '@'; a test's stdout is prefixed '|' and its stderr '~', so a test
cannot speak for the runner. Anything that is not proven good is a fault: a plan that is missing or
wrong, a number out of order, a result after the plan was met, an exit code, a skip nobody listed.
"""

import dataclasses
import fnmatch
import re

POINT = re.compile(r"(not )?ok\b(?: (\d+))?(?: -)?\s*(.*)$")
PLAN = re.compile(r"1\.\.(\d+)(?:\s*# SKIP\s*(.*))?$", re.I)
DIRECTIVE = re.compile(r"\s# (SKIP|TODO)\b\s*(.*)$", re.I)
SANITIZER = re.compile(r"ERROR: \w+Sanitizer|WARNING: \w+Sanitizer|runtime error: |SUMMARY: \w+Sanitizer")


@dataclasses.dataclass
class Skip:
    test: str
    kernel: str
    point: str
    reason: str


def load_skips(path):
    """Lines 'TEST | KERNEL | POINT | REASON', the first three shell patterns."""
    skips = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = [p.strip() for p in line.split("|")]
        if len(parts) != 4 or not all(parts):
            raise ValueError(f"{path}:{number}: not 'TEST | KERNEL | POINT | REASON'")
        skips.append(Skip(*parts))
    return skips


class TestResult:
    """What one test said, and what is wrong with it."""

    def __init__(self, name, kernel, skips):
        self.name, self.kernel, self._skips = name, kernel, skips
        self.passed, self.failed, self.skipped, self.faults = 0, [], [], []
        self.plan, self._count, self._plan_early, self.ended, self.seconds = None, 0, False, False, None

    def fault(self, text):
        if text not in self.faults:
            self.faults.append(text)

    def line(self, text):
        if SANITIZER.search(text):
            self.fault(f"sanitizer report: {text.strip()}")
        plan, point = PLAN.match(text), POINT.match(text)
        if self.ended:
            self.fault(f"output after the test ended: {text.strip()}")
        elif plan:
            self._plan(int(plan[1]), plan[2])
        elif point:
            self._point(point[1] is None, point[2], point[3])
        elif text.startswith("Bail out!"):
            self.fault(text)

    def _plan(self, count, skip_reason):
        if self.plan is not None:
            self.fault("more than one plan")
            return
        self.plan, self._plan_early = count, self._count == 0
        if count == 0:
            self._skip("*", skip_reason or "")

    def _point(self, good, number, text):
        self._count += 1
        if self.plan is not None and not self._plan_early:
            self.fault("a result after the closing plan")
        if number is not None and int(number) != self._count:
            self.fault(f"result number {number} where {self._count} was due")
        directive = DIRECTIVE.search(" " + text)
        name = DIRECTIVE.sub("", " " + text).strip()
        if directive and directive[1].upper() == "TODO":
            self.fault(f"TODO is not accepted: {name}")
        elif not good:
            self.failed.append(name)
        elif directive:
            self._skip(name, directive[2])
        else:
            self.passed += 1

    def _skip(self, point, said):
        for skip in self._skips:
            if (fnmatch.fnmatch(self.name, skip.test) and fnmatch.fnmatch(self.kernel, skip.kernel)
                    and fnmatch.fnmatch(point, skip.point)):
                self.skipped.append((point, skip.reason))
                return
        self.fault(f"skip that tests/vm/skips does not list: {point} ({said or 'no reason given'})")

    def end(self, code, seconds):
        self.ended, self.seconds = True, seconds
        if code != 0:
            self.fault(f"exit code {code}")
        if self.plan is None:
            self.fault("no plan" if self._count else "no TAP at all")
        elif self._count != self.plan:
            self.fault(f"{self._count} results where the plan says {self.plan}")

    def good(self):
        return self.ended and not self.failed and not self.faults


class Session:
    """All results of one boot, fed line by line as they arrive."""

    def __init__(self, tests, kernel, skips, slack):
        self.results = {t.name: TestResult(t.name, kernel, skips) for t in tests}
        self.budgets = {t.name: t.budget_s for t in tests}
        self._reboots = {t.name: t.reboots for t in tests}
        self.boot, self.done, self.faults, self.notes = None, False, [], []
        self.broken = None  # why it makes no sense to go on
        self._slack, self._current, self._last, self.deadline = slack, None, None, None

    def feed(self, raw, now):
        """Takes one line; returns the TestResult that it ended, if any."""
        if raw.startswith("@"):
            return self._control(raw[1:].split(" "), now)
        target = self._current or self._last
        text = raw[1:]
        if raw[:1] not in ("|", "~"):
            self.faults.append(f"the runner sent a line that is none of its kinds: {raw[:80]}")
        elif target is None:
            self.faults.append(f"output before any test: {text[:80]}")
        elif raw[0] == "|":
            target.line(text)
        elif SANITIZER.search(text):
            target.fault(f"sanitizer report: {text.strip()}")
        return None

    def _control(self, words, now):
        kind, rest = words[0], words[1:]
        if kind == "boot":
            self._booted(" ".join(rest))
        elif kind == "start":
            self._current = self.results.get(rest[0])
            self.deadline = now + self._slack(self.budgets.get(rest[0], 0))
        elif kind == "fault":
            target = self.results.get(rest[0])
            text = " ".join(rest[1:])
            if target:
                target.fault(text)
            else:
                self.faults.append(text)
        elif kind == "note":
            self.notes.append(" ".join(rest))
        elif kind == "end":
            return self._end(rest)
        elif kind == "done":
            self.done = True
        return None

    def _booted(self, how):
        """Only a test that says so may boot the guest again."""
        name = self._current.name if self._current else None
        if self.boot is None:
            self.boot = how
        elif self._reboots.get(name, 0) > 0:
            self._reboots[name] -= 1
        else:
            self.broken = f"the guest booted again, {f'during {name}' if name else 'between tests'}"
            self.faults.append(self.broken)

    def _end(self, rest):
        if self._current is None or self._current.name != rest[0]:
            self.faults.append(f"end of a test that was not running: {rest[0]}")
            return None
        ended, self._last, self._current = self._current, self._current, None
        ended.end(int(rest[1]), float(rest[2]))
        return ended

    def close(self, why):
        """No more lines will come; WHY says how the machine ended."""
        if not self.done:
            where = f"during {self._current.name}" if self._current else "between tests"
            self.faults.append(f"the run ended early, {where if self.boot else 'before the boot was done'}: {why}")
        for result in self.results.values():
            if not result.ended:
                result.fault("it did not finish" if result is self._current else "it did not run")
