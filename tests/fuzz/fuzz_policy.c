// SPDX-License-Identifier: LGPL-2.1-or-later
// Any bytes as policy files (0x1e ends one and begins the next): a policy that keeps its promises,
// or messages that are safe to show; and what must never be offline is not, whatever was read.
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/assign.h"
#include "policy/diag.h"
#include "policy/node_labels.h"
#include "policy/quantity.h"
#include "policy/read.h"
#include "policy/show.h"

#define FILES_MAX 4
#define SEPARATOR 0x1e
#define UNTOUCHED 0x5a5a5a5au

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static size_t split(const uint8_t *data, size_t size, struct policy_source *sources)
{
	static const char *const names[FILES_MAX] = {"a.yaml", "dir/b.yaml", "c", "d"};
	const uint8_t *end = data + size;
	size_t n = 0;

	while (n < FILES_MAX) {
		const uint8_t *stop = memchr(data, SEPARATOR, (size_t)(end - data));

		if (!stop || n == FILES_MAX - 1)
			stop = end;
		sources[n] = (struct policy_source){
			.name = names[n], .text = (const char *)data, .len = (size_t)(stop - data)};
		n++;
		if (stop == end)
			break;
		data = stop + 1;
	}
	return n;
}

static void check_shown(const char *text)
{
	size_t len = strlen(text), i = 0;

	while (i < len) {
		size_t n = diag_printable(text + i, len - i);

		require(n > 0);
		i += n;
	}
}

static void check_diags(const struct diags *diags)
{
	char text[DIAG_FORMAT_SIZE];

	for (size_t i = 0; i < diag_count(diags); i++) {
		const struct diag *d = &diags->list[i];

		check_shown(d->file);
		check_shown(d->text);
		check_shown(d->source);
		check_shown(d->hint);
		require(d->text[0]);
		require((d->line == 0) == (d->col == 0));
		require(d->line == 0 || (d->caret >= 1 && d->caret <= strlen(d->source) + 1));
		diag_format(d, text, sizeof(text));
		require(strlen(text) < sizeof(text) - 1);
	}
}

static void check_level(const struct level_policy *p)
{
	require(p->role == ROLE_ONLINE || p->role == ROLE_OFFLINE);
	require((p->role == ROLE_OFFLINE) == (p->cpu.yield != YIELD_NONE));
	require(p->role == ROLE_OFFLINE ||
		(!p->cpu.squeeze && !p->io.squeeze && !p->memory.growth_bytes_per_s));
	require(p->cpu.weight != WEIGHT_FIXED ||
		(p->cpu.weight_value >= 1 && p->cpu.weight_value <= 10000));
	require(!p->cpu.squeeze ||
		(p->cpu.squeeze_floor_permille >= 1 && p->cpu.squeeze_target_permille <= 1000 &&
		 p->cpu.squeeze_floor_permille <= p->cpu.squeeze_target_permille));
	require(p->io.weight <= 10000);
}

static void check_pods(const struct policy *policy)
{
	struct pod_label label = {(char *)"colod.io/level", (char *)"P7"};
	struct pod_facts facts = {.ns = (char *)"a",
				  .name = (char *)"a",
				  .labels = &label,
				  .n_labels = 1,
				  .annotations = &label,
				  .n_annotations = 1,
				  .priority_class = (char *)"system-node-critical"};
	struct cgroup cgroup = {.path = (char *)"kubepods/a", .name = "a", .kind = CGROUP_POD};
	struct pod pod = {.kind = POD_KUBERNETES, .cgroup = &cgroup, .facts_state = FACT_KNOWN};
	struct assignment a;

	for (int qos = QOS_NONE; qos < QOS_COUNT; qos++) {
		pod.qos = (enum qos)qos;
		pod.facts = &facts;
		pod.facts_state = FACT_KNOWN;
		assign_pod(policy, &pod, &a);
		require(a.role != ROLE_OFFLINE && !a.may_hold);
		pod.facts = NULL;
		pod.facts_state = FACT_UNKNOWN;
		assign_pod(policy, &pod, &a);
		require(a.role != ROLE_OFFLINE && !a.may_hold);
		pod.facts_state = FACT_ABSENT;
		assign_pod(policy, &pod, &a);
		require(!a.may_hold);
	}
	pod = (struct pod){.kind = POD_UNIT, .cgroup = &cgroup, .facts_state = FACT_ABSENT};
	cgroup.path = (char *)"system.slice/kubelet.service";
	cgroup.name = "kubelet.service";
	assign_pod(policy, &pod, &a);
	require(a.state == ASSIGNMENT_LEVEL && a.role == ROLE_ONLINE);
	require(assign_wants_cgroup(policy, cgroup.path) == POD_UNIT);
}

static void count(void *context, const char *text)
{
	*(size_t *)context += strlen(text);
}

static void count_unenforced(void *context, const char *what, const char *file, uint32_t line)
{
	(void)line;
	require(what[0] && file[0]);
	(*(size_t *)context)++;
}

struct shown {
	char *buf;
	size_t len, size;
};

static void append(void *context, const char *text)
{
	struct shown *s = context;
	size_t n = strlen(text);

	if (s->len + n >= s->size) {
		s->size = (s->len + n + 1) * 2;
		s->buf = realloc(s->buf, s->size);
		require(s->buf != NULL);
	}
	memcpy(s->buf + s->len, text, n + 1);
	s->len += n;
}

/* The last good policy is kept as it is shown: it must be the same one when it is read again. */
static void check_reads_back(const struct policy *policy)
{
	static struct diags diags;
	struct shown shown = {0};
	struct policy_source source = {.name = "shown"};
	struct policy *again = NULL;

	require(show_policy(policy, false, append, &shown) == 0);
	source.text = shown.buf;
	source.len = shown.len;
	memset(&diags, 0, sizeof(diags));
	require(policy_read(&source, 1, &diags, &again) == 0);
	require(show_digest(again) == show_digest(policy));
	policy_free(again);
	free(shown.buf);
}

/* What was read can be shown, and no more than a file's worth of it. */
static void check_show(const struct policy *policy)
{
	size_t len = 0, n = 0;

	require(show_policy(policy, true, count, &len) == 0);
	require(len > 0);
	require(show_unenforced(policy, count_unenforced, &n) == n);
	require(policy->n_pressure <= PRESSURE_RULES_MAX && policy->n_slis <= SLIS_MAX);
	require(policy->n_values == 0 || policy->n_files > 0);
}

static void check_policy(const struct policy *policy)
{
	check_show(policy);
	check_reads_back(policy);
	require(policy->version == 1);
	require(policy->mode >= MODE_OFF && policy->mode < MODE_COUNT);
	for (int i = 0; i < RESOURCE_COUNT; i++)
		require(policy->modes[i].mode >= MODE_OFF && policy->modes[i].mode < MODE_COUNT);
	require((policy->facts == FACTS_FILE) == (policy->facts_path != NULL));
	for (int i = 0; i < LEVEL_COUNT; i++) {
		if (policy->levels[i].defined)
			check_level(&policy->levels[i]);
	}
	for (size_t i = 0; i < policy->n_rules; i++) {
		const struct assign_rule *rule = &policy->rules[i];

		require(rule->n_matches > 0);
		require(rule->from_value == (rule->level == LEVEL_NONE));
		require(rule->built_in || rule->from_value || policy->levels[rule->level].defined);
	}
	check_pods(policy);
}

static void check_quantities(const uint8_t *data, size_t size)
{
	char text[64];
	uint64_t value = UNTOUCHED;
	uint32_t permille = UNTOUCHED;

	size = size < sizeof(text) - 1 ? size : sizeof(text) - 1;
	memcpy(text, data, size);
	text[size] = '\0';
	require(quantity_cpu_milli(text, &value) == 0 || value == UNTOUCHED);
	value = UNTOUCHED;
	require(quantity_bytes(text, &value) == 0 || value == UNTOUCHED);
	require(value != UINT64_MAX);
	value = UNTOUCHED;
	require(quantity_duration_us(text, &value) == 0 || value == UNTOUCHED);
	require(quantity_permille(text, &permille) == 0 || permille == UNTOUCHED);
}

/* Files that hold only on some nodes: on one whose labels are known (`labels`) or not (NULL). */
static void check_on_a_node(const struct policy_source *sources, size_t n,
			    const struct node_labels *labels)
{
	const struct policy_node node = {.labels = labels,

					 .host = "node-7",
					 .machine_id = "0123456789abcdef",
					 .probed = ~0u};
	static struct diags diags;
	struct policy *policy = NULL;
	int r;

	memset(&diags, 0, sizeof(diags));
	r = policy_read_on(&node, sources, n, &diags, &policy);
	require(r == 0 || r == -EINVAL);
	require((r == 0) == (diags.n_errors == 0) && (r == 0) == (policy != NULL));
	check_diags(&diags);
	if (policy) {
		require(policy->n_left_out <= n);
		require(!labels || !policy_waits(policy));
		require(!policy_waits(policy) || policy->asks_labels);
		check_policy(policy);
	}
	policy_free(policy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct pod_label pool = {(char *)"pool", (char *)"a"};
	static const struct node_labels labels = {&pool, 1};
	struct policy_source sources[FILES_MAX];
	static struct diags diags;
	struct policy *policy = NULL;
	size_t n = split(data, size, sources);
	int r;

	memset(&diags, 0, sizeof(diags));
	r = policy_read(sources, n, &diags, &policy);
	require(r == 0 || r == -EINVAL);
	require((r == 0) == (diags.n_errors == 0) && (r == 0) == (policy != NULL));
	check_diags(&diags);
	if (policy)
		check_policy(policy);
	policy_free(policy);
	check_on_a_node(sources, n, NULL);
	check_on_a_node(sources, n, &labels);
	check_quantities(data, size);
	return 0;
}
