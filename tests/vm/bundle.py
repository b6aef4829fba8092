# SPDX-License-Identifier: LGPL-2.1-or-later
"""Packs what a guest needs into one tar, which the guest reads as a raw disk.

In the guest: /opt/colod/vm (guest scripts, tests, plan), /opt/colod/build (the build directory),
/opt/colod/repo (policy profiles, packaging and an API server's answers as they are in the source tree), /opt/colod/dest
(a DESTDIR tree, which the runner lays over /).
"""

import io
import pathlib
import tarfile

from image import REPO

SKIP_SUFFIXES = {".o", ".d", ".a", ".gcno", ".gcda", ".log"}
SKIP_TOP = {"vm", "vm-cache"}
# Other builds of the same sources and what runs left: a guest's disk has no room for them.
SKIP_PREFIXES = ("san-", "warn-", "demo", "bench-", "fuzz", "results", "check-all")

# Unit tests that a guest runs, and the way to them.
UNIT_TESTS = {("unit",), ("unit", "test_cpi_files")}


def _add_text(tar, name, text):
    info = tarfile.TarInfo(name)
    data = text.encode()
    info.size = len(data)
    info.mode = 0o644
    tar.addfile(info, io.BytesIO(data))


def _owned_by_root(info):
    info.uid = info.gid = 0
    info.uname = info.gname = "root"
    return info


def _build_filter(top):
    def keep(info):
        parts = pathlib.PurePath(info.name).relative_to(top).parts
        if parts and (parts[0] in SKIP_TOP or parts[0].startswith((".", *SKIP_PREFIXES))):
            return None
        # Of the tests' programs a guest needs the tools, and few others: all of them are ten times as much to copy at each boot.
        if parts[:1] == ("tests",) and len(parts) > 1 and parts[1] != "tools" and parts[1:] not in UNIT_TESTS:
            return None
        if info.isfile() and pathlib.PurePath(info.name).suffix in SKIP_SUFFIXES:
            return None
        return _owned_by_root(info)
    return keep


def make(out, tests, guest_dir, settings, build=None, dest=None):
    """Writes the tar to OUT. SETTINGS is a dict that the guest sees as shell variables."""
    with tarfile.open(out, "w") as tar:
        tar.add(guest_dir, "vm/guest", filter=_owned_by_root)
        for test in tests:
            tar.add(test.path, f"vm/tests/{test.path.name}", filter=_owned_by_root)
        _add_text(tar, "vm/plan", "".join(f"{t.name} {t.budget_s}\n" for t in tests))
        _add_text(tar, "vm/settings", "".join(f"{k}='{v}'\n" for k, v in settings.items()))
        for name in ("policy/profiles", "packaging", "tests/fixtures/kube"):
            if (REPO / name).is_dir():
                tar.add(REPO / name, f"repo/{name}", filter=_owned_by_root)
        if build:
            tar.add(build, "build", filter=_build_filter("build"))
        if dest:
            tar.add(dest, "dest", filter=_owned_by_root)
    size = out.stat().st_size
    with open(out, "ab") as f:
        f.truncate((size + 0xfffff) & ~0xfffff)
