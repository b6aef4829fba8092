// SPDX-License-Identifier: LGPL-2.1-or-later
// See tick_case.h.
#include "tests/lib/test.h"

#include <stdio.h>

#include "agent/base/log.h"
#include "tests/lib/tick_case.h"

static const char *const spec = "@host 4\n"
				"@pod systemd Guaranteed " TICK_ONLINE " 2031\n"
				"@pod systemd Burstable " TICK_BATCH " 39\n"
				"@pod systemd Burstable " TICK_STRANGER " 20\n"
				"@pod systemd BestEffort " TICK_HOG " 1\n";

static const char facts[] =
	"{\"kind\":\"PodList\",\"items\":["
	"{\"metadata\":{\"uid\":\"" TICK_ONLINE "\",\"namespace\":\"shop\",\"name\":\"web\"},"
	"\"spec\":{\"containers\":[{\"name\":\"c\",\"resources\":{\"requests\":{\"cpu\":\"52\","
	"\"memory\":\"64Mi\"}}}]},\"status\":{\"qosClass\":\"Guaranteed\"}},"
	"{\"metadata\":{\"uid\":\"" TICK_BATCH "\",\"namespace\":\"jobs\",\"name\":\"batch\"},"
	"\"spec\":{\"priorityClassName\":\"batch-low\",\"containers\":[{\"name\":\"c\"}]},"
	"\"status\":{\"qosClass\":\"Burstable\"}},"
	"{\"metadata\":{\"uid\":\"" TICK_HOG "\",\"namespace\":\"jobs\",\"name\":\"hog\"},"
	"\"spec\":{\"containers\":[{\"name\":\"c\"}]},\"status\":{\"qosClass\":\"BestEffort\"}}]}";

void tick_case_policy(struct tick_case *t, const char *mode)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "version: 1\nmode: %s\nfacts: {from: \"file:///pods.json\"}\n"
		 "assign:\n  - {match: {cgroup: \"*/job-*\"}, level: P7}\n"
		 "pressure: [{when: cpu.some of online > 5%% over 2s, do: [squeeze cpu]}]\n",
		 mode);
	assert_int_equal(tree_write(t->dir, "etc/colod/policy.d/90-test.yaml", text), 0);
}

static int copy_default_profile(const struct tick_case *t)
{
	static char text[64 * 1024];
	FILE *f = fopen("policy/profiles/default.yaml", "re");
	size_t n;

	if (!f)
		return -1;
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	return tree_write(t->dir, "usr/lib/colod/policy.d/00-default.yaml", text);
}

int tick_case_open(struct tick_case *t)
{
	log_open(LOG_EMERG);
	*t = (struct tick_case){0};
	if (tree_make(spec, &t->dir) < 0 || tree_write(t->dir, "pods.json", facts) < 0)
		return -1;
	return copy_default_profile(t) < 0 ? -1 : 0;
}

void tick_case_close(struct tick_case *t)
{
	state_free(t->state);
	tree_remove(t->dir);
	*t = (struct tick_case){0};
}

void tick_case_start(struct tick_case *t, const char *mode, enum mode at_most)
{
	tick_case_policy(t, mode);
	t->options = (struct options){.action = OPTIONS_ONCE,
				      .root = t->dir,
				      .mode = at_most,
				      .mode_given = at_most != MODE_FULL};
	assert_int_equal(state_new(&t->options, &t->state), 0);
}

void tick_case_assert_knob(const struct tick_case *t, const char *path, const char *file,
			   const char *want)
{
	char got[128];

	assert_int_equal(tree_knob_read(t->dir, path, file, got, sizeof(got)), 0);
	assert_string_equal(got, want);
}

size_t tick_case_told(const struct tick_case *t, enum history_kind kind,
		      struct history_record *ret_last)
{
	struct history_record r;
	uint64_t cursor = 0;
	size_t n = 0;

	while (history_next(t->state->history, &cursor, &r)) {
		if (r.kind != kind)
			continue;
		*ret_last = r;
		n++;
	}
	return n;
}
