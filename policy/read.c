// SPDX-License-Identifier: LGPL-2.1-or-later
// See read.h. All files are read into one policy in their order, so that a later file's value
// simply is the last one written; only the rules are put into their order at the end.
#include "policy/read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "colod/cleanup.h"
#include "policy/check.h"
#include "policy/diag.h"
#include "policy/names.h"
#include "policy/nodes.h"
#include "policy/reader.h"
#include "policy/rule.h"
#include "policy/values.h"

#define VERSION 1
#define YIELD_RATIO_DEFAULT 50

static void cleanup_policy(struct policy **policy)
{
	policy_free(*policy);
}

static void reader_done(struct reader *reader)
{
	for (size_t i = 0; i < reader->n_rules; i++)
		rule_done(&reader->rules[i].rule);
	free(reader->rules);
}

/* A policy of another version may mean something else by the same words: 1 or nothing. */
static int read_version(struct reader *reader, const struct reader_key *key,
			const struct read_node *node, void *field)
{
	const char *text = reader_scalar(reader, node, key->accepts);

	(void)field;
	if (text && strcmp(text, "1") != 0)
		reader_error(reader, node, "accepted: 1", "this colod does not know version %.60s",
			     text);
	return 0;
}

static const struct reader_key root_keys[] = {
	{.name = "version", .read = read_version, .accepts = "1", .schema = "\"enum\":[1,\"1\"]"},
	{.name = "mode",
	 .read = read_mode,
	 .offset = offsetof(struct policy, mode),
	 .accepts = READ_MODES_ACCEPTED},
	{.name = "modes",
	 .read = reader_submapping,
	 .offset = offsetof(struct policy, modes),
	 .keys = read_modes_keys},
	{.name = "facts", .read = reader_submapping, .keys = read_facts_keys},
	{.name = "levels",
	 .read = read_levels,
	 .offset = offsetof(struct policy, levels),
	 .keys = read_levels_keys},
	{.name = "assign", .read = read_assign, .keys = read_assign_keys},
	{.name = "pressure", .read = read_pressure, .keys = read_pressure_keys},
	{.name = "evict",
	 .read = reader_submapping,
	 .offset = offsetof(struct policy, evict),
	 .keys = read_evict_keys},
	{.name = "sli", .read = read_sli, .keys = read_sli_keys},
	{.name = "lend",
	 .read = reader_submapping,
	 .offset = offsetof(struct policy, lend),
	 .keys = read_lend_keys},
	{.name = "incidents",
	 .read = reader_submapping,
	 .offset = offsetof(struct policy, incidents),
	 .keys = read_incidents_keys},
	{.name = "score",
	 .read = reader_submapping,
	 .offset = offsetof(struct policy, score),
	 .keys = read_score_keys},
	{.name = "net",
	 .read = read_net,
	 .offset = offsetof(struct policy, net),
	 .keys = read_net_keys},
	{.name = "node",
	 .read = reader_submapping,
	 .offset = offsetof(struct policy, node),
	 .keys = read_node_keys},
	{.name = "metrics",
	 .read = reader_submapping,
	 .offset = offsetof(struct policy, metrics),
	 .keys = read_metrics_keys},
	{.name = "dbus", .read = reader_submapping, .keys = read_bus_keys},
	{.name = "nodes", .read = reader_nothing, .keys = nodes_keys},
	{0},
};

const struct reader_key *reader_root_keys(void)
{
	return root_keys;
}

static void cleanup_root(struct read_node **root)
{
	read_yaml_free(*root);
}

/* A file for other nodes is read into a policy that is thrown away: its mistakes are told all the same. */
static int read_aside(struct reader *reader, const struct read_node *root)
{
	_cleanup_(cleanup_policy) struct policy *aside = policy_none();
	struct reader before = *reader;
	int r;

	if (!aside)
		return -ENOMEM;
	reader->policy = aside;
	r = reader_mapping(reader, root, root_keys, "a policy", aside);
	while (reader->n_rules > before.n_rules)
		rule_done(&reader->rules[--reader->n_rules].rule);
	/* What was set there says nothing about the whole; only the memory of the rules moved. */
	before.rules = reader->rules;
	before.cap_rules = reader->cap_rules;
	*reader = before;
	return r;
}

static int leave_out(struct policy *policy, size_t file, bool waits, const char *why)
{
	struct policy_left_out *grown =
		reallocarray(policy->left_out, policy->n_left_out + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	policy->left_out = grown;
	grown[policy->n_left_out] = (struct policy_left_out){
		.file = (uint32_t)file,
		.waits = waits,
		.why = strdup(why),
	};
	if (!grown[policy->n_left_out].why)
		return -ENOMEM;
	policy->n_left_out++;
	return 0;
}

static int read_root(struct reader *reader, const struct read_node *root)
{
	const struct read_node *on = root->kind == READ_MAPPING ? read_yaml_child(root, "nodes")
								: NULL;
	struct nodes nodes = {.permille = 1000};
	enum nodes_verdict verdict;
	char why[NODES_WHY_SIZE];
	int r = 0;

	reader->in_list++;
	if (on)
		r = reader_mapping(reader, on, nodes_keys, "nodes", &nodes);
	reader->in_list--;
	if (r < 0)
		return r;
	reader->policy->asks_labels |= nodes.label[0] != '\0';
	verdict = nodes_hold(&nodes, reader->node, why);
	if (verdict == NODES_HOLD)
		return reader_mapping(reader, root, root_keys, "a policy", reader->policy);
	r = leave_out(reader->policy, reader->source, verdict == NODES_WAIT, why);
	return r < 0 ? r : read_aside(reader, root);
}

static int read_source(struct reader *reader, size_t i)
{
	_cleanup_(cleanup_root) struct read_node *root = NULL;
	int r = read_yaml(reader->sources, i, reader->diags, &root);

	if (r == -ENOMEM)
		return r;
	/* What a file without a tree would have said may be what another file is blamed for. */
	if (r < 0 || root->kind != READ_MAPPING)
		reader->incomplete = true;
	if (r < 0)
		return 0;
	reader->source = i;
	r = read_root(reader, root);
	if (r < 0)
		return r;
	if (root->kind == READ_MAPPING && !read_yaml_child(root, "version"))
		reader_error(reader, root, "write at the top: version: 1", "no version");
	return 0;
}

static int add_built_in(struct reader_rule *to, const char *unit)
{
	struct match *match = calloc(1, sizeof(*match));

	if (!match)
		return -ENOMEM;
	match->kind = MATCH_UNIT;
	match->pattern = strdup(unit);
	*to = (struct reader_rule){
		.rule = {.matches = match, .n_matches = 1, .level = LEVEL_P1, .built_in = true},
	};
	(void)snprintf(to->rule.file, sizeof(to->rule.file), "built-in");
	return match->pattern ? 0 : -ENOMEM;
}

/* The built-in rules, then the last file's rules, then those of the one before … */
static int order_rules(struct reader *reader)
{
	const char *const *units = rule_system_units();
	struct reader_rule *ordered;
	size_t n_units = 0, n = 0;

	while (units[n_units])
		n_units++;
	ordered = calloc(n_units + reader->n_rules, sizeof(*ordered));
	if (!ordered)
		return -ENOMEM;
	for (size_t end = reader->n_rules; end > 0;) {
		size_t start = end;

		while (start > 0 &&
		       reader->rules[start - 1].mark.source == reader->rules[end - 1].mark.source)
			start--;
		memcpy(&ordered[n_units + n], &reader->rules[start],
		       (end - start) * sizeof(*ordered));
		n += end - start;
		end = start;
	}
	free(reader->rules);
	reader->rules = ordered;
	reader->n_rules = n_units + n;
	for (size_t i = 0; i < n_units; i++) {
		int r = add_built_in(&ordered[i], units[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Offline work always yields: a level that does not say how gets the ratio that was measured. */
static void set_yield(struct policy *policy)
{
	for (int i = 0; i < LEVEL_COUNT; i++) {
		struct level_policy *level = &policy->levels[i];

		if (level->role != ROLE_OFFLINE || level->cpu.yield != YIELD_NONE)
			continue;
		level->cpu.yield = YIELD_RATIO;
		level->cpu.yield_ratio = YIELD_RATIO_DEFAULT;
	}
}

/* Gives the rules to the policy; their places are not needed any more. */
static int hand_over_rules(struct reader *reader)
{
	struct policy *policy = reader->policy;

	policy->rules = calloc(reader->n_rules, sizeof(*policy->rules));
	if (!policy->rules)
		return -ENOMEM;
	for (size_t i = 0; i < reader->n_rules; i++)
		policy->rules[i] = reader->rules[i].rule;
	policy->n_rules = reader->n_rules;
	reader->n_rules = 0;
	return 0;
}

static void set_origin(struct policy *policy, const struct policy_source *sources, size_t n)
{
	static const char more[] = " ...";
	char *to = policy->origin;
	size_t room = sizeof(policy->origin) - sizeof(more);

	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(sources[i].name);

		if (len + 1 > room) {
			memcpy(to, more, sizeof(more));
			return;
		}
		if (i > 0)
			*to++ = ' ';
		memcpy(to, sources[i].name, len + 1);
		to += len;
		room -= len + 1;
	}
}

static int read_sources(struct reader *reader)
{
	int r;

	if (reader->n_sources > POLICY_FILES_MAX) {
		struct diag_place place = {.file = reader->sources[POLICY_FILES_MAX].name};

		diag_add(reader->diags, DIAG_ERROR, &place, "too many policy files",
			 "at most 64 files are read");
		return -EINVAL;
	}
	for (size_t i = 0; i < reader->n_sources; i++) {
		r = read_source(reader, i);
		if (r < 0)
			return r;
	}
	r = order_rules(reader);
	if (r < 0)
		return r;
	if (!reader->incomplete) {
		check_facts(reader);
		check_modes(reader);
		check_levels(reader);
		check_steps(reader);
		check_net(reader);
		check_rules(reader);
		check_slis(reader);
		check_node(reader);
	}
	return reader->diags->n_errors > 0 ? -EINVAL : 0;
}

int policy_read(const struct policy_source *sources, size_t n_sources, struct diags *diags,
		struct policy **ret_policy)
{
	return policy_read_on(NULL, sources, n_sources, diags, ret_policy);
}

int policy_read_on(const struct policy_node *node, const struct policy_source *sources,
		   size_t n_sources, struct diags *diags, struct policy **ret_policy)
{
	_cleanup_(cleanup_policy) struct policy *policy = policy_none();
	_cleanup_(reader_done) struct reader reader = {
		.node = node,
		.sources = sources,
		.n_sources = n_sources,
		.diags = diags,
		.policy = policy,
	};
	int r;

	if (!policy)
		return -ENOMEM;
	if (n_sources > 0) {
		/* A file that does not say where facts come from means the usual place. */
		policy->facts = FACTS_KUBELET;
		r = read_sources(&reader);
		if (r == 0)
			r = hand_over_rules(&reader);
		if (r < 0)
			return r;
		set_yield(policy);
		set_origin(policy, sources, n_sources);
		r = values_set_files(policy, sources, n_sources);
		if (r < 0)
			return r;
	}
	*ret_policy = TAKE_PTR(policy);
	return 0;
}

const char *policy_waits(const struct policy *policy)
{
	for (size_t i = 0; i < policy->n_left_out; i++)
		if (policy->left_out[i].waits)
			return policy->left_out[i].why;
	return NULL;
}

struct policy *policy_none(void)
{
	struct policy *policy = calloc(1, sizeof(*policy));

	if (!policy)
		return NULL;
	policy->version = VERSION;
	policy->mode = MODE_OBSERVE;
	policy->facts = FACTS_CGROUP;
	policy->evict = (struct evict_policy){
		.by = {EVICT_KUBERNETES, EVICT_KILL},
		.n_by = 2,
		.grace_us = 5000000,
		.cooldown_us = 15000000,
		.per_hour = 6,
		.order = {EVICT_BY_LEVEL, EVICT_BY_OVER_REQUEST, EVICT_BY_USAGE, EVICT_BY_NEWEST},
		.n_order = 4,
	};
	policy->lend.cold_start_us = 3600000000ull;
	policy->net = (struct net_policy){
		.mark = {.mask = 0x1270, .value = 0x1200, .shift = 4},
		.headroom_permille = 50,
	};
	policy->incidents = (struct incident_policy){
		.excess_permille = 100, .count = 100, .size_bytes = 16u << 20};
	(void)snprintf(policy->bus_group, sizeof(policy->bus_group), "colod");
	return policy;
}

void policy_free(struct policy *policy)
{
	if (!policy)
		return;
	for (size_t i = 0; i < policy->n_rules; i++)
		rule_done(&policy->rules[i]);
	free(policy->rules);
	free(policy->facts_path);
	free(policy->kubelet.url);
	free(policy->kubelet.name);
	free(policy->kubelet.ca);
	free(policy->kubelet.api);
	free(policy->kubelet.api_ca);
	free(policy->kubelet.token);
	free(policy->kubelet.node);
	for (size_t i = 0; i < policy->n_left_out; i++)
		free(policy->left_out[i].why);
	free(policy->left_out);
	values_done(policy);
	free(policy);
}
