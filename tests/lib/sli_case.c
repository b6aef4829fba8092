// SPDX-License-Identifier: LGPL-2.1-or-later
// See sli_case.h.
#include "tests/lib/sli_case.h"

#include <stdio.h>

#include "tests/lib/test.h"

void sli_case_open(struct sli_case *c)
{
	*c = (struct sli_case){0};
	fake_init(&c->f);
	c->web = fake_pod(&c->f, "kubepods.slice/kubepods-pod0.slice", QOS_GUARANTEED);
	c->hog = fake_pod(&c->f,
			  "kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod1.slice",
			  QOS_BESTEFFORT);
	(void)snprintf(c->web->name, sizeof(c->web->name), "shop/web");
	fake_level(&c->f, c->web, LEVEL_P0);
	fake_level(&c->f, c->hog, LEVEL_P7);
	c->policy = test_calloc(1, sizeof(*c->policy));
	c->policy->n_slis = 1;
	c->policy->slis[0] = (struct sli_policy){
		.name = "cpu",
		.bound = 100,
		.window_us = 10000000,
		.sign = SLI_CPU_SOME,
		.level = LEVEL_P0,
		.statistic = SLI_MEAN,
	};
	c->look = (struct sli_look){
		.model = &c->f.model,
		.samples = &c->f.samples,
		.plan = &c->f.plan,
		.scores = &c->scores,
		.policy = c->policy,
	};
}

void sli_case_close(struct sli_case *c)
{
	sli_free(&c->watch);
	test_free(c->policy);
	fake_free(&c->f);
}

void sli_case_step(struct sli_case *c)
{
	assert_return_code(sli_step(&c->watch, &c->look), 0);
}

const struct sli_now *sli_case_now(const struct sli_case *c)
{
	const struct sli_now *all = sli_of(&c->watch, c->web);

	assert_non_null(all);
	return &all[0];
}

void sli_case_says(const struct sli_case *c, const char *want)
{
	char text[SLI_TEXT_SIZE];

	assert_int_equal(c->watch.n_events, 1);
	assert_string_equal(sli_event_text(&c->watch.events[0], text, sizeof(text)), want);
	assert_string_equal(c->watch.events[0].who, "shop/web");
}
