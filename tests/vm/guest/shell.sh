#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A prompt on the serial console instead of tests. Leaving it powers the guest off.

. /opt/colod/vm/settings
. /opt/colod/vm/guest/state.sh
. /opt/colod/vm/guest/setup.sh
exec </dev/ttyS0 >/dev/ttyS0 2>&1
export VM=/opt/colod/vm TERM=vt100 HOME=/root RESULTS=/var/vm-results
export PATH=/opt/colod/build:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
guest_setup
dmesg -n 4
cat >/run/shellrc <<'RC'
PS1='colod-vm:\w# '
. /opt/colod/vm/guest/lib.sh
. /opt/colod/vm/guest/pods.sh
. /opt/colod/vm/guest/colod.sh
. /opt/colod/vm/guest/demo.sh
RC
echo "Kernel $(uname -r). pod_create and friends are loaded; the build is in /opt/colod/build, tests"
echo "in /opt/colod/vm/tests. 'exit' or Ctrl-D powers off; Ctrl-A X ends QEMU at once."
cd /root && setsid -cw bash --rcfile /run/shellrc -i
sync
echo o >/proc/sysrq-trigger
sleep 5
