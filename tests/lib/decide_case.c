// SPDX-License-Identifier: LGPL-2.1-or-later
// See decide_case.h.
#include "tests/lib/decide_case.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/lib/test.h"

struct pod *decide_pod(struct fake *f, const char *path, enum qos qos, enum level level)
{
	struct pod *pod = fake_pod(f, path, qos);

	fake_level(f, pod, level);
	return pod;
}

void decide_run(struct fake *f)
{
	assert_int_equal(
		decide_assigned(&f->model, &f->samples, &f->policy, 0, &f->ladders, &f->plan), 0);
}

const struct plan_entry *decide_entry(struct fake *f, const char *path, enum knob knob)
{
	return plan_find(&f->plan, fake_cgroup(f, path), knob);
}

long long decide_want(struct fake *f, const char *path, enum knob knob)
{
	const struct plan_entry *e = decide_entry(f, path, knob);

	return e ? (long long)e->want.value : -1;
}

void decide_usual_node(struct fake *f)
{
	fake_init(f);
	fake_service(f, "system.slice");
	fake_request(decide_pod(f, G1, QOS_GUARANTEED, LEVEL_P0), 1000, 1 << 30);
	fake_request(decide_pod(f, B1, QOS_BURSTABLE, LEVEL_P4), 500, 1 << 28);
	decide_pod(f, O1, QOS_BESTEFFORT, LEVEL_P7);
	decide_pod(f, O2, QOS_BESTEFFORT, LEVEL_P7);
	fake_set(fake_cgroup(f, BURSTABLE), KNOB_CPU_WEIGHT, 2500);
	fake_set(fake_cgroup(f, BESTEFFORT), KNOB_CPU_WEIGHT, 1);
	fake_set(fake_cgroup(f, G1), KNOB_CPU_WEIGHT, 7);
}

void decide_container(struct fake *f, const char *pod_path, const char *name, const char *cpus)
{
	struct pod *pod = fake_cgroup(f, pod_path)->pod;
	char below[512];

	(void)snprintf(below, sizeof(below), "%s/%s", pod_path, name);
	pod->containers =
		realloc(pod->containers, (pod->n_containers + 1) * sizeof(*pod->containers));
	assert_non_null(pod->containers);
	pod->containers[pod->n_containers++] =
		(struct pod_container){.cgroup = fake_cgroup(f, below)};
	fake_cgroup(f, below)->pod = pod;
	if (cpus)
		fake_cpus(fake_cgroup(f, below), KNOB_CPUSET_CPUS, cpus);
}
