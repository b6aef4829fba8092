// SPDX-License-Identifier: LGPL-2.1-or-later
// See diff_case.h.
#include "tests/lib/diff_case.h"

#include <stdio.h>

#include "policy/knob.h"
#include "policy/mode.h"
#include "tests/lib/test.h"

int diff_case_setup(void **state)
{
	struct diff_case *s = calloc(1, sizeof(*s));

	fake_init(&s->f);
	s->root = fake_cgroup(&s->f, "kubepods.slice");
	s->online = fake_pod(&s->f, "kubepods.slice/a.slice", QOS_GUARANTEED)->cgroup;
	s->class = fake_cgroup(&s->f, "kubepods.slice/besteffort.slice");
	s->hog =
		fake_pod(&s->f, "kubepods.slice/besteffort.slice/hog.slice", QOS_BESTEFFORT)->cgroup;
	*state = s;
	return 0;
}

int diff_case_teardown(void **state)
{
	struct diff_case *s = *state;

	changes_free(&s->changes);
	fake_free(&s->f);
	free(s);
	return 0;
}

void diff_case_plan(struct diff_case *s, struct cgroup *cg, enum knob knob, enum effect effect,
		    uint64_t value)
{
	fake_plan(&s->f, cg, knob, effect, value);
}

const char *diff_case_run_modes(struct diff_case *s, const struct modes *modes, bool list_withheld)
{
	size_t len = 0;

	assert_int_equal(diff(&s->f.model, &s->f.plan, modes, list_withheld, &s->changes), 0);
	s->order[0] = '\0';
	for (size_t i = 0; i < s->changes.n; i++) {
		static const char *const marks[] = {"=", "<-", "x"};
		const struct change *c = &s->changes.list[i];
		char want[KNOB_TEXT_SIZE];

		len += (size_t)snprintf(s->order + len, sizeof(s->order) - len, "%s %s %s %s; ",
					c->cgroup->name, knob_name(c->knob), marks[c->kind],
					knob_format(c->knob, &c->want, want, sizeof(want)));
	}
	return s->order;
}

const char *diff_case_run(struct diff_case *s, enum mode mode)
{
	const struct modes modes = mode_of_all(mode);

	return diff_case_run_modes(s, &modes, false);
}
