// SPDX-License-Identifier: LGPL-2.1-or-later
// What must hold for every record, over nodes made at random that change from pass to pass: what is
// read is what was written, and it decides the same, byte for byte. COLOD_SEED=N runs the same again.
#include <inttypes.h>
#include <stdio.h>

#include "policy/knob.h"
#include "policy/ladder_io.h"
#include "policy/ring.h"
#include "tests/lib/fake_random.h"
#include "tests/lib/record_case.h"
#include "tests/lib/test.h"

#define CASES 120
#define PASSES 12
#define SECOND 1000000
#define NOW FAKE_RANDOM_NOW_US

static uint64_t seed;

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			fail_msg("COLOD_SEED=%" PRIu64 " case %d: %s", seed, number, #condition);  \
	} while (0)

static uint64_t next(uint64_t *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return *state >> 33;
}

static void more_samples(struct fake *f, int pass, uint64_t *r)
{
	int64_t now_us = NOW + pass * (int64_t)SECOND;

	for (size_t i = 0; i < f->model.n_pods; i++) {
		const struct pod *pod = f->model.pods[i];
		uint64_t n = (uint64_t)pass + 6;

		if (next(r) % 8 == 0)
			continue;
		fake_sample_throttled(f, pod, now_us, n * SECOND, n * (next(r) % SECOND), n * 10,
				      next(r) % 4 ? 0 : n * 5);
	}
	fake_sample_node(f, now_us, (uint64_t)(pass + 6) * 4 * SECOND);
	for (uint32_t i = 0; i < f->model.node.memory_nodes.n; i++)
		fake_sample_memory_node(f, i, next(r));
}

/* Containers come and go; what runs them shows in their names, or not. */
static void change_containers(struct pod *pod, uint64_t *r)
{
	free(pod->containers);
	pod->containers = NULL;
	pod->n_containers = next(r) % 3;
	if (pod->n_containers == 0)
		return;
	pod->containers = calloc(pod->n_containers, sizeof(*pod->containers));
	assert_non_null(pod->containers);
	for (size_t i = 0; i < pod->n_containers; i++)
		pod->containers[i].runtime = next(r) % 4 ? RUNTIME_DOCKER
							 : (enum runtime)(next(r) % RUNTIME_COUNT);
}

static void change_pods(struct fake *f, int pass, uint64_t *r)
{
	char path[80];

	if (next(r) % 3 == 0) {
		(void)snprintf(
			path, sizeof(path),
			"kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-podn%d",
			pass);
		(void)fake_pod(f, path, QOS_BESTEFFORT);
	}
	for (size_t i = 0; i < f->model.n_pods; i++) {
		struct pod *pod = f->model.pods[i];

		if (next(r) % 6 == 0)
			fake_request(pod, next(r) % 4000, next(r) % (1u << 30));
		if (pod->kind == POD_KUBERNETES && next(r) % 5 == 0)
			change_containers(pod, r);
		if (pod->facts && next(r) % 10 == 0)
			pod->facts->deleting = !pod->facts->deleting;
		if (pod->kind == POD_KUBERNETES && next(r) % 10 == 0)
			pod->facts_state = pod->facts_state == FACT_KNOWN ? FACT_UNKNOWN
									  : FACT_KNOWN;
	}
	for (size_t i = 1; i < f->model.n_cgroups; i++) {
		enum knob knob = (enum knob)(next(r) % KNOB_COUNT);
		uint64_t value = next(r);

		/* Any number is an amount, and a set of the first 64 CPUs; a partition has a few words. */
		if (knob == KNOB_CPUSET_PARTITION)
			value %= PARTITION_COUNT;
		if (next(r) % 12 == 0)
			fake_set(f->model.cgroups[i], knob, value);
		if (next(r) % 12 == 0 && !knob_is_cpus(knob) && knob != KNOB_CPUSET_PARTITION)
			f->model.cgroups[i]->knobs[knob].told = knob_value_of(next(r));
	}
}

/* Memory nodes, to which pods are bound and on which what pods have is measured, or not any more. */
static void change_nodes(struct fake *f, int pass, uint64_t *r)
{
	if (next(r) % 8 == 0)
		fake_memory_nodes(f, next(r) % 2 ? 2 + (uint32_t)next(r) % 15 : 0, next(r));
	for (size_t i = 0; i < f->model.n_pods; i++) {
		struct pod *pod = f->model.pods[i];

		if (next(r) % 8 == 0)
			pod->cgroup->mems = next(r) % 4;
		if (next(r) % 4 == 0)
			fake_there(f, pod, 1 + next(r) % 3, NOW + pass * (int64_t)SECOND, next(r),
				   next(r));
		else if (next(r) % 4 == 0 && pod->slot < f->samples.n_there)
			f->samples.there[pod->slot] = (struct memory_there){0};
	}
}

/* What is usual for a pod comes, goes and changes. */
static void change_usual(struct fake *f, uint64_t *r)
{
	for (size_t i = 0; i < f->model.n_pods; i++) {
		uint32_t slot = f->model.pods[i]->slot;
		struct pod_history *h = slot < f->samples.n_slots ? f->samples.pods[slot] : NULL;

		if (h && next(r) % 4 == 0) {
			enum resource resource = (enum resource)(next(r) % RESOURCE_COUNT);

			h->usual.median_permille[resource] =
				(uint16_t)(next(r) % 2 ? 0 : next(r) % 1001);
			h->usual.sigma_permille[resource] = (uint16_t)(next(r) % 20);
		}
	}
}

/* Somebody waits for IO, and in all of a pod's life more than before. */
static void wait_for_disks(struct fake *f, int pass, uint64_t *r)
{
	for (size_t i = 0; i < f->model.n_pods; i++) {
		const struct pod *pod = f->model.pods[i];
		struct pod_history *h = pod->slot < f->samples.n_slots ? f->samples.pods[pod->slot]
								       : NULL;
		struct pod_sample *last = h ? (struct pod_sample *)ring_last(h) : NULL;

		if (!last || last->at_us != NOW + pass * (int64_t)SECOND)
			continue;
		last->valid |= SAMPLE_PSI_IO;
		last->psi[RESOURCE_IO].some_us =
			(uint64_t)(pass + 6) * SECOND + next(r) % (SECOND / 4);
	}
}

/* What a pod does on each disk is known, or not any more. */
static void use_disks(struct fake *f, int pass, uint64_t *r)
{
	for (size_t i = 0; i < f->model.n_pods; i++) {
		const struct pod *pod = f->model.pods[i];
		struct pod_history *h = pod->slot < f->samples.n_slots ? f->samples.pods[pod->slot]
								       : NULL;

		if (!h || next(r) % 8 == 0)
			continue;
		h->disks = (struct pod_disks){
			.at_us = next(r) % 8 ? NOW + pass * (int64_t)SECOND : 0,
		};
		for (uint32_t d = 0; h->disks.at_us > 0 && d < f->model.disks.n; d++) {
			struct pod_disk *of = &h->disks.list[h->disks.n++];

			*of = (struct pod_disk){
				.major = 8,
				.minor = 16 * d,
				.bytes_per_s = {next(r), next(r) % 2 ? next(r) : 0},
				.requests_per_s = {next(r) % 5000, next(r) % 5000},
				.used_us = next(r) % 4 ? h->disks.at_us : 0,
				.bounded = next(r) % 8 == 0,
			};
		}
	}
}

/* As discovery reads them. */
static void read_lines(const struct record_case *c, struct fake *f)
{
	const struct knob_disks disks = ladder_io_disks(&c->ladders);

	for (size_t i = 1; i < f->model.n_cgroups; i++) {
		for (int k = 0; k < KNOB_IO_MAX_DISKS; k++) {
			struct knob_state *s = &f->model.cgroups[i]->knobs[KNOB_IO_MAX + k];

			if (s->owned || disks.of[k].major == 0)
				continue;
			s->now = knob_value_io(disks.of[k].major, disks.of[k].minor);
			for (int d = 0; d < DISK_DIRECTIONS; d++)
				s->now.io.bytes[d] = s->now.io.requests[d] = KNOB_VALUE_MAX;
		}
	}
}

/* Disks come and go and do something, for pods that wait there. */
static void change_disks(const struct record_case *c, struct fake *f, int pass, uint64_t *r)
{
	struct disks *disks = &f->model.disks;

	if (pass == 1 || next(r) % 8 == 0)
		*disks = (struct disks){.n = (uint32_t)next(r) % 4};
	f->samples.uses = (struct disk_uses){.n = disks->n};
	for (uint32_t i = 0; i < disks->n; i++) {
		struct disk_use *use = &f->samples.uses.list[i];

		disks->list[i] =
			(struct disk){.major = 8, .minor = 16 * i, .swap = next(r) % 8 == 0};
		(void)snprintf(disks->list[i].name, DISK_NAME_SIZE, "sd%c", (char)('a' + i));
		*use = (struct disk_use){
			.major = 8,
			.minor = 16 * i,
			.window = {.span_us = SECOND,
				   .busy_permille = next(r) % 4 ? 1000 : 300,
				   .bytes_per_s = {next(r), next(r)},
				   .requests_per_s = {next(r) % 5000, next(r) % 5000}},
		};
		for (int k = 0; k < DISK_ABILITIES && next(r) % 2; k++) {
			use->seen[k].n = DISK_USE_SECONDS_MIN;
			for (uint32_t n = 0; n < use->seen[k].n; n++)
				use->seen[k].per_s[n] = 1 + next(r);
		}
	}
	wait_for_disks(f, pass, r);
	use_disks(f, pass, r);
	read_lines(c, f);
}

static void change(struct record_case *c, struct fake *f, int pass, uint64_t *r)
{
	if (next(r) % 4)
		record_case_apply(c, f);
	change_pods(f, pass, r);
	if (next(r) % 5 == 0)
		fake_reverse_siblings(f);
	if (next(r) % 4 == 0)
		f->model.facts_awaited = !f->model.facts_awaited;
	if (next(r) % 6 == 0)
		c->modes.by[next(r) % RESOURCE_COUNT] = (enum mode)(next(r) % MODE_COUNT);
	if (next(r) % 10 == 0)
		c->ladders.of[RESOURCE_CPU] = (struct ladder){.since_us = NOW, .steps = next(r)};
	change_nodes(f, pass, r);
	change_usual(f, r);
	more_samples(f, pass, r);
}

/* A record of PASSES passes; `check` sees it after each one. */
static void make(struct record_case *c, int number, const struct record_names *names,
		 void (*check)(const struct record_case *c, const struct fake *f, int number))
{
	uint64_t r = seed + (uint64_t)number;
	struct fake f;

	fake_random(&f, seed + (uint64_t)number);
	if (f.model.n_cgroups > 0)
		f.model.cgroups[(size_t)number % f.model.n_cgroups]->hidden = true;
	record_case_open(c, names);
	c->ladders = f.ladders;
	for (int pass = 0; pass < PASSES; pass++) {
		if (pass > 0)
			change(c, &f, pass, &r);
		/* Records are longer with them, and there is much else to be seen. */
		if (pass > 0 && number % 6 == 0)
			change_disks(c, &f, pass, &r);
		record_case_pass(c, &f, NOW + pass * (int64_t)SECOND + 10);
		if (check)
			check(c, &f, number);
	}
	fake_free(&f);
}

/* Reads all that was written so far and compares the last pass. */
static void check_last(const struct record_case *c, const struct fake *f, int number)
{
	struct record_reader *reader = record_case_read(&c->text);
	char error[RECORD_ERROR_SIZE];
	struct record_replayed given;
	uint64_t n = 0;
	int r;

	while ((r = record_reader_pass(reader, error, &given)) == 1)
		n++;
	if (r < 0)
		fail_msg("COLOD_SEED=%" PRIu64 " case %d: %s", seed, number, error);
	CHECK(n > 0 && !record_reader_is_torn(reader));
	CHECK(record_case_same(&f->model, &f->samples, given.model, given.samples));
	record_reader_free(reader);
}

TEST(what_is_read_is_what_was_written)
{
	for (int number = 0; number < CASES / 4; number++) {
		struct record_case c;

		make(&c, number, NULL, check_last);
		record_case_close(&c);
	}
}

TEST(a_replay_decides_the_same_byte_for_byte)
{
	int held = 0;

	for (int number = 0; number < CASES; number++) {
		struct record_case c;
		uint64_t differs = 0;

		make(&c, number, NULL, NULL);
		CHECK(record_case_replay(&c.text, &differs) == PASSES);
		CHECK(differs == 0);
		held += record_case_has(&c.text, " hold code=io-");
		record_case_close(&c);
	}
	assert_in_range(held, CASES / 24, CASES);
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
		CHECK(!record_case_has(&c.text, "sshd"));
		CHECK(!record_case_has(&c.text, "blue"));
		record_case_close(&c);
	}
}

/* Wherever the agent was killed: all whole passes are there, and no error. */
TEST(a_record_cut_anywhere_can_be_read_up_to_its_last_whole_pass)
{
	for (int number = 0; number < CASES / 10; number++) {
		struct record_case c;
		struct record_buf part;
		uint64_t last = 0;

		make(&c, number, NULL, NULL);
		part = c.text;
		for (part.n = 200; part.n < c.text.n; part.n += 97) {
			uint64_t differs = 0, n = record_case_replay(&part, &differs);

			CHECK(differs == 0);
			CHECK(n >= last && n <= PASSES);
			last = n;
		}
		CHECK(last >= PASSES - 1);
		record_case_close(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_read_is_what_was_written),
		cmocka_unit_test(a_replay_decides_the_same_byte_for_byte),
		cmocka_unit_test(and_so_does_one_with_pseudonyms),
		cmocka_unit_test(a_record_cut_anywhere_can_be_read_up_to_its_last_whole_pass),
	};

	const char *given = getenv("COLOD_SEED");

	seed = given ? strtoull(given, NULL, 10) : 20260101;
	print_message("# COLOD_SEED=%" PRIu64 ", %d cases per property\n", seed, CASES);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
