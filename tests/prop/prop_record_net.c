// SPDX-License-Identifier: LGPL-2.1-or-later
// What must hold for every record of the network, over links, counters and pods made at random that change from pass to
// pass: what is read is what was written, and it decides the same, byte for byte. COLOD_SEED=N runs the same again.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "policy/record_net_given.h"
#include "tests/lib/fake_random.h"
#include "tests/lib/record_case.h"
#include "tests/lib/test.h"

#define CASES 150
#define PASSES 25
#define SLOTS 64
#define SECOND 1000000
#define NOW FAKE_RANDOM_NOW_US

static const char *const policies[] = {
	"version: 1\nmode: squeeze\nnet: {uplinks: routes, headroom: 5%}\n"
	"levels:\n"
	"  P1: {role: online, net: {share: 8, min: 20%}}\n"
	"  P4: {role: online, net: {share: 4}}\n"
	"  P7: {role: offline, net: {share: 1, ceiling: 60%}}\n"
	"assign:\n"
	"  - {match: {qos: Guaranteed}, level: P1}\n"
	"  - {match: {qos: Burstable}, level: P4}\n"
	"  - {match: {qos: BestEffort}, level: P7}\n",
	"version: 1\nmode: squeeze\nnet: {uplinks: [speed, eth1], speed: {speed: 25Gbit/s, link: 2Mbit/s}}\n"
	"levels:\n"
	"  P4: {role: online, net: {share: none}}\n"
	"  P6: {role: offline, net: {share: 3}}\n"
	"  P7: {role: offline, net: {share: 1}}\n"
	"assign:\n"
	"  - {match: {qos: Burstable}, level: P6}\n"
	"  - {match: {qos: BestEffort}, level: P7}\n"
	"  - {match: {qos: Guaranteed}, level: P4}\n",
	"version: 1\nmode: squeeze\n",
};

static const char *const link_names[] = {"eth0", "eth1",     "speed",		"link",
					 "on",	 "a\x1b \\", "podbr0-with-tail"};

static uint64_t seed;

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			fail_msg("COLOD_SEED=%" PRIu64 " case %d: %s", seed, number, #condition);  \
	} while (0)

/* The network of a case. */
struct net_case {
	struct net_view view;
	struct net_pod pods[SLOTS];
	struct net_sent sent[SLOTS];
	struct net_counts counts[2][NET_LINKS];
	uint64_t r;
};

static uint64_t below(struct net_case *n, uint64_t most)
{
	return fake_random_below(&n->r, most);
}

static void change_links(struct net_case *n)
{
	struct net_links *links = &n->view.links;

	links->n = (uint32_t)below(n, 4) ? 1 + (uint32_t)below(n, 3)
					 : (uint32_t)below(n, NET_LINKS + 1);
	for (uint32_t i = 0; i < links->n; i++) {
		static const uint64_t mbits[] = {0, 1, 100, 1000, 10000, 400000, 100000000};
		struct net_link *link = &links->list[i];

		*link = (struct net_link){
			.ifindex = 1 + (int32_t)i + (int32_t)below(n, 2) * NET_LINKS,
			.mtu = below(n, 4) ? 1500 : (uint32_t)below(n, 65536),
			.speed_bytes_per_s = mbits[below(n, 7)] * 125000,
		};
		(void)snprintf(link->name, sizeof(link->name), "%.15s", link_names[below(n, 7)]);
		if (below(n, 4) == 0)
			link->refusal = (enum net_refusal)below(n, NET_REFUSAL_COUNT);
		else if (link->speed_bytes_per_s == 0)
			link->refusal = NET_NO_SPEED;
	}
	n->view.mark_users = below(n, 6) ? 0 : (uint32_t)below(n, 1u << NET_USER_COUNT);
}

static void change_ends(struct net_case *n, const struct model *m)
{
	for (size_t i = 0; i < m->n_pods; i++) {
		uint32_t slot = m->pods[i]->slot;
		struct net_pod *pod = slot < SLOTS ? &n->pods[slot] : NULL;

		if (!pod || below(n, 4) != 0)
			continue;
		*pod = (struct net_pod){.serial = m->pods[i]->serial, .n = (uint32_t)below(n, 5)};
		for (uint32_t e = 0; e < pod->n; e++)
			pod->ifindex[e] = 1 + (int32_t)below(n, 100);
		if (below(n, 3) == 0)
			pod->refusal = (enum net_refusal)below(n, NET_REFUSAL_COUNT);
		n->sent[slot] = (struct net_sent){.serial = pod->serial, .marked = below(n, 2)};
	}
}

static void count_more(struct net_case *n, struct net_count *count, uint64_t speed)
{
	uint64_t bytes = below(n, speed / 2 + 1);

	if (below(n, 60) == 0)
		*count = (struct net_count){.bytes = below(n, 1000)};
	count->bytes += bytes;
	count->packets += bytes / 1000;
}

/* As the agent has them when a round is over. */
static void count(struct net_case *n, int64_t now_us)
{
	memcpy(n->counts[0], n->counts[1], sizeof(n->counts[0]));
	for (uint32_t i = 0; i < n->view.links.n; i++) {
		const struct net_link *link = &n->view.links.list[i];
		struct net_counts *now = &n->counts[1][i];
		bool busy = below(n, 3);

		if (now->ifindex != link->ifindex || below(n, 20) == 0) {
			n->counts[0][i] = (struct net_counts){0};
			*now = (struct net_counts){.ifindex = link->ifindex};
		}
		now->at_us = below(n, 20) ? now_us - (int64_t)below(n, SECOND / 4) : 0;
		count_more(n, &now->unmarked, 1000000);
		for (int level = 0; level < LEVEL_COUNT; level++)
			if (busy || below(n, 3) == 0)
				count_more(n, &now->level[level], link->speed_bytes_per_s);
	}
}

static void change(struct record_case *c, struct net_case *n, const struct fake *f, int64_t now_us)
{
	if (below(n, 8) == 0)
		change_links(n);
	n->view.known = below(n, 15) != 0;
	change_ends(n, &f->model);
	c->counted = c->counts = NULL;
	if (below(n, 4) != 0) {
		count(n, now_us);
		c->counted = n->counts[0];
		c->counts = n->counts[1];
	}
	c->view = below(n, 20) ? &n->view : NULL;
	c->unasked = below(n, 20) == 0;
	c->busy = below(n, 10) == 0;
	if (below(n, 8) == 0)
		c->modes.by[RESOURCE_NET] = (enum mode)below(n, MODE_COUNT);
	net_pace_found(&c->net.pace, below(n, 2), below(n, 6) == 0, (uint32_t)below(n, 2));
	/* A pass that could not be recorded decided, too. */
	if (below(n, 30) == 0 && c->net.plan.n > 0)
		c->net.plan.list[0].hold.ceil_bytes_per_s /= 2;
}

static void make(struct record_case *c, int number, const struct record_names *names,
		 void (*check)(const struct record_case *c, int number))
{
	struct net_case n = {.r = seed + (uint64_t)number + 1};
	int64_t now_us = NOW;
	struct fake f;

	n.view.pods = n.pods;
	n.view.n_pods = SLOTS;
	fake_random(&f, seed + (uint64_t)number);
	record_case_open_with(c, names, policies[number % 12 == 2 ? 2 : number % 2]);
	c->modes.by[RESOURCE_NET] = MODE_SQUEEZE;
	c->sent = n.sent;
	change_links(&n);
	for (int pass = 0; pass < PASSES; pass++) {
		change(c, &n, &f, now_us);
		record_case_pass(c, &f, now_us);
		if (check)
			check(c, number);
		now_us += 1 + (int64_t)below(&n, below(&n, 8) ? 2 * SECOND : 20 * SECOND);
	}
	fake_free(&f);
}

static bool same_link(const struct net_link *a, const struct net_link *b)
{
	return a->ifindex == b->ifindex && a->mtu == b->mtu && strcmp(a->name, b->name) == 0 &&
	       a->speed_bytes_per_s == b->speed_bytes_per_s && a->refusal == b->refusal;
}

static bool same_growth(const struct net_count *a0, const struct net_count *a1,
			const struct net_count *b0, const struct net_count *b1)
{
	return a1->bytes - a0->bytes == b1->bytes - b0->bytes &&
	       a1->packets - a0->packets == b1->packets - b0->packets &&
	       (a1->bytes < a0->bytes) == (b1->bytes < b0->bytes);
}

static void check_counts(const struct record_case *c, const struct record_net_given *given,
			 int number)
{
	for (uint32_t i = 0; c->counts && i < c->view->links.n; i++) {
		const struct net_counts *was = &c->counted[i], *is = &c->counts[i];

		if (was->at_us == 0 || is->at_us < was->at_us)
			continue;
		CHECK(given->counted);
		CHECK(given->now[i].ifindex == is->ifindex);
		CHECK(given->now[i].at_us - given->before[i].at_us == is->at_us - was->at_us);
		CHECK(same_growth(&was->unmarked, &is->unmarked, &given->before[i].unmarked,
				  &given->now[i].unmarked));
		for (int level = 0; level < LEVEL_COUNT; level++)
			CHECK(same_growth(&was->level[level], &is->level[level],
					  &given->before[i].level[level],
					  &given->now[i].level[level]));
	}
}

/* Reads all that was written so far and compares the last pass. */
static void check_last(const struct record_case *c, int number)
{
	struct record_reader *reader = record_case_read(&c->text);
	const struct record_net_given *net = NULL;
	char error[RECORD_ERROR_SIZE];
	struct record_replayed given;
	int r;

	while ((r = record_reader_pass(reader, error, &given)) == 1)
		net = given.net;
	if (r < 0)
		fail_msg("COLOD_SEED=%" PRIu64 " case %d: %s", seed, number, error);
	CHECK(!net == !c->view);
	if (net) {
		CHECK(net->asked == !c->unasked && net->view.known == c->view->known);
		CHECK(net->view.mark_users == c->view->mark_users);
		CHECK(net->view.links.n == c->view->links.n);
		for (uint32_t i = 0; i < net->view.links.n; i++)
			CHECK(same_link(&net->view.links.list[i], &c->view->links.list[i]));
		check_counts(c, net, number);
	}
	record_reader_free(reader);
}

TEST(what_is_read_is_what_was_written)
{
	for (int number = 0; number < CASES / 5; number++) {
		struct record_case c;

		make(&c, number, NULL, check_last);
		record_case_close(&c);
	}
}

TEST(a_replay_decides_the_same_byte_for_byte)
{
	int held = 0, brief = 0;

	for (int number = 0; number < CASES; number++) {
		struct record_case c;
		uint64_t differs = 0;

		make(&c, number, NULL, NULL);
		CHECK(record_case_replay(&c.text, &differs) == PASSES);
		CHECK(differs == 0);
		held += record_case_has(&c.text, "> net link") &&
			record_case_has(&c.text, " code=net-online");
		brief += record_case_has(&c.text, "> net round brief");
		record_case_close(&c);
	}
	assert_in_range(held, CASES / 5, CASES);
	assert_in_range(brief, CASES / 5, CASES);
}

TEST(and_so_does_one_with_pseudonyms)
{
	const struct record_names names = {{1, 2}};

	for (int number = 0; number < CASES; number++) {
		struct record_case c;
		uint64_t differs = 0;

		make(&c, number, &names, NULL);
		CHECK(record_case_replay(&c.text, &differs) == PASSES);
		CHECK(differs == 0);
		CHECK(!record_case_has(&c.text, "eth0") && !record_case_has(&c.text, "podbr0"));
		CHECK(!record_case_has(&c.text, "eth1"));
		record_case_close(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_read_is_what_was_written),
		cmocka_unit_test(a_replay_decides_the_same_byte_for_byte),
		cmocka_unit_test(and_so_does_one_with_pseudonyms),
	};
	const char *given = getenv("COLOD_SEED");

	seed = given ? strtoull(given, NULL, 10) : 20260101;
	print_message("# COLOD_SEED=%" PRIu64 ", %d cases per property\n", seed, CASES);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
