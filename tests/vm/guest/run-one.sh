#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs one test inside its transient unit, in an empty directory that is gone afterwards.

dir=/run/vmtest/work
rm -rf "$dir"
mkdir -p "$dir"
cd "$dir" || exit 1
export PATH=/opt/colod/build:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
bash "$VM/tests/$1.sh"
rc=$?
cd / && rm -rf "$dir"
exit $rc
