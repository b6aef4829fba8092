// SPDX-License-Identifier: LGPL-2.1-or-later
// Rounds over the network by agent/net_round.c, as the agent's worker makes them:
//
//	net_tc look|apply|remove|loop [uplink=NAME] [speed=BYTES] [mq] [mask=0xM value=0xV shift=N]
//		[unmarked=RATE:CEIL] [offline=RATE:CEIL] [level=L:RATE:CEIL] [below=L:RATE:CEIL] [pod=CGROUP:LEVEL]
//
// below= is a level below the offline class. `loop` changes the ceilings up and down until it is
// killed. One line for each uplink and each pod, and one at the end.
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/fs.h"
#include "agent/base/log.h"
#include "agent/net_round.h"
#include "policy/names_net.h"

#define PODS 256
#define ROUNDS 40
#define ROUND_US 100000
#define BURST_BYTES 20000
#define QUANTUM_BYTES 3000

static struct net_round_wanted wanted;
static struct net_shape shape;

static struct net_class class_of(const char *text)
{
	struct net_class c = {.burst_bytes = BURST_BYTES,
			      .cburst_bytes = BURST_BYTES,
			      .quantum_bytes = QUANTUM_BYTES};

	(void)sscanf(text, "%" SCNu64 ":%" SCNu64, &c.rate_bytes_per_s, &c.ceil_bytes_per_s);
	return c;
}

static void read_level(const char *text, bool below)
{
	unsigned level = (unsigned)strtoul(text, NULL, 10) & 7;

	shape.level[level] = class_of(strchr(text, ':') + 1);
	shape.levels |= 1u << level;
	shape.offline_levels |= (unsigned)below << level;
}

static void read_pod(char *text)
{
	char *colon = strrchr(text, ':');

	*colon = '\0';
	wanted.pods[wanted.n_pods] = (struct net_round_pod){
		.serial = wanted.n_pods + 1,
		.cgroup_path = text,
		.marked = true,
		.level = (enum level)atoi(colon + 1),
	};
	wanted.n_pods++;
}

static void read_word(char *word)
{
	char *value = strchr(word, '=');

	if (!value) {
		wanted.asked.replace_mq |= strcmp(word, "mq") == 0;
		return;
	}
	*value++ = '\0';
	if (strcmp(word, "uplink") == 0)
		(void)snprintf(wanted.asked.names[wanted.asked.n++], NET_NAME_SIZE, "%s", value);
	else if (strcmp(word, "speed") == 0)
		wanted.asked.speed_bytes_per_s = strtoull(value, NULL, 10);
	else if (strcmp(word, "mask") == 0)
		wanted.plan.mark.mask = (uint32_t)strtoul(value, NULL, 16);
	else if (strcmp(word, "value") == 0)
		wanted.plan.mark.value = (uint32_t)strtoul(value, NULL, 16);
	else if (strcmp(word, "shift") == 0)
		wanted.plan.mark.shift = (uint32_t)strtoul(value, NULL, 10);
	else if (strcmp(word, "unmarked") == 0)
		shape.unmarked = class_of(value);
	else if (strcmp(word, "offline") == 0)
		shape.offline = class_of(value);
	else if (strcmp(word, "level") == 0 || strcmp(word, "below") == 0)
		read_level(value, word[0] == 'b');
	else if (strcmp(word, "pod") == 0 && wanted.n_pods < PODS)
		read_pod(value);
}

/* The plan for the uplinks as they are; the agent makes it from the policy. */
static void plan(const struct net_round_found *found, bool on)
{
	wanted.plan.on = on;
	wanted.plan.n = found->links.n;
	for (uint32_t i = 0; i < found->links.n; i++) {
		const struct net_link *link = &found->links.list[i];
		struct net_plan_link *p = &wanted.plan.list[i];

		*p = (struct net_plan_link){
			.ifindex = link->ifindex, .refusal = link->refusal, .shape = shape};
		p->shape.root = (struct net_class){
			.rate_bytes_per_s = link->speed_bytes_per_s,
			.ceil_bytes_per_s = link->speed_bytes_per_s,
			.burst_bytes = BURST_BYTES,
			.cburst_bytes = BURST_BYTES,
		};
	}
}

static void tell(const struct net_round_found *found, uint32_t n_steps)
{
	if (found->error < 0)
		printf("look error=%s cause=%s\n", strerror(-found->error), found->cause);
	for (uint32_t i = 0; i < found->links.n; i++) {
		const struct net_link *l = &found->links.list[i];
		const struct net_round_link *of = &found->of_link[i];

		printf("link %s root=%s speed=%" PRIu64
		       " refusal=%s end=%d error=%d what=%s cause=%s\n",
		       l->name, l->root_kind, l->speed_bytes_per_s, names_net_refusal(l->refusal),
		       (int)of->result.end, of->result.error, net_tc_do_name(of->result.what),
		       of->cause);
		printf("count %s unmarked=%" PRIu64, l->name, of->counts.unmarked.packets);
		for (unsigned level = 0; level < LEVEL_COUNT; level++)
			printf(" P%u=%" PRIu64, level, of->counts.level[level].packets);
		printf("\n");
	}
	for (size_t i = 0; i < found->n_pods; i++) {
		const struct net_round_told *t = &found->pods[i];

		printf("pod %s n=%u ifindex=%d refusal=%s end=%d error=%d packets=%" PRIu64 "\n",
		       wanted.pods[i].cgroup_path, t->pod.n, t->pod.n ? t->pod.ifindex[0] : 0,
		       names_net_refusal(t->pod.refusal), (int)t->result.end, t->result.error,
		       t->counts.packets);
	}
	printf("steps=%u left=%u again=%d unclear=%u\n", n_steps, found->n_left, found->again,
	       found->n_unclear);
}

int main(int argc, char **argv)
{
	static struct net_round_found found;
	static struct net_round_pod pods[PODS];
	int root_fd = -EBADF, cgroup_fd = -EBADF;
	struct net_round *round;
	uint32_t n_steps = 0;
	bool loop;

	if (argc < 2)
		return 2;
	log_open(LOG_INFO);
	wanted.pods = pods;
	for (int i = 2; i < argc; i++)
		read_word(argv[i]);
	loop = strcmp(argv[1], "loop") == 0;
	if (fs_open_root("/", &root_fd) < 0 ||
	    fs_open_dir(root_fd, "sys/fs/cgroup", &cgroup_fd) < 0 ||
	    net_round_new(root_fd, cgroup_fd, &round) < 0)
		return 1;
	net_round_run(round, &wanted, &found);
	wanted.apply = strcmp(argv[1], "look") != 0;
	for (int n = 0; wanted.apply && (loop || n < ROUNDS); n++) {
		/* Never to a half: another process may be at work for somebody who counts. */
		if (loop)
			shape.offline.ceil_bytes_per_s += n % 2 ? 4096 : -4096;
		plan(&found, strcmp(argv[1], "remove") != 0);
		net_round_run(round, &wanted, &found);
		n_steps += found.n_steps;
		if (!loop && !found.again)
			break;
		(void)usleep(loop ? 5000 : ROUND_US);
	}
	tell(&found, n_steps);
	net_round_found_done(&found);
	net_round_free(round);
	return found.error < 0;
}
