#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# After `sudo make ...`: what was made in the output folder belongs to whoever called sudo. Never
# crosses a mount (a guest root under construction has /proc mounted) and leaves such roots alone.
#
#   give-back.sh DIR...
set -euo pipefail

[ "$(id -u)" -eq 0 ] && [ -n "${SUDO_UID:-}" ] && [ "$SUDO_UID" != 0 ] || exit 0
dirs=()
for dir in "$@"; do
	[ ! -d "$dir" ] || dirs+=("$dir")
done
[ ${#dirs[@]} -gt 0 ] || exit 0
find "${dirs[@]}" -xdev -name '.building-*' -prune -o -user root -exec chown -h "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" {} +
