// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/record_evict_order.h"

#include <errno.h>
#include <string.h>

#include "policy/record.h"
#include "tests/lib/record_case.h"
#include "tests/lib/test.h"
#include "tests/lib/victim_case.h"

static struct record_buf buf;

static int teardown(void **state)
{
	(void)state;
	record_buf_free(&buf);
	return 0;
}

static int get(const char *text, size_t len, struct evict_order *ret)
{
	struct record_line line = {text, len}, word;

	assert_true(record_next(&line, &word) && record_is(&word, "evict-order"));
	return record_evict_order_get(&line, ret);
}

TEST(who_ordered_whom_goes_there_and_back)
{
	const struct evict_order o = {
		.slot = 3,
		.serial = UINT64_MAX,
		.kubernetes = true,
		.pending = false,
		.room = true,
		.who = "uid 0 (coloctl, pid 7)",
	};
	struct evict_order back;

	memset(&back, 7, sizeof(back));
	record_evict_order_put(&buf, &o, NULL);
	assert_int_equal(get(buf.text, buf.n - 1, &back), 0);
	assert_true(back.slot == 3 && back.serial == UINT64_MAX && back.kubernetes &&
		    !back.pending && back.room && back.no == EVICT_ORDER_YES);
	assert_string_equal(back.who, o.who);
}

TEST(nothing_else_passes_for_it)
{
	static const char *const bad[] = {
		"evict-order ",
		"evict-order slot=1 serial=2 kubernetes=2 pending=0 room=1 who=x",
		"evict-order slot=1 serial=2 kubernetes=1 pending=0 who=x",
		"evict-order slot=-1 serial=2 kubernetes=1 pending=0 room=1 who=x",
		"evict-order slot=1 serial=2 kubernetes=1 pending=0 room=1 who=x more",
	};
	struct evict_order back;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(get(bad[i], strlen(bad[i]), &back), -EBADMSG);
}

TEST(what_came_of_it_is_a_step)
{
	struct victim_case *c;
	void *made;
	struct evict_order o;
	struct pod *p;

	(void)victim_case_setup(&made);
	c = made;
	p = victim_case_pod(c, O1, LEVEL_P7, 100);
	o = (struct evict_order){.slot = p->slot, .serial = p->serial};
	record_evict_order_tell(&buf, &o, &c->f.model, NULL, "> ");
	o.no = EVICT_ORDER_NO_ONLINE;
	record_evict_order_tell(&buf, &o, &c->f.model, NULL, "");
	o.serial++;
	o.no = EVICT_ORDER_GONE;
	record_evict_order_tell(&buf, &o, &c->f.model, NULL, "");
	assert_true(record_case_has(&buf, "> evict-order " O1 "\n"));
	assert_true(record_case_has(&buf, "\nevict-order-refused " O1
					  ": this pod is online, and only offline pods are ever "
					  "evicted\n"));
	assert_true(record_case_has(&buf, "\nevict-order-refused -: the pod is gone\n"));
	(void)victim_case_teardown(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(who_ordered_whom_goes_there_and_back, teardown),
		cmocka_unit_test_teardown(nothing_else_passes_for_it, teardown),
		cmocka_unit_test_teardown(what_came_of_it_is_a_step, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
