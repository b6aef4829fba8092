# SPDX-License-Identifier: LGPL-2.1-or-later
#
# An online pod that waits for CPU beside an offline hog, for tests that need a hold to stand. Source
# pods.sh, colod.sh and watch.sh first.
#
#   pressure_start           pods web and hog: web in bursts, hog in every gap from here on
#   pressure_held            whether the quota is there
#   pressure_end
#   bursts_start, bursts_end pod web in bursts
#   pressure_strays [SINCE]  writes outside the hold itself, as the witness saw them (since a watch_mark)

pressure_start()
{
	pod_create web Burstable 1000 0
	pod_create hog BestEffort 0 0 sh -c 'for i in 1 2 3; do (while :; do :; done) & done; wait'
	# It makes its class a mixed one: the quota goes to the hog alone.
	POD_NS=kube-system pod_create unmatched BestEffort
	pressure_at=$(pod_path hog)
	bursts_start
}

# Beside an online pod that is always busy the hog never gets past its floor, and only what uses more is squeezed.
bursts_start()
{
	rm -f "$PODS_SHARE/stop"
	crun exec "$(pod_id web)" sh -c '
		burst() { timeout 3 sh -c "while [ ! -e /share/stop ]; do :; done"; }
		rest() { for s in 1 2 3 4; do [ -e /share/stop ] || sleep 1; done; }
		for i in 1 2 3; do (while [ ! -e /share/stop ]; do burst; rest; done) & done
		wait' &
	bursts=$!
}

bursts_end()
{
	touch "$PODS_SHARE/stop"
	wait $bursts
	rm -f "$PODS_SHARE/stop"
}

pressure_held() { ! grep -q '^max' $pressure_at/cpu.max; }

pressure_free() { grep -q '^max' $pressure_at/cpu.max; }

pressure_end() { bursts_end; }

pressure_strays()
{
	watch_changes | awk -v "since=${1:-0}" '$1 >= since' | grep -v " $pressure_at cpu.max "
}
