// SPDX-License-Identifier: LGPL-2.1-or-later
// What is told of an eviction when it begins: why, for whom, and what is expected of it.
#include "agent/evict_record.h"

#include <string.h>

#include "tests/lib/test.h"

static struct state s;
static struct evict_look look;
static struct history_record r;

static void begins(struct victim v)
{
	static struct pod pod = {.name = "jobs/hog", .kind = POD_KUBERNETES};

	v.pod = &pod;
	evict_record_begin(&s, &look, &v, EVICT_KUBERNETES, &r);
}

static void waits(enum resource resource, enum reason_code code)
{
	s = (struct state){0};
	s.ladders.of[resource].reason = (struct reason){
		.code = code,
		.level = LEVEL_NONE,
		.rule = -1,
		.observed = 800,
		.limit = 100,
		.for_us = 2000000,
		.extra = 100,
		.who = "shop/db",
	};
	look = (struct evict_look){.resource = resource, .waiter = "shop/web"};
}

TEST(a_disk_is_named_and_who_waits_there)
{
	waits(RESOURCE_IO, REASON_IO_FLOOR);
	strcpy(look.disk, "sda");
	begins((struct victim){.rate = 10240, .rate_of = RESOURCE_IO});
	assert_non_null(strstr(r.why, "shop/db waited for IO 80 % of 2 s"));
	assert_non_null(strstr(r.why, "; for shop/web on sda: 10 MiB/s that it uses are expected "
				      "back through Kubernetes"));
}

TEST(for_cpus_it_is_who_waits)
{
	waits(RESOURCE_CPU, REASON_SQUEEZE_FLOOR);
	begins((struct victim){.rate = 1500, .rate_of = RESOURCE_CPU});
	assert_non_null(strstr(r.why, "; for shop/web: 1.50 CPUs that it uses are expected back "
				      "through Kubernetes"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_disk_is_named_and_who_waits_there),
		cmocka_unit_test(for_cpus_it_is_who_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
