// SPDX-License-Identifier: LGPL-2.1-or-later
// See cores_case.h.
#include "tests/lib/cores_case.h"

#include "policy/knob.h"
#include "policy/reason_text.h"
#include "tests/lib/fake_topology.h"
#include "tests/lib/test.h"

struct pod *cores_case_pod(struct fake *f, const char *path, uint64_t cpu_milli)
{
	struct pod *pod = decide_pod(f, path, QOS_GUARANTEED, LEVEL_P0);

	fake_request(pod, cpu_milli, 1 << 30);
	fake_limit(pod, cpu_milli, 1 << 30);
	return pod;
}

/* Four cores of two threads, side by side; nothing but an offline class and the system. */
void cores_case_node(struct fake *f)
{
	fake_init(f);
	fake_topology(&f->model.node,
		      (struct fake_topology){
			      .numa = 1, .llc = 1, .cores = 4, .threads = 2, .side_by_side = true});
	f->policy.levels[LEVEL_P0].cpu.cores = CORES_EXCLUSIVE;
	fake_service(f, CORES_CASE_SYSTEM);
	decide_pod(f, O1, QOS_BESTEFFORT, LEVEL_P7);
}

/* As discovery reads it under a policy that asks for cores. */
void cores_case_run(struct fake *f)
{
	fake_rare_knobs(f);
	decide_run(f);
}

static const char *text_at(const struct fake *f, const struct plan_entry *e, char *buf, size_t size)
{
	(void)f;
	return e ? knob_format(e->knob, &e->want, buf, size) : "-";
}

void cores_case_wants(struct fake *f, const char *path, enum knob knob, const char *want)
{
	char buf[KNOB_TEXT_SIZE];
	const char *got = text_at(f, decide_entry(f, path, knob), buf, sizeof(buf));

	if (strcmp(got, want) != 0)
		fail_msg("%s %s: %s instead of %s", path, knob_name(knob), got, want);
}

const struct plan_cores *cores_case_of(struct fake *f, const char *path)
{
	return plan_cores(&f->plan, fake_cgroup(f, path)->pod);
}

void cores_case_refused(struct fake *f, const char *path, enum reason_code code)
{
	const struct plan_cores *c = cores_case_of(f, path);
	char text[REASON_TEXT_SIZE];

	if (c->state != CORES_REFUSED || c->reason.code != code)
		fail_msg("%s: state %d: %s", path, c->state,
			 reason_text(&c->reason, NULL, text, sizeof(text)));
	cores_case_wants(f, path, KNOB_CPUSET_EXCLUSIVE, "-");
	cores_case_wants(f, path, KNOB_CPUSET_CPUS, "-");
	cores_case_wants(f, path, KNOB_CPUSET_PARTITION, "-");
}
