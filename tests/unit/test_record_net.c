// SPDX-License-Identifier: LGPL-2.1-or-later
// The network in a record: what is written is read as itself, it decides the same, and what is no such line is refused.
#include "policy/record_net.h"
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/record_net_given.h"
#include "tests/lib/decide_case.h"
#include "tests/lib/record_case.h"

#define S 1000000ll
#define NOW (1000 * S)
#define MBIT 125000ull
#define POLICY                                                                                     \
	"version: 1\n"                                                                             \
	"mode: squeeze\n"                                                                          \
	"net: {uplinks: [eth0, link], speed: {eth0: 10Gbit/s}, headroom: 5%}\n"                    \
	"levels:\n"                                                                                \
	"  P4: {role: online, net: {share: 4}}\n"                                                  \
	"  P7: {role: offline, net: {share: 1}}\n"                                                 \
	"assign:\n"                                                                                \
	"  - {match: {qos: Burstable}, level: P4}\n"                                               \
	"  - {match: {qos: BestEffort}, level: P7}\n"

static struct record_case c;
static struct fake f;
static const struct pod *web, *hog;
static struct net_view view;
static struct net_counts counts[2][NET_LINKS];
static struct record_net_given given;
static struct record_buf buf;

static struct net_link *link_add(int32_t ifindex, const char *name)
{
	struct net_link *link = &view.links.list[view.links.n++];

	*link = (struct net_link){
		.ifindex = ifindex, .mtu = 1500, .speed_bytes_per_s = 1000 * MBIT};
	(void)snprintf(link->name, sizeof(link->name), "%s", name);
	return link;
}

static void open_with(const struct record_names *names, const char *policy)
{
	record_case_close(&c);
	record_case_open_with(&c, names, policy);
	c.modes.by[RESOURCE_NET] = MODE_SQUEEZE;
	c.view = &view;
}

static int setup(void **state)
{
	(void)state;
	fake_init(&f);
	web = fake_pod(&f, B1, QOS_BURSTABLE);
	hog = fake_pod(&f, O1, QOS_BESTEFFORT);
	view = (struct net_view){.known = true};
	(void)link_add(2, "eth0");
	memset(counts, 0, sizeof(counts));
	given = (struct record_net_given){0};
	buf = (struct record_buf){0};
	record_case_open(&c, NULL);
	open_with(NULL, POLICY);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	record_case_close(&c);
	fake_free(&f);
	record_net_given_done(&given);
	record_buf_free(&buf);
	return 0;
}

/* Of the first link: what was sent since the pass before, in a second. */
static void sent(uint64_t online_bytes, uint64_t offline_bytes)
{
	struct net_counts *before = &counts[0][0], *now = &counts[1][0];

	*before = now->at_us > 0 ? *now : (struct net_counts){.ifindex = 2, .at_us = NOW};
	*now = *before;
	now->at_us += S;
	now->level[LEVEL_P4].bytes += online_bytes;
	now->level[LEVEL_P7].bytes += offline_bytes;
	c.counted = counts[0];
	c.counts = counts[1];
}

/* How much longer the record is for it. */
static size_t pass(int64_t at_us)
{
	size_t before = c.text.n;

	record_case_pass(&c, &f, NOW + at_us);
	c.counted = c.counts = NULL;
	return c.text.n - before;
}

static void assert_replays(uint64_t passes)
{
	uint64_t differs = 0;

	assert_int_equal(record_case_replay(&c.text, &differs), passes);
	assert_int_equal(differs, 0);
}

/* Lines that all begin with "net". */
static int get(const char *text, size_t len)
{
	struct record_line rest = {text, len};
	int r = 0;

	record_net_given_begin(&given);
	while (r == 0 && rest.len > 0) {
		const char *end = memchr(rest.at, '\n', rest.len);
		struct record_line line, word;

		assert_non_null(end);
		line = (struct record_line){rest.at, (size_t)(end - rest.at)};
		rest.len -= line.len + 1;
		rest.at = end + 1;
		assert_true(record_next(&line, &word) && record_is(&word, "net"));
		r = record_net_given_get(&line, NOW, &given);
	}
	return r;
}

static int get_text(const char *text)
{
	return get(text, strlen(text));
}

#define POLICING                                                                                   \
	"version: 1\n"                                                                             \
	"mode: squeeze\n"                                                                          \
	"net: {uplinks: [eth0], speed: 10Gbit/s, police-ingress: true}\n"                          \
	"levels:\n"                                                                                \
	"  P4: {role: online, net: {share: 4}}\n"                                                  \
	"  P7: {role: offline, net: {share: 1}}\n"                                                 \
	"assign:\n"                                                                                \
	"  - {match: {qos: Burstable}, level: P4}\n"                                               \
	"  - {match: {qos: BestEffort}, level: P7}\n"

/* The same, of what arrived. */
static void arrived(uint64_t online_bytes, uint64_t offline_bytes)
{
	struct net_counts *now = &counts[1][0];

	sent(0, 0);
	if (counts[0][0].rx_at_us == 0)
		counts[0][0].rx_at_us = now->rx_at_us = NOW;
	now->rx_at_us += S;
	now->rx_bytes += online_bytes + offline_bytes;
	now->rx_offline.bytes += offline_bytes;
	now->rx_offline.packets += offline_bytes / 1000;
}

TEST(a_hold_of_what_arrives_is_replayed)
{
	open_with(NULL, POLICING);
	(void)pass(0);
	for (int i = 1; i <= 3; i++) {
		arrived(200 * MBIT, 40 * MBIT);
		(void)pass(i * S);
	}
	assert_int_equal(c.net.plan.list[0].police, NET_POLICE_ON);
	assert_int_equal(c.net.plan.list[0].rx_hold.ceil_bytes_per_s, (10000 - 200 - 500) * MBIT);
	assert_int_equal(c.net.plan.list[0].hold.ceil_bytes_per_s, 0);
	for (int i = 4; i <= 15; i++) {
		arrived(0, 40 * MBIT);
		(void)pass(i * S);
	}
	assert_int_equal(c.net.plan.list[0].rx_hold.ceil_bytes_per_s, 0);
	assert_int_equal(c.net.plan.list[0].rx_hold.reason.code, REASON_NET_RX_IDLE);
	assert_replays(16);
}

TEST(a_hold_of_what_arrives_that_nobody_recorded_is_told)
{
	open_with(NULL, POLICING);
	(void)pass(0);
	arrived(200 * MBIT, 40 * MBIT);
	c.busy = true;
	(void)pass(S);
	assert_false(record_case_has(&c.text, "\nnet had "));
	c.busy = false;
	c.net.plan.list[0].rx_hold.ceil_bytes_per_s = 77 * MBIT;
	(void)pass(S + S / 10);
	assert_true(record_case_has(&c.text, "\nnet had ceiling=9625000 online=25000000 "));
	assert_replays(3);
}

/* With tunnels and another uplink nobody is held for what arrives. */
TEST(tunnels_are_in_the_record)
{
	open_with(NULL, POLICING);
	view.links.n_tunnels = 2;
	(void)link_add(3, "eth1");
	arrived(200 * MBIT, 40 * MBIT);
	(void)pass(0);
	assert_int_equal(c.net.plan.list[0].police, NET_POLICE_TUNNELS);
	assert_replays(1);
	assert_int_equal(get_text("net view asked=1 known=1 users=0 tunnels=2\n"), 0);
	assert_int_equal(given.view.links.n_tunnels, 2);
	assert_int_equal(get_text("net view asked=1 known=1 users=0\n"), 0);
	assert_int_equal(given.view.links.n_tunnels, 0);
}

TEST(what_is_no_line_of_arrivals_is_refused)
{
	static const char *const bad[] = {
		"net arrived 1 span=5 all=5\n",
		"net arrived 0 span=5\n",
		"net arrived 0 all=5 span=5\n",
		"net arrived 0 span=5 all=5 offline=5\n",
		"net arrived 0 span=5 all=5 offline=5,1 more=1\n",
		"net arrived 0 span=-5 all=5\n",
		"net had ceiling=1 online=1 since=1 cut=1 grown=0 idle=0 looked=1 name=eth0\n",
		"net view asked=1 known=1 users=0 tunnels=x\n",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(get_text("net view asked=1 known=1 users=0\n"
					  "net link 2 speed=5 mtu=1500 refusal=fine name=eth0\n"),
				 0);
		assert_int_equal(get_text("net arrived 0 span=5 all=5 offline=5,1\n"), 0);
		assert_int_equal(given.now[0].rx_at_us - given.before[0].rx_at_us, 5);
		assert_int_equal(get_text(bad[i]), -EBADMSG);
	}
}

TEST(a_ceiling_is_cut_and_grown_again_by_a_replay)
{
	(void)pass(0);
	sent(6000 * MBIT, 3000 * MBIT);
	(void)pass(S);
	assert_int_equal(c.net.plan.list[0].hold.ceil_bytes_per_s, 3500 * MBIT);
	sent(2000 * MBIT, 3000 * MBIT);
	(void)pass(3 * S);
	assert_true(c.net.plan.list[0].hold.ceil_bytes_per_s > 3500 * MBIT);
	assert_true(record_case_has(&c.text, "> net link eth0 2 fine speed=1250000000 "));
	assert_true(record_case_has(&c.text, "code=net-online level=- rule=-1 observed=750000000"));
	assert_true(record_case_has(&c.text, "> net round brief: another ceiling is wanted\n"));
	assert_replays(3);
}

TEST(a_replay_says_where_it_decides_something_else)
{
	uint64_t differs = 0;
	char *at;

	(void)pass(0);
	sent(6000 * MBIT, 3000 * MBIT);
	(void)pass(S);
	at = memmem(c.text.text, c.text.n, " P4=750000000,", 14);
	assert_non_null(at);
	at[4] = '6';
	assert_int_equal(record_case_replay(&c.text, &differs), 2);
	assert_int_equal(differs, 2);
}

TEST(without_a_look_not_a_byte_is_written)
{
	c.view = NULL;
	(void)pass(0);
	(void)pass(S);
	assert_false(record_case_has(&c.text, "\nnet "));
	assert_false(record_case_has(&c.text, "> net "));
	assert_replays(2);
}

TEST(what_is_as_it_was_is_not_said_again)
{
	size_t first, quiet;

	(void)pass(0);
	c.view = NULL;
	(void)pass(S / 10);
	quiet = pass(2 * S / 10);
	c.view = &view;
	first = pass(3 * S / 10);
	assert_true(first > quiet);
	assert_int_equal(pass(4 * S / 10), quiet);
	assert_true(record_case_has(&c.text, "net off\n"));
	assert_replays(5);
}

TEST(a_state_that_nobody_recorded_is_told)
{
	(void)pass(0);
	sent(6000 * MBIT, 0);
	c.busy = true;
	(void)pass(S);
	assert_false(record_case_has(&c.text, "\nnet from "));
	/* That round was not handed in, and another pass has decided meanwhile. */
	c.busy = false;
	c.net.plan.list[0].hold.ceil_bytes_per_s = 77 * MBIT;
	(void)pass(S + S / 10);
	assert_true(record_case_has(&c.text, "\nnet from on=1 known=1 "));
	assert_true(
		record_case_has(&c.text, "\nnet was 2 speed=1250000000 mtu=1500 refusal=fine "));
	assert_replays(3);
}

TEST(a_link_that_cannot_be_read_keeps_all_that_it_had)
{
	(void)pass(0);
	sent(6000 * MBIT, 0);
	(void)pass(S);
	c.net.pace.again = true;
	view.links.list[0].refusal = NET_UNREAD;
	(void)pass(2 * S);
	assert_int_equal(c.net.plan.list[0].refusal, NET_FINE);
	view.known = false;
	(void)pass(30 * S);
	assert_int_equal(c.net.plan.list[0].hold.reason.code, REASON_NET_BLIND);
	assert_replays(4);
}

TEST(counters_that_went_back_are_no_measurement_in_a_replay_either)
{
	(void)pass(0);
	sent(6000 * MBIT, 0);
	counts[1][0].level[LEVEL_P7].bytes = 0;
	counts[0][0].level[LEVEL_P7].bytes = UINT64_MAX;
	(void)pass(S);
	assert_true(record_case_has(&c.text, " P7=-18446744073709551615,0\n"));
	assert_int_equal(c.net.plan.list[0].hold.ceil_bytes_per_s, 0);
	assert_replays(2);
}

TEST(a_link_of_unknown_speed_is_told_with_what_to_do)
{
	open_with(NULL, "version: 1\nmode: squeeze\nnet: {uplinks: routes}\n");
	view.links.list[0].speed_bytes_per_s = 0;
	view.links.list[0].refusal = NET_NO_SPEED;
	(void)pass(0);
	assert_true(record_case_has(&c.text, "> net link eth0 2 no-speed: not shaped: nobody says "
					     "how fast it is: give it a speed"));
	assert_false(record_case_has(&c.text, "> net class"));
	assert_false(record_case_has(&c.text, "> net mark"));
	assert_replays(1);
}

TEST(ends_of_pods_come_back_and_are_told)
{
	struct net_pod pods[8] = {0};
	struct net_sent marks[8] = {0};

	pods[web->slot] = (struct net_pod){.serial = web->serial, .n = 2, .ifindex = {7, 9}};
	pods[hog->slot] = (struct net_pod){.serial = hog->serial, .refusal = NET_HOST_NETWORK};
	marks[web->slot].marked = true;
	view.pods = pods;
	view.n_pods = 8;
	c.sent = marks;
	(void)pass(0);
	assert_true(record_case_has(&c.text, " refusal=fine marked=1 ends=7,9\n"));
	assert_true(record_case_has(&c.text, " marked level=P7 refusal=host-network: it uses"));
	assert_int_equal(get_text("net view asked=1 known=1 users=0\n"
				  "net pod 1 5 refusal=fine marked=1 ends=7,9\n"),
			 0);
	assert_int_equal(given.view.n_pods, 2);
	assert_int_equal(given.view.pods[1].n, 2);
	assert_int_equal(given.view.pods[1].ifindex[1], 9);
	assert_true(given.sent[1].marked && given.sent[1].serial == 5);
	assert_replays(1);
}

/* The policy's speed counts for the link of its name, so both have the same pseudonym; and "link" is no word there. */
TEST(with_pseudonyms_a_link_has_one_name)
{
	const struct record_names names = {{1, 2}};

	open_with(&names, POLICY);
	link_add(3, "link")->refusal = NET_MQ_ROOT;
	(void)pass(0);
	sent(6000 * MBIT, 0);
	(void)pass(S);
	assert_int_equal(c.net.plan.list[0].speed_bytes_per_s, 10000 * MBIT);
	assert_false(record_case_has(&c.text, "eth0"));
	assert_false(record_case_has(&c.text, "name=link"));
	assert_false(record_case_has(&c.text, ", link]"));
	assert_replays(2);
}

TEST(a_name_of_any_bytes_is_one_word)
{
	(void)snprintf(view.links.list[0].name, NET_NAME_SIZE, "a\x1b[2J \\\xff");
	(void)pass(0);
	assert_true(record_case_has(&c.text, "name=a\\x1b[2J\\x20\\x5c\\xff\n"));
	assert_replays(1);
}

TEST(a_line_that_is_cut_is_refused)
{
	static const char text[] =
		"net view asked=1 known=0 users=4\n"
		"net link 2 speed=5 mtu=1500 refusal=no-speed name=eth0\n"
		"net sent 0 span=1000000 unmarked=1,2 P7=-3,4\n"
		"net pod 3 9 refusal=fine marked=0 ends=7-8\n"
		"net from on=1 known=1 mark=1/2/3 handed=4 whole=5 again=1 changing=6 digest=7 ceilings=8\n"
		"net was 2 speed=250000 mtu=1500 refusal=fine user=-1 levels=144 offline=128 ceiling=1 online=2 "
		"since=3 cut=4 grown=5 idle=6 looked=7 name=eth0 code=net-idle level=- rule=-1 observed=1 limit=2 "
		"for=3 extra=4 who=eth0\n";

	assert_int_equal(get_text(text), 0);
	assert_true(given.counted && given.state_given && given.on && !given.view.known);
	assert_int_equal(given.before[0].level[LEVEL_P7].bytes, 3);
	assert_int_equal(given.now[0].level[LEVEL_P7].packets, 4);
	assert_int_equal(given.now[0].at_us - given.before[0].at_us, S);
	assert_int_equal(given.state.plan.list[0].hold.looked_us, 7);
	assert_int_equal(given.state.plan.list[0].mark_user, NET_USER_NONE);
	for (size_t i = 4; i < sizeof(text) - 1; i++) {
		char part[sizeof(text) + 1];

		/* Without its last words a line is a shorter one of its kind. */
		if (text[i] != ' ' || memcmp(text + i, " P7=", 4) == 0 ||
		    memcmp(text + i, " unmarked=", 10) == 0 || memcmp(text + i, " code=", 6) == 0 ||
		    memcmp(text + i - 3, "net", 3) == 0)
			continue;
		memcpy(part, text, i);
		part[i] = '\n';
		record_net_given_done(&given);
		assert_int_equal(get(part, i + 1), -EBADMSG);
	}
}

TEST(what_no_agent_writes_is_refused)
{
	static const char *const lines[] = {
		"net link 0 speed=1 mtu=1 refusal=fine name=a\n",
		"net link 1 speed=1 mtu=2147483648 refusal=fine name=a\n",
		"net link 1 speed=1 mtu=1 refusal=well name=a\n",
		"net link 1 speed=1 mtu=1 refusal=fine name=\"\"\n",
		"net link 1 speed=1 mtu=1 refusal=fine name=sixteen-letters-\n",
		"net link 1 speed=1 mtu=1 refusal=fine name=a b\n",
		"net sent 0 span=1\n",
		"net pod 4096 1 refusal=fine marked=0 ends=-\n",
		"net pod 1 1 refusal=fine marked=0 ends=1-5\n",
		"net was 1 speed=1\n",
		"net from on=1 known=1 mark=1/2/30 handed=0 whole=0 again=0 changing=0 digest=0 ceilings=0\n",
		"net from on=1 known=1 mark=1/2/3 handed=1000000001 whole=0 again=0 changing=0 digest=0 ceilings=0\n",
		"net else\n",
	};
	char text[512];

	assert_int_equal(get_text("net off\n"), -EBADMSG);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		record_net_given_done(&given);
		assert_int_equal(get_text(lines[i]), -EBADMSG);
		(void)snprintf(text, sizeof(text), "net view asked=1 known=1 users=0\n%s",
			       lines[i]);
		assert_int_equal(get_text(text), -EBADMSG);
	}
}

TEST(more_links_than_there_is_room_for_are_refused)
{
	static const char line[] = "net link 1 speed=1 mtu=1 refusal=fine name=a\n";

	record_put(&buf, "net view asked=1 known=1 users=0\n");
	for (int i = 0; i < NET_LINKS; i++)
		record_put(&buf, line);
	assert_int_equal(get(buf.text, buf.n), 0);
	record_put(&buf, line);
	assert_int_equal(get(buf.text, buf.n), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		CASE(a_ceiling_is_cut_and_grown_again_by_a_replay),
		CASE(a_replay_says_where_it_decides_something_else),
		CASE(without_a_look_not_a_byte_is_written),
		CASE(what_is_as_it_was_is_not_said_again),
		CASE(a_state_that_nobody_recorded_is_told),
		CASE(a_link_that_cannot_be_read_keeps_all_that_it_had),
		CASE(counters_that_went_back_are_no_measurement_in_a_replay_either),
		CASE(a_link_of_unknown_speed_is_told_with_what_to_do),
		CASE(ends_of_pods_come_back_and_are_told),
		CASE(with_pseudonyms_a_link_has_one_name),
		CASE(a_name_of_any_bytes_is_one_word),
		CASE(a_line_that_is_cut_is_refused),
		CASE(what_no_agent_writes_is_refused),
		CASE(more_links_than_there_is_room_for_are_refused),
		CASE(a_hold_of_what_arrives_is_replayed),
		CASE(a_hold_of_what_arrives_that_nobody_recorded_is_told),
		CASE(tunnels_are_in_the_record),
		CASE(what_is_no_line_of_arrivals_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
