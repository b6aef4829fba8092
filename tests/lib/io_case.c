// SPDX-License-Identifier: LGPL-2.1-or-later
// See io_case.h.
#include "tests/lib/io_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/decide.h"
#include "policy/knob.h"
#include "policy/ladder_io.h"
#include "policy/ring.h"

#define MIB IO_CASE_MIB
#define SECOND IO_CASE_SECOND
#define BESTEFFORT "kubepods.slice/kubepods-besteffort.slice"

static void require(bool good)
{
	if (!good)
		abort();
}

static struct pod *pod_of(struct io_case *c, const char *path, enum qos qos, enum level level)
{
	struct pod *pod = fake_pod(&c->f, path, qos);

	fake_level(&c->f, pod, level);
	return pod;
}

void io_case_init(struct io_case *c)
{
	memset(c, 0, sizeof(*c));
	fake_init(&c->f);
	c->web = pod_of(c, "kubepods.slice/kubepods-podweb.slice", QOS_GUARANTEED, LEVEL_P0);
	c->db = pod_of(c, "kubepods.slice/kubepods-poddb.slice", QOS_GUARANTEED, LEVEL_P0);
	c->hog =
		pod_of(c, BESTEFFORT "/kubepods-besteffort-podhog.slice", QOS_BESTEFFORT, LEVEL_P7);
	c->tame = pod_of(c, BESTEFFORT "/kubepods-besteffort-podtame.slice", QOS_BESTEFFORT,
			 LEVEL_P7);
	c->class = c->hog->cgroup->parent;
	c->f.policy.pressure_cpu.on = false;
	c->f.policy.levels[LEVEL_P7].io =
		(struct level_io){.weight = 10, .squeeze = true, .squeeze_floor_permille = 100};
	c->f.policy.pressure_io = (struct pressure_rule){
		.on = true,
		.steps = 1u << ACTION_SQUEEZE_IO,
		.threshold_permille = 100,
		.window_us = 2 * SECOND,
	};
	c->f.model.disks.n = 2;
	for (uint32_t i = 0; i < 2; i++) {
		struct disk *d = &c->f.model.disks.list[i];
		struct disk_use *u = &c->f.samples.uses.list[i];

		*d = (struct disk){.major = 8, .minor = 16 * i};
		(void)snprintf(d->name, sizeof(d->name), "sd%c", (char)('a' + i));
		*u = (struct disk_use){.major = 8, .minor = 16 * i};
		for (int k = DISK_READ_BYTES; k <= DISK_WRITE_BYTES; k++) {
			u->seen[k].n = DISK_USE_SECONDS_MIN;
			u->seen[k].per_s[0] = 100 * MIB;
		}
	}
	c->f.samples.uses.n = 2;
	c->now_us = 100 * SECOND;
}

void io_case_done(struct io_case *c)
{
	fake_free(&c->f);
}

uint64_t io_case_bound(const struct io_case *c, const struct cgroup *cgroup, uint32_t disk,
		       enum disk_direction direction)
{
	(void)c;
	for (int k = KNOB_IO_MAX; k <= KNOB_IO_MAX_LAST; k++) {
		const struct knob_value *now = &cgroup->knobs[k].now;

		if (now->state == KNOB_KNOWN && now->io.major == 8 && now->io.minor == 16 * disk &&
		    now->io.bytes[direction] != KNOB_VALUE_MAX)
			return now->io.bytes[direction] / MIB;
	}
	return 0;
}

struct ladder *io_case_ladder(struct io_case *c)
{
	return &c->f.ladders.of[RESOURCE_IO];
}

static void sample(struct io_case *c, const struct pod *pod, uint64_t wait_us)
{
	struct pod_sample s = {.at_us = c->now_us, .valid = SAMPLE_CPU | SAMPLE_PSI_IO};

	/* The first makes the ring. */
	if (pod->slot >= c->f.samples.n_slots || !c->f.samples.pods[pod->slot])
		fake_sample(&c->f, pod, c->now_us - 1, 0, 0);
	s.psi[RESOURCE_IO].some_us = wait_us;
	require(ring_add(c->f.samples.pods[pod->slot], &s) == 0);
}

static void does(struct io_case *c, const struct pod *pod, uint32_t disk, uint64_t reads,
		 uint64_t writes)
{
	struct pod_disks *d = &c->f.samples.pods[pod->slot]->disks;
	struct disk_window *w = &c->f.samples.uses.list[disk].window;
	const uint64_t mib[DISK_DIRECTIONS] = {reads, writes};

	d->at_us = c->now_us;
	d->n = 1;
	if (d->list[0].major == 0)
		d->list[0] = (struct pod_disk){.major = 8, .minor = 16 * disk};
	d->list[0].bounded = false;
	if (reads + writes > 0)
		d->list[0].used_us = c->now_us;
	for (int i = 0; i < DISK_DIRECTIONS; i++) {
		d->list[0].bytes_per_s[i] = mib[i] * MIB;
		d->list[0].requests_per_s[i] = mib[i];
		w->bytes_per_s[i] += mib[i] * MIB;
		w->requests_per_s[i] += mib[i];
	}
	w->span_us = SECOND;
	w->busy_permille = 1000;
}

/* As discovery reads them. */
static void read_lines(struct io_case *c)
{
	const struct knob_disks disks = ladder_io_disks(&c->f.ladders);

	for (size_t i = 1; i < c->f.model.n_cgroups; i++) {
		for (int k = 0; k < KNOB_IO_MAX_DISKS; k++) {
			struct knob_state *s = &c->f.model.cgroups[i]->knobs[KNOB_IO_MAX + k];

			if (s->owned ||
			    (s->now.state == KNOB_KNOWN && s->now.io.major == disks.of[k].major &&
			     s->now.io.minor == disks.of[k].minor))
				continue;
			s->now = knob_value_io(disks.of[k].major, disks.of[k].minor);
			for (int d = 0; d < DISK_DIRECTIONS && disks.of[k].major; d++)
				s->now.io.bytes[d] = s->now.io.requests[d] = KNOB_VALUE_MAX;
		}
	}
}

static uint64_t held(const struct io_case *c, uint64_t wanted, enum disk_direction direction)
{
	uint64_t most = io_case_bound(c, c->class, 0, direction);
	uint64_t own = io_case_bound(c, c->hog->cgroup, 0, direction);

	if (most && most < wanted)
		wanted = most;
	return own && own < wanted ? own : wanted;
}

void io_case_run(struct io_case *c, int seconds, struct io_case_second s)
{
	for (int i = 0; i < seconds; i++) {
		c->now_us += SECOND;
		c->wait_us += s.wait * 1000;
		c->db_wait_us += s.db_wait * 1000;
		c->did[DISK_READ] = held(c, s.hog_reads, DISK_READ);
		c->did[DISK_WRITE] = held(c, s.hog_writes, DISK_WRITE);
		sample(c, c->web, c->wait_us);
		sample(c, c->db, c->db_wait_us);
		sample(c, c->hog, 0);
		sample(c, c->tame, 0);
		for (uint32_t d = 0; d < 2; d++)
			c->f.samples.uses.list[d].window = (struct disk_window){0};
		does(c, c->web, 0, s.web, 0);
		does(c, c->db, 1, s.db_wait ? 1 : 0, 0);
		does(c, c->hog, 0, c->did[DISK_READ], c->did[DISK_WRITE]);
		does(c, c->tame, 1, s.tame, 0);
		c->f.samples.pods[c->web->slot]->disks.list[0].bounded = s.bounded;
		if (s.has_time)
			c->f.samples.uses.list[0].window.busy_permille = 499;
		if (s.no_stat)
			c->f.samples.uses.list[0].window = (struct disk_window){0};
		if (s.busy)
			c->f.samples.uses.list[0].window.busy_permille = s.busy;
		for (size_t p = 0; s.unseen && p < c->f.samples.n_slots; p++)
			c->f.samples.pods[p]->disks.at_us = 0;
		read_lines(c);
		require(decide_assigned(&c->f.model, &c->f.samples, &c->f.policy, c->now_us,
					&c->f.ladders, &c->f.plan) == 0);
		if (!c->watches)
			c->n_writes += fake_apply(&c->f);
	}
}
