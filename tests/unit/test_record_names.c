// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <stdio.h>

#include "policy/record_names.h"
#include "policy/who.h"

static const struct record_names names = {{0x0706050403020100ull, 0x0f0e0d0c0b0a0908ull}};
static const struct record_names other = {{1, 2}};
static struct record_buf buf;

static int teardown(void **state)
{
	(void)state;
	record_buf_free(&buf);
	return 0;
}

static const char *put(const struct record_names *with, const char *text)
{
	buf.n = 0;
	record_names_put(&buf, with, text);
	record_put_bytes(&buf, "", 1);
	return buf.text;
}

/* The published vector of SipHash-2-4 for the key 00 01 .. 0f and the text 00 01 .. 0e. */
TEST(the_hash_is_siphash)
{
	char text[15], part[RECORD_NAMES_PART_SIZE];

	for (int i = 0; i < 15; i++)
		text[i] = (char)i;
	assert_int_equal(record_names_part(&names, text, 15, part), 13);
	assert_string_equal(part, "nca6149be45e5"); /* of a129ca6149be45e5 */
}

TEST(without_a_key_names_stay)
{
	assert_string_equal(put(NULL, "shop/web"), "shop/web");
	assert_string_equal(put(NULL, NULL), "-");
	assert_string_equal(put(&names, NULL), "-");
}

TEST(one_name_has_one_pseudonym_and_nothing_of_the_name)
{
	char first[128];

	(void)snprintf(first, sizeof(first), "%s", put(&names, "payments/ledger"));
	assert_null(strstr(first, "pay"));
	assert_null(strstr(first, "ledger"));
	assert_non_null(strchr(first, '/'));
	assert_string_equal(put(&names, "payments/ledger"), first);
	assert_string_not_equal(put(&names, "payments/ledgers"), first);
	assert_string_not_equal(put(&other, "payments/ledger"), first);
}

TEST(the_layout_of_a_cgroup_can_still_be_seen)
{
	const char *got = put(&names, "kubepods.slice/kubepods-besteffort.slice/"
				      "kubepods-besteffort-pod11.slice/cri-containerd-ab.scope");

	assert_non_null(strstr(got, "kubepods.slice/kubepods-besteffort.slice/"
				    "kubepods-besteffort-podn"));
	assert_non_null(strstr(got, ".slice/cri-containerd-n"));
	assert_non_null(strstr(got, ".scope"));
	assert_null(strstr(got, "pod11"));
	got = put(&names, "system.slice/acme-billing.service");
	assert_non_null(strstr(got, "system.slice/n"));
	assert_non_null(strstr(got, ".service"));
	assert_null(strstr(got, "acme"));
}

TEST(what_every_cluster_has_stays)
{
	assert_string_equal(put(&names, "kube-system"), "kube-system");
	assert_string_equal(put(&names, "DaemonSet"), "DaemonSet");
	assert_string_equal(put(&names, "colod.io/level"), "colod.io/level");
	assert_string_not_equal(put(&names, "kube-systems"), "kube-systems");
}

/* A reason carries the name cut short; a replay cuts the pseudonym of the pod. */
TEST(a_name_and_its_cut_form_have_the_same_pseudonym)
{
	struct reason whole = {0}, replayed = {0}, shown;
	char name[320];

	(void)snprintf(name, sizeof(name), "%0150d/%0150d", 1, 2);
	who_set(&whole, name);
	buf.n = 0;
	record_names_put_pod(&buf, &names, name);
	record_put_bytes(&buf, "", 1);
	who_set(&replayed, buf.text);
	shown = record_names_reason(&names, &whole);
	assert_string_equal(shown.who, replayed.who);
}

TEST(a_reason_without_a_pod_stays_without)
{
	struct reason reason = {.code = REASON_RELEASED, .for_us = 5};
	struct reason shown = record_names_reason(&names, &reason);

	assert_string_equal(shown.who, "");
	assert_int_equal(shown.for_us, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_hash_is_siphash),
		cmocka_unit_test(without_a_key_names_stay),
		cmocka_unit_test(one_name_has_one_pseudonym_and_nothing_of_the_name),
		cmocka_unit_test(the_layout_of_a_cgroup_can_still_be_seen),
		cmocka_unit_test(what_every_cluster_has_stays),
		cmocka_unit_test(a_name_and_its_cut_form_have_the_same_pseudonym),
		cmocka_unit_test(a_reason_without_a_pod_stays_without),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
