// SPDX-License-Identifier: LGPL-2.1-or-later
// See serve_case.h: what its pod is owed, what its node can lend, and its network.
#include "tests/lib/serve_case.h"

#include "policy/net_shape.h"

void serve_case_make_slis(struct serve_case *c)
{
	c->web_slis.serial = c->web->serial;
	c->web_slis.now[0] = (struct sli_now){
		.verdict = SLI_VIOLATED,
		.value_permille = 124,
		.measured_s = 58,
		.worst_permille = 230,
		.since_us = 4000000,
	};
	c->web_slis.now[1] = (struct sli_now){.verdict = SLI_UNMEASURED};
	c->web_slis.now[2] = (struct sli_now){
		.verdict = SLI_MET,
		.value_permille = 1250,
		.measured_s = 60,
	};
	c->sli_list[c->web->slot] = &c->web_slis;
	c->slis = (struct sli_watch){
		.pods = c->sli_list,
		.n_slots = sizeof(c->sli_list) / sizeof(c->sli_list[0]),
		.slis = {{.name = "front",
			  .bound = 50,
			  .window_us = 60000000,
			  .sign = SLI_CPU_SOME,
			  .statistic = SLI_P99},
			 {.name = "delay",
			  .bound = 10000,
			  .window_us = 60000000,
			  .sign = SLI_SCHED_DELAY,
			  .statistic = SLI_MEAN},
			 {.name = "cpi",
			  .bound = 1500,
			  .window_us = 60000000,
			  .sign = SLI_CPI,
			  .statistic = SLI_P50}},
		.n_slis = 3,
	};
}

void serve_case_make_lend(struct serve_case *c)
{
	c->lend[LEND_CPU] = (struct lend_sum){
		.state = LEND_RISING,
		.use = {.measured = true,
			.capacity = 32000,
			.reserved = 1000,
			.online = 6200,
			.other = 700,
			.offline = 2000,
			.levels = 1u << LEVEL_P0,
			.newcomers = 2000,
			.n_newcomers = 1},
		.other_peak = 1060,
		.levels_peak = 9910,
		.node_peak = 9300,
		.margin = 991,
		.kept = 12901,
		.lendable = 18099,
		.published = 16500,
		.watched_us = 7200000000,
		.cold_start_us = 3600000000,
		.until_us = 191000000,
	};
	c->lend[LEND_CPU].use.level[LEVEL_P0] = 5500;
	c->lend[LEND_CPU].level_peak[LEVEL_P0] = 8850;
	c->lend[LEND_MEMORY] = (struct lend_sum){
		.state = LEND_LEARNING,
		.use = {.measured = true,
			.capacity = 64ull << 30,
			.reserved = 655ull << 20,
			.online = 20ull << 30,
			.other = 4ull << 30,
			.offline = 8ull << 30},
		.node_peak = 21ull << 30,
		.margin = 2150ull << 20,
		.kept = (21ull << 30) + (2150ull << 20),
		.watched_us = 720000000,
		.cold_start_us = 3600000000,
	};
}

static void make_links(struct serve_case *c)
{
	c->net_view.links.n = c->net_plan.n = 2;
	c->net_view.links.list[0] = (struct net_link){.ifindex = 2,
						      .mtu = 1500,
						      .name = "eth0",
						      .root_kind = "htb",
						      .root = NET_ROOT_OURS,
						      .refusal = NET_NO_SPEED};
	c->net_view.links.list[1] = (struct net_link){.ifindex = 3,
						      .name = "eth1",
						      .root_kind = "mq",
						      .root = NET_ROOT_DEFAULT,
						      .refusal = NET_MQ_ROOT};
	c->net_plan.list[0] = (struct net_plan_link){
		.ifindex = 2,
		.name = "eth0",
		.speed_bytes_per_s = 125000000,
		.mtu = 1500,
		.mark_user = NET_USER_NONE,
		.hold = {.ceil_bytes_per_s = 50000000,
			 .online_bytes_per_s = 68750000,
			 .since_us = 9000000,
			 .reason = {.code = REASON_NET_ONLINE,
				    .level = LEVEL_NONE,
				    .rule = -1,
				    .observed = 68750000,
				    .limit = 125000000,
				    .extra = 50000000,
				    .who = "eth0"}},
		.police = NET_POLICE_ON,
		.rx_hold = {.ceil_bytes_per_s = 31250000,
			    .online_bytes_per_s = 87500000,
			    .since_us = 9000000,
			    .reason = {.code = REASON_NET_RX_ONLINE,
				       .level = LEVEL_NONE,
				       .rule = -1,
				       .observed = 87500000,
				       .limit = 125000000,
				       .extra = 31250000,
				       .who = "eth0"}},
	};
	c->net_plan.list[1] = (struct net_plan_link){
		.ifindex = 3, .name = "eth1", .refusal = NET_MQ_ROOT, .mark_user = NET_USER_NONE};
}

/* The policy of the case gives no shares: this network is of one that does. */
void serve_case_make_net(struct serve_case *c)
{
	struct net_shape_in in = {
		.policy = &c->f.policy,
		.speed_bytes_per_s = 125000000,
		.mtu = 1500,
		.active = 1u << LEVEL_P0 | 1u << LEVEL_P7,
		.limits = true,
		.held_bytes_per_s = 50000000,
	};

	c->f.policy.net.on = true;
	c->f.policy.levels[LEVEL_P0].net.share = 8;
	c->f.policy.levels[LEVEL_P7].net.share = 1;
	c->net_view = (struct net_view){.known = true, .pods = c->net_pods, .n_pods = 8};
	c->net_plan = (struct net_plan){
		.on = true, .known = true, .mark = {.mask = 0xf00, .value = 0x800, .shift = 8}};
	make_links(c);
	net_shape_make(&in, &c->net_plan.list[0].shape);
	c->net_counts[0] = (struct net_counts){
		.ifindex = 2,
		.at_us = 11000000,
		.levels = 1u << LEVEL_P0 | 1u << LEVEL_P7,
		.unmarked = {.bytes = 4096, .packets = 12},
		.level = {[LEVEL_P0] = {.bytes = 9000000000, .packets = 6000000},
			  [LEVEL_P7] = {.bytes = 700000000,
					.packets = 500000,
					.drops = 31,
					.backlog_bytes = 64000}},
		.rx_at_us = 11000000,
		.rx_bytes = 12000000000,
		.rx_offline = {.bytes = 2000000000, .packets = 1500000, .drops = 4711},
	};
	c->net_pods[c->web->slot] =
		(struct net_pod){.serial = c->web->serial, .n = 1, .ifindex = {7}};
	c->net_sent[c->web->slot] = (struct net_sent){.serial = c->web->serial,
						      .marked = true,
						      .counted = true,
						      .bytes = 8900000000,
						      .packets = 5900000};
	c->net_pods[c->batch->slot] = (struct net_pod){
		.serial = c->batch->serial, .n = 1, .ifindex = {9}, .refusal = NET_FOREIGN_CLSACT};
	c->net_sent[c->batch->slot] = (struct net_sent){.serial = c->batch->serial};
	c->net = (struct net_shown){.view = &c->net_view,
				    .plan = &c->net_plan,
				    .counts = c->net_counts,
				    .sent = c->net_sent,
				    .n_sent = 8,
				    .trouble = ""};
}
