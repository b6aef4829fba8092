# SPDX-License-Identifier: LGPL-2.1-or-later
"""Builds guest roots with mmdebstrap and caches them.

One cache entry is a directory named by the hash of all that went into it: root.ext4, and per
kernel a vmlinuz and a small initramfs. An entry appears whole or not at all (built beside, then
renamed), under a lock. The host's apt configuration is read for the mirror's address, never changed.
"""

import fcntl
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import initramfs

HERE = pathlib.Path(__file__).resolve().parent
REPO = HERE.parent.parent

# The newest kernel has no stable number: whatever backports holds. Tests look for features.
ROOTS = {
    "trixie": {
        "suites": ["trixie", "trixie-backports"],
        "kernels": {"6.12": "trixie", "newest": "trixie-backports"},
    },
    "bookworm": {"suites": ["bookworm"], "kernels": {"6.1": "bookworm"}},
}
FREE_MIB = 768
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


class ImageError(Exception):
    """A sentence for the person who runs this."""


def say(text):
    print(f"vm: {text}", file=sys.stderr, flush=True)


def root_of_kernel(tag):
    for root, spec in ROOTS.items():
        if tag in spec["kernels"]:
            return root
    known = ", ".join(k for spec in ROOTS.values() for k in spec["kernels"])
    raise ImageError(f"unknown kernel {tag!r}; known: {known}")


def cache_dir():
    path = pathlib.Path(os.environ.get("VM_CACHE") or REPO / "build" / "vm-cache").resolve()
    path.mkdir(parents=True, exist_ok=True)
    return path


def packages(root):
    names = []
    for line in (HERE / "recipe" / "packages").read_text().splitlines():
        line = line.split("#")[0].strip()
        suite, _, name = line.rpartition(":")
        if name.strip() and suite.strip() in ("", root):
            names.append(name.strip())
    return names


def mirror():
    """The archive that apt itself uses here; the security archive has a path of its own."""
    if os.environ.get("VM_MIRROR"):
        return os.environ["VM_MIRROR"]
    out = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(SUITE) $(RELEASE)", "Created-By: Packages"],
        capture_output=True, text=True, check=False).stdout
    for line in out.splitlines():
        uri = line.split()[0].rstrip("/")
        if uri.endswith("/debian"):
            return uri
    raise ImageError("no Debian mirror in apt's sources (apt-get update first?); set VM_MIRROR")


def recipe_hash(root):
    parts = [json.dumps(ROOTS[root], sort_keys=True), "\n".join(packages(root)), str(FREE_MIB)]
    for name in ("recipe/customize.sh", "initramfs.py"):
        parts.append((HERE / name).read_text())
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def entry_path(root):
    return cache_dir() / f"{root}-{recipe_hash(root)}"


def run_logged(argv, log, env=None):
    with open(log, "ab") as out:
        done = subprocess.run(argv, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                              env={**os.environ, **(env or {})}, check=False)
    if done.returncode != 0:
        tail = "\n".join(pathlib.Path(log).read_text(errors="replace").splitlines()[-15:])
        raise ImageError(f"{argv[0]} failed with {done.returncode}:\n{tail}")


def bootstrap(root, directory, log):
    spec = ROOTS[root]
    uri = mirror()
    kernels = " ".join(f"{tag}={suite}" for tag, suite in spec["kernels"].items())
    # In a mount namespace of its own: a mount that stays busy must be neither copied nor deleted.
    argv = ["unshare", "--mount", "--propagation", "private",
            "mmdebstrap", "--mode=root", "--variant=minbase", f"--keyring={KEYRING}",
            f"--include={','.join(packages(root))}",
            '--aptopt=Acquire::Languages "none"',
            "--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*",
            "--dpkgopt=path-exclude=/usr/share/locale/*",
            f"--customize-hook={HERE / 'recipe' / 'customize.sh'} \"$1\"",
            "--skip=cleanup/apt/lists", root, str(directory)]
    argv += [f"deb {uri} {suite} main" for suite in spec["suites"]]
    run_logged(argv, log, {"KERNELS": kernels, "TMPDIR": str(directory.parent)})


def make_kernels(root, directory, entry):
    releases = {}
    for tag in ROOTS[root]["kernels"]:
        release = (directory / "boot" / "colod" / tag).read_text().strip()
        out = entry / tag
        out.mkdir()
        shutil.copy(directory / "boot" / f"vmlinuz-{release}", out / "vmlinuz")
        initramfs.build(directory / "usr/lib/modules" / release, out / "initramfs")
        releases[tag] = release
    return releases


def make_filesystem(directory, image, log):
    for kernel in (directory / "boot").glob("vmlinuz-*"):
        kernel.unlink()
    used = int(subprocess.run(["du", "-sxm", str(directory)], capture_output=True, text=True,
                              check=True).stdout.split()[0])
    with open(image, "wb") as f:
        f.truncate((used + used // 8 + FREE_MIB) << 20)
    run_logged(["mke2fs", "-q", "-t", "ext4", "-L", "colodvm", "-m", "0", "-d", str(directory),
                str(image)], log)
    return used


def build_entry(root, entry):
    log = entry.parent / f"{entry.name}.log"
    log.unlink(missing_ok=True)
    work = pathlib.Path(tempfile.mkdtemp(prefix=f".building-{root}-", dir=entry.parent))
    started = time.monotonic()
    try:
        directory = work / "root"
        say(f"building the {root} root (minutes; downloads a few hundred MB; log {log})")
        bootstrap(root, directory, log)
        say(f"{root}: packages and kernels in place after {time.monotonic() - started:.0f} s, "
            "making the image")
        staged = work / "entry"
        staged.mkdir()
        releases = make_kernels(root, directory, staged)
        used = make_filesystem(directory, staged / "root.ext4", log)
        manifest = {"root": root, "kernels": releases, "used_mib": used,
                    "seconds": round(time.monotonic() - started, 1)}
        (staged / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
        staged.rename(entry)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    say(f"{root}: built in {time.monotonic() - started:.0f} s: "
        + ", ".join(f"{t} is {r}" for t, r in releases.items()))


def ensure(root, refresh=False):
    """The cache entry of a root, built if it is not there. Two callers build it once."""
    if root not in ROOTS:
        raise ImageError(f"unknown root {root!r}; known: {', '.join(ROOTS)}")
    entry = entry_path(root)
    if (entry / "manifest.json").exists() and not refresh:
        return entry
    if os.geteuid() != 0:
        raise ImageError("building a guest root needs root; run: sudo " + " ".join(sys.argv))
    with open(cache_dir() / f".lock-{root}", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"another process builds the {root} root; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        if entry.exists() and refresh:
            shutil.rmtree(entry)
        if not (entry / "manifest.json").exists():
            build_entry(root, entry)
    return entry
