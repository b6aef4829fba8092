// SPDX-License-Identifier: LGPL-2.1-or-later
// See apply_case.h.
#include "tests/lib/apply_case.h"

#include <stdlib.h>

#include "tests/lib/test.h"

int apply_case_setup(void **state)
{
	struct apply_case *s = calloc(1, sizeof(*s));

	if (!s)
		return -1;
	fake_kernel_open(&s->k, "@host 2\n");
	s->online = fake_kernel_cgroup(&s->k, APPLY_ONLINE);
	s->class = fake_kernel_cgroup(&s->k, APPLY_CLASS);
	s->hog = fake_kernel_cgroup(&s->k, APPLY_HOG);
	fake_kernel_start(&s->k);
	*state = s;
	return 0;
}

int apply_case_teardown(void **state)
{
	struct apply_case *s = *state;

	fake_kernel_close(&s->k);
	free(s);
	return 0;
}

uint64_t apply_case_value(struct apply_case *s, const char *path, enum knob knob)
{
	struct knob_value value = fake_kernel_value(&s->k, path, knob);

	assert_int_equal(value.state, KNOB_KNOWN);
	return value.value;
}

void apply_case_foreign(struct apply_case *s, const char *path, enum knob knob, uint64_t value)
{
	struct knob_value to = {.state = KNOB_KNOWN, .value = value};

	assert_true(fake_kernel_write(&s->k, path, knob, &to));
}

const struct original *apply_case_record(struct apply_case *s, const struct cgroup *cg,
					 enum knob knob)
{
	return originals_find(&s->k.apply->originals, cg->path, cg->inode, knob);
}

struct apply_restored apply_case_restore(struct apply_case *s)
{
	struct apply_restored done;

	assert_int_equal(apply_restore(s->k.apply, false, &done), 0);
	return done;
}
