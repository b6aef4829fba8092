// SPDX-License-Identifier: LGPL-2.1-or-later
// See fake.h. Uses nothing of the agent, and of policy/ only what frees a plan.
#include "tests/lib/fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/decide.h"
#include "policy/knob.h"

#define FAKE_CPUS 4

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

static const struct knob_value defaults[KNOB_COUNT] = {
	[KNOB_CPU_WEIGHT] = {.state = KNOB_KNOWN, .value = 100},
	[KNOB_CPU_IDLE] = {.state = KNOB_KNOWN, .value = 0},
	[KNOB_CPU_MAX] = {.state = KNOB_KNOWN, .value = KNOB_VALUE_MAX, .period_us = 100000},
	[KNOB_MEMORY_MIN] = {.state = KNOB_KNOWN, .value = 0},
	[KNOB_MEMORY_LOW] = {.state = KNOB_KNOWN, .value = 0},
	[KNOB_MEMORY_HIGH] = {.state = KNOB_KNOWN, .value = KNOB_VALUE_MAX},
	[KNOB_MEMORY_MAX] = {.state = KNOB_KNOWN, .value = KNOB_VALUE_MAX},
	[KNOB_IO_WEIGHT] = {.state = KNOB_KNOWN, .value = 100},
};

static void default_policy(struct policy *p)
{
	p->version = 1;
	p->mode = MODE_SQUEEZE;
	p->facts = FACTS_FILE;
	for (int i = 0; i < LEVEL_COUNT; i++)
		p->levels[i].role = i == LEVEL_P7 ? ROLE_OFFLINE : ROLE_ONLINE;
	p->levels[LEVEL_P0] = (struct level_policy){
		.defined = true,
		.sensitive = true,
		.cpu = {.weight = WEIGHT_REQUEST},
		.memory = {.min = {.kind = AMOUNT_REQUEST}},
		.io = {.weight = 1000},
	};
	p->levels[LEVEL_P1] = (struct level_policy){
		.defined = true,
		.cpu = {.weight = WEIGHT_REQUEST},
		.memory = {.low = {.kind = AMOUNT_REQUEST}},
	};
	p->levels[LEVEL_P4] = (struct level_policy){
		.defined = true,
		.cpu = {.weight = WEIGHT_REQUEST},
		.memory = {.low = {.kind = AMOUNT_REQUEST}},
		.io = {.weight = 300},
	};
	p->levels[LEVEL_P7] = (struct level_policy){
		.defined = true,
		.role = ROLE_OFFLINE,
		.cpu = {.yield = YIELD_RATIO,
			.yield_ratio = 50,
			.squeeze = true,
			.squeeze_target_permille = 650,
			.squeeze_floor_permille = 20},
		.memory = {.high = {.kind = AMOUNT_PERMILLE_OF_LIMIT, .value = 800}},
		.io = {.weight = 10},
	};
	p->pressure_cpu = (struct pressure_rule){
		.on = true,
		.threshold_permille = 50,
		.window_us = 2000000,
	};
}

void fake_init(struct fake *f)
{
	struct node *n = &f->model.node;

	memset(f, 0, sizeof(*f));
	n->cpus = must(calloc(FAKE_CPUS, sizeof(*n->cpus)));
	n->n_cpus = FAKE_CPUS;
	n->n_cores = FAKE_CPUS;
	n->n_numa = 1;
	for (uint16_t i = 0; i < FAKE_CPUS; i++)
		n->cpus[i] = (struct node_cpu){.id = i, .core_first = i};
	n->memory_bytes = 8ull << 30;
	n->page_bytes = 4096;
	(void)snprintf(n->kernel, sizeof(n->kernel), "6.12.1-fake");
	f->model.capabilities = (1u << CAPABILITY_COUNT) - 1;
	f->model.generation = 1;
	f->model.root = must(calloc(1, sizeof(*f->model.root)));
	f->model.root->kind = CGROUP_ROOT;
	f->model.root->path = must(strdup(""));
	f->model.root->name = f->model.root->path;
	f->model.root->inode = 1;
	f->model.root->populated = true;
	f->model.cgroups = must(malloc(sizeof(*f->model.cgroups)));
	f->model.cgroups[0] = f->model.root;
	f->model.n_cgroups = 1;
	default_policy(&f->policy);
}

static void free_pod(struct pod *pod)
{
	free(pod->facts);
	free(pod->containers);
	free(pod);
}

void fake_free(struct fake *f)
{
	for (size_t i = 0; i < f->model.n_cgroups; i++) {
		free(f->model.cgroups[i]->path);
		free(f->model.cgroups[i]);
	}
	for (size_t i = 0; i < f->model.n_pods; i++)
		free_pod(f->model.pods[i]);
	for (size_t i = 0; i < f->samples.n_slots; i++)
		free(f->samples.pods[i]);
	free(f->samples.pods);
	free(f->samples.there);
	free(f->model.cgroups);
	free(f->model.pods);
	free(f->model.node.cpus);
	for (size_t i = 0; i < f->policy.n_rules; i++) {
		for (size_t k = 0; k < f->policy.rules[i].n_matches; k++) {
			free(f->policy.rules[i].matches[k].key);
			free(f->policy.rules[i].matches[k].pattern);
		}
		free(f->policy.rules[i].matches);
	}
	free(f->policy.rules);
	plan_free(&f->plan);
	memset(f, 0, sizeof(*f));
}

static enum cgroup_kind kind_of(const struct cgroup *parent, const char *name)
{
	size_t n = strlen(name);

	if (strcmp(name, "kubepods") == 0 ||
	    (n >= 14 && strcmp(name + n - 14, "kubepods.slice") == 0))
		return CGROUP_KUBEPODS;
	if (parent->kind == CGROUP_KUBEPODS &&
	    (strstr(name, "burstable") || strstr(name, "besteffort")))
		return CGROUP_QOS;
	if (parent->pod)
		return CGROUP_CONTAINER;
	return CGROUP_OTHER;
}

static struct cgroup *child(struct fake *f, struct cgroup *parent, const char *path, size_t len)
{
	struct cgroup *cg, **last = &parent->first_child;
	struct model *m = &f->model;

	for (cg = parent->first_child; cg; cg = cg->next_sibling)
		if (strlen(cg->path) == len && strncmp(cg->path, path, len) == 0)
			return cg;
	cg = must(calloc(1, sizeof(*cg)));
	cg->parent = parent;
	cg->path = must(strndup(path, len));
	cg->name = strrchr(cg->path, '/') ? strrchr(cg->path, '/') + 1 : cg->path;
	cg->inode = m->n_cgroups + 1;
	cg->controllers = CONTROLLER_CPU | CONTROLLER_MEMORY | CONTROLLER_IO;
	cg->subtree = cg->controllers;
	memcpy(cg->knobs, (struct knob_state[KNOB_COUNT]){0}, sizeof(cg->knobs));
	for (int k = 0; k < KNOB_COUNT; k++)
		cg->knobs[k].now = defaults[k];
	cg->kind = kind_of(parent, cg->name);
	if (cg->kind == CGROUP_CONTAINER)
		cg->pod = parent->pod;
	while (*last)
		last = &(*last)->next_sibling;
	*last = cg;
	m->cgroups = must(realloc(m->cgroups, (m->n_cgroups + 1) * sizeof(struct cgroup *)));
	m->cgroups[m->n_cgroups++] = cg;
	return cg;
}

struct cgroup *fake_cgroup(struct fake *f, const char *path)
{
	struct cgroup *cg = f->model.root;

	for (size_t i = 0; path[0] != '\0'; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		cg = child(f, cg, path, i);
		if (path[i] == '\0')
			break;
	}
	return cg;
}

struct cgroup *fake_service(struct fake *f, const char *path)
{
	struct cgroup *cg = fake_cgroup(f, path);

	for (struct cgroup *up = cg; up; up = up->parent)
		up->populated = true;
	return cg;
}

static const struct cgroup *kubepods_above(const struct cgroup *cg)
{
	while (cg && cg->kind != CGROUP_KUBEPODS)
		cg = cg->parent;
	return cg;
}

/* model.pods is ordered by path. */
static void insert_pod(struct model *m, struct pod *pod)
{
	size_t i;

	m->pods = must(realloc(m->pods, (m->n_pods + 1) * sizeof(struct pod *)));
	for (i = m->n_pods; i > 0; i--) {
		if (strcmp(m->pods[i - 1]->cgroup->path, pod->cgroup->path) < 0)
			break;
		m->pods[i] = m->pods[i - 1];
	}
	m->pods[i] = pod;
	m->n_pods++;
}

static void add_slot(struct fake *f)
{
	size_t n = f->model.n_slots;

	f->samples.pods = must(realloc(f->samples.pods, n * sizeof(*f->samples.pods)));
	f->samples.pods[n - 1] = NULL;
	f->samples.n_slots = n;
	f->plan.assignments = must(realloc(f->plan.assignments, n * sizeof(struct assignment)));
	f->plan.assignments[n - 1] = (struct assignment){
		.state = ASSIGNMENT_NONE,
		.level = LEVEL_NONE,
		.role = ROLE_INVALID,
		.rule = -1,
	};
	f->plan.n_assignments = n;
}

struct pod *fake_pod(struct fake *f, const char *path, enum qos qos)
{
	struct pod *pod = must(calloc(1, sizeof(*pod)));
	struct cgroup *cg = fake_service(f, path);
	const struct cgroup *kubepods = kubepods_above(cg);

	pod->slot = f->model.n_slots++;
	pod->serial = pod->slot + 1;
	pod->cgroup = cg;
	pod->qos = qos;
	(void)snprintf(pod->name, sizeof(pod->name), "default/%s", cg->name);
	if (kubepods) {
		pod->kind = POD_KUBERNETES;
		pod->driver = strstr(kubepods->name, ".slice") ? DRIVER_SYSTEMD : DRIVER_CGROUPFS;
		f->model.driver = pod->driver;
		pod->facts_state = FACT_KNOWN;
		pod->facts = must(calloc(1, sizeof(*pod->facts)));
		pod->facts->qos = qos;
	} else {
		pod->kind = POD_UNIT;
		pod->facts_state = FACT_ABSENT;
		pod->resources.cpu_request_milli.state = FACT_ABSENT;
		pod->resources.cpu_limit_milli.state = FACT_ABSENT;
		pod->resources.memory_request_bytes.state = FACT_ABSENT;
		pod->resources.memory_limit_bytes.state = FACT_ABSENT;
	}
	cg->kind = CGROUP_POD;
	cg->pod = pod;
	insert_pod(&f->model, pod);
	add_slot(f);
	return pod;
}

void fake_level(struct fake *f, const struct pod *pod, enum level level)
{
	enum role role = f->policy.levels[level].role;

	f->plan.assignments[pod->slot] = (struct assignment){
		.state = ASSIGNMENT_LEVEL,
		.level = level,
		.role = role,
		.rule = 0,
		.may_hold = role == ROLE_OFFLINE,
	};
}

void fake_waiting(struct fake *f, const struct pod *pod)
{
	f->plan.assignments[pod->slot] = (struct assignment){
		.state = ASSIGNMENT_WAITING,
		.level = LEVEL_NONE,
		.role = ROLE_INVALID,
		.rule = 0,
		.waiting_for = "namespace",
	};
}

void fake_request(struct pod *pod, uint64_t cpu_milli, uint64_t memory_bytes)
{
	pod->resources.cpu_request_milli = (struct fact_u64){FACT_KNOWN, cpu_milli};
	pod->resources.memory_request_bytes = (struct fact_u64){FACT_KNOWN, memory_bytes};
}

void fake_limit(struct pod *pod, uint64_t cpu_milli, uint64_t memory_bytes)
{
	pod->resources.cpu_limit_milli = (struct fact_u64){FACT_KNOWN, cpu_milli};
	pod->resources.cpu_spec_milli = pod->resources.cpu_limit_milli;
	pod->resources.memory_limit_bytes = (struct fact_u64){FACT_KNOWN, memory_bytes};
}

void fake_rare_knobs(struct fake *f)
{
	static const struct knob_value none = {.state = KNOB_KNOWN, .cpus = {{0}}};
	static const struct knob_value zero = {.state = KNOB_KNOWN, .value = 0};

	for (size_t i = 1; i < f->model.n_cgroups; i++) {
		struct knob_state *knobs = f->model.cgroups[i]->knobs;

		for (int k = 0; k < KNOB_COUNT; k++)
			if (knobs[k].now.state == KNOB_UNREAD)
				knobs[k].now = knob_is_cpus((enum knob)k) ? none : zero;
	}
}

void fake_cpus(struct cgroup *cg, enum knob knob, const char *list)
{
	struct knob_value value = {.state = KNOB_KNOWN, .cpus = {{0}}};

	if (knob_parse(knob, list, &value) < 0)
		abort();
	cg->knobs[knob] = (struct knob_state){.now = value};
}

void fake_set(struct cgroup *cg, enum knob knob, uint64_t value)
{
	uint64_t period_us = knob == KNOB_CPU_MAX ? 100000 : 0;

	cg->knobs[knob] = (struct knob_state){
		.now = {.state = KNOB_KNOWN, .value = value, .period_us = period_us}};
}

void fake_own(struct cgroup *cg, enum knob knob, uint64_t original, uint64_t written)
{
	fake_set(cg, knob, written);
	cg->knobs[knob].written = cg->knobs[knob].now;
	cg->knobs[knob].original = cg->knobs[knob].now;
	cg->knobs[knob].original.value = original;
	cg->knobs[knob].owned = true;
}

void fake_missing(struct cgroup *cg, enum knob knob)
{
	cg->knobs[knob] = (struct knob_state){.now = {.state = KNOB_MISSING}};
}

static void add_sample(struct fake *f, const struct pod *pod, const struct pod_sample *sample)
{
	struct pod_history **h = &f->samples.pods[pod->slot];

	if (!*h)
		*h = must(calloc(1, sizeof(**h)));
	(*h)->serial = pod->serial;
	(*h)->ring[(*h)->head] = *sample;
	(*h)->head = ((*h)->head + 1) % SAMPLE_RING;
	if ((*h)->count < SAMPLE_RING)
		(*h)->count++;
}

void fake_sample_throttled(struct fake *f, const struct pod *pod, int64_t at_us,
			   uint64_t cpu_usage_us, uint64_t cpu_some_us, uint64_t periods,
			   uint64_t throttled)
{
	add_sample(f, pod,
		   &(struct pod_sample){
			   .at_us = at_us,
			   .valid = SAMPLE_CPU | SAMPLE_PSI_CPU,
			   .cpu_usage_us = cpu_usage_us,
			   .cpu_periods = periods,
			   .cpu_throttled = throttled,
			   .psi[RESOURCE_CPU] = {.some_us = cpu_some_us},
		   });
}

void fake_sample(struct fake *f, const struct pod *pod, int64_t at_us, uint64_t cpu_usage_us,
		 uint64_t cpu_some_us)
{
	fake_sample_throttled(f, pod, at_us, cpu_usage_us, cpu_some_us, 0, 0);
}

void fake_sample_waiting(struct fake *f, const struct pod *pod, int64_t at_us,
			 uint64_t cpu_usage_us, uint64_t cpu_full_us)
{
	add_sample(f, pod,
		   &(struct pod_sample){
			   .at_us = at_us,
			   .valid = SAMPLE_CPU | SAMPLE_PSI_CPU,
			   .cpu_usage_us = cpu_usage_us,
			   .psi[RESOURCE_CPU] = {.some_us = cpu_full_us, .full_us = cpu_full_us},
		   });
}

void fake_sample_node(struct fake *f, int64_t at_us, uint64_t cpu_busy_us)
{
	struct node_history *h = &f->samples.node;

	h->ring[h->head] = (struct node_sample){
		.at_us = at_us,
		.valid = SAMPLE_CPU,
		.cpu_busy_us = cpu_busy_us,
	};
	h->head = (h->head + 1) % SAMPLE_RING;
	if (h->count < SAMPLE_RING)
		h->count++;
}

void fake_sample_node_memory(struct fake *f, uint64_t available_bytes, uint64_t free_bytes)
{
	struct node_history *h = &f->samples.node;
	struct node_sample *last = &h->ring[(h->head + SAMPLE_RING - 1) % SAMPLE_RING];

	last->valid |= SAMPLE_MEMORY;
	last->memory_available_bytes = available_bytes;
	last->memory_free_bytes = free_bytes;
}

static size_t depth(const struct cgroup *cg)
{
	size_t n = 0;

	while (cg->parent) {
		cg = cg->parent;
		n++;
	}
	return n;
}

static void reverse_children(struct cgroup *parent)
{
	struct cgroup *done = NULL, *cg = parent->first_child;

	while (cg) {
		struct cgroup *next = cg->next_sibling;

		cg->next_sibling = done;
		done = cg;
		cg = next;
	}
	parent->first_child = done;
}

void fake_reverse_siblings(struct fake *f)
{
	struct model *m = &f->model;
	struct cgroup **sorted = must(malloc(m->n_cgroups * sizeof(struct cgroup *)));
	size_t n = 0;

	for (size_t i = 0; i < m->n_cgroups; i++)
		reverse_children(m->cgroups[i]);
	for (size_t d = 0; n < m->n_cgroups; d++)
		for (size_t i = m->n_cgroups; i-- > 0;)
			if (depth(m->cgroups[i]) == d)
				sorted[n++] = m->cgroups[i];
	free(m->cgroups);
	m->cgroups = sorted;
}
