# SPDX-License-Identifier: LGPL-2.1-or-later
"""Finds kernel trouble and sanitizer reports in a console log.

The runner writes a mark to the kernel log at each test's start, so trouble has a name.
"""

import re

from tap import SANITIZER

TROUBLE = re.compile(
    r"\bWARNING: |\bBUG: |kernel BUG at|\bOops\b|general protection fault|Kernel panic|cut here \]"
    r"|\bUBSAN: |\bKASAN: |page allocation failure|blocked for more than \d+ seconds"
    r"|possible circular locking|suspicious RCU usage|Unable to mount root|did not load")
MARK = re.compile(r"colod-vm: start (\S+)")


def load_allowed(path):
    """Lines 'REGEX  # reason': kernel messages that are known and not ours."""
    allowed = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        pattern, _, reason = line.rpartition("  # ")
        if not pattern.strip() or not reason.strip():
            raise ValueError(f"{path}:{number}: not 'REGEX  # reason'")
        allowed.append(re.compile(pattern.strip()))
    return allowed


def scan(path, allowed):
    """Yields (test or None, line) for each line that is trouble."""
    if not path.exists():
        return
    test = None
    for line in path.read_text(errors="replace").splitlines():
        mark = MARK.search(line)
        if mark:
            test = mark[1]
        if (TROUBLE.search(line) or SANITIZER.search(line)) and not any(a.search(line) for a in allowed):
            yield test, line.strip()
