# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes the initramfs: busybox, the modules without which a guest finds no disk, and switch_root.

Which drivers are modules differs by kernel (6.1 has even virtio_pci as one), so the list below is
asked for and what is built in is left out. Modules are stored uncompressed, in loading order.
"""

import lzma
import os
import pathlib
import shutil
import subprocess
import tempfile

WANTED = ["virtio_pci", "virtio_blk", "virtio_console", "ext4"]
BUSYBOX = "/bin/busybox"
PROBE_OK = "colod-vm-probe-ok"

INIT = f"""#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t devtmpfs dev /dev
if /bin/busybox grep -q colod.vm=probe /proc/cmdline; then
	echo {PROBE_OK}
	/bin/busybox poweroff -f
fi
while read -r module; do
	/bin/busybox insmod "/modules/$module" || echo "initramfs: $module did not load"
done < /modules/order
tries=0
until [ -b /dev/vda ] || [ $tries -ge 100 ]; do
	/bin/busybox usleep 50000
	tries=$((tries + 1))
done
/bin/busybox mount -t ext4 /dev/vda /root || /bin/busybox poweroff -f
/bin/busybox umount /proc
/bin/busybox mount --move /dev /root/dev
exec /bin/busybox switch_root /root /sbin/init
"""


def _name(path):
    return pathlib.PurePath(path).name.split(".ko")[0].replace("-", "_")


def load_order(moddir):
    """Paths of the wanted modules and what they need, each after its dependencies."""
    depends, path_of = {}, {}
    for line in (moddir / "modules.dep").read_text().splitlines():
        path, _, rest = line.partition(":")
        path_of[_name(path)] = path
        depends[path] = rest.split()
    builtin = {_name(p) for p in (moddir / "modules.builtin").read_text().split()}
    order = []
    for name in WANTED:
        if name in builtin:
            continue
        if name not in path_of:
            raise FileNotFoundError(f"module {name} is neither built in nor in {moddir}")
        # modules.dep lists the nearest dependency first.
        for path in list(reversed(depends[path_of[name]])) + [path_of[name]]:
            if path not in order:
                order.append(path)
    return order + _soft_dependencies(order, path_of)


def _soft_dependencies(order, path_of):
    """ext4 asks for crc32c by alias only; harmless where it is built in or loaded."""
    wanted = ["crc32c_generic"] if any(_name(p) == "ext4" for p in order) else []
    return [path_of[n] for n in wanted if n in path_of and path_of[n] not in order]


def _uncompressed(path):
    data = path.read_bytes()
    if path.suffix == ".xz":
        return lzma.decompress(data)
    if path.suffix == ".zst":
        return subprocess.run(["zstd", "-dcq", str(path)], capture_output=True, check=True).stdout
    return data


def build(moddir, out):
    moddir = pathlib.Path(moddir)
    with tempfile.TemporaryDirectory(prefix="colod-initramfs-") as tmp:
        top = pathlib.Path(tmp)
        for name in ("bin", "proc", "dev", "root", "modules"):
            (top / name).mkdir()
        shutil.copy(BUSYBOX, top / "bin" / "busybox")
        names = []
        paths = load_order(moddir)
        soft = [p for p in paths if _name(p) == "crc32c_generic"]
        for path in soft + [p for p in paths if p not in soft]:
            names.append(_name(path) + ".ko")
            (top / "modules" / names[-1]).write_bytes(_uncompressed(moddir / path))
        (top / "modules" / "order").write_text("".join(n + "\n" for n in names))
        (top / "init").write_text(INIT)
        os.chmod(top / "init", 0o755)
        listing = "\n".join(sorted(str(p.relative_to(top)) for p in top.rglob("*")))
        with open(out, "wb") as f:
            cpio = subprocess.Popen(["cpio", "-o", "-H", "newc", "--quiet", "-R", "0:0"], cwd=top,
                                    stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            packed = subprocess.Popen(["gzip", "-1n"], stdin=cpio.stdout, stdout=f)
            cpio.stdin.write(listing.encode() + b"\n")
            cpio.stdin.close()
            if cpio.wait() or packed.wait():
                raise OSError("packing the initramfs failed")
