// SPDX-License-Identifier: LGPL-2.1-or-later
// assign: the rules that give pods their level. Reads one rule at a time; whether rules fit each
// other and the rest of the policy is check_rules.c's business.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/names.h"
#include "policy/reader.h"
#include "policy/rule.h"

static int keep(char **to, const char *text, size_t len)
{
	*to = strndup(text, len);
	return *to ? 0 : -ENOMEM;
}

static int add_match(struct assign_rule *rule, const struct match *match)
{
	struct match *grown = realloc(rule->matches, (rule->n_matches + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	rule->matches = grown;
	grown[rule->n_matches++] = *match;
	return 0;
}

/* A glob that is the whole value. */
static int read_glob(struct reader *reader, const struct read_node *node, enum match_kind kind,
		     struct assign_rule *rule)
{
	struct match match = {.kind = kind};
	const char *text = reader_scalar(reader, node, "a name or a pattern such as \"web-*\"");
	int r;

	if (!text)
		return 0;
	if (kind == MATCH_CGROUP && strncmp(text, "/sys/fs/cgroup", 14) == 0) {
		reader_error(reader, node, "write the path below the mount, e.g. system.slice/*",
			     "a cgroup path begins below /sys/fs/cgroup");
		return 0;
	}
	if (kind == MATCH_CGROUP)
		text += strspn(text, "/");
	if (!text[0]) {
		reader_error(reader, node, "", "the root cgroup is nobody's pod");
		return 0;
	}
	if (kind == MATCH_UNIT && strchr(text, '/')) {
		reader_error(reader, node, "for a path use cgroup: \"a.slice/b.service\"",
			     "a unit has no \"/\" in its name");
		return 0;
	}
	if (!reader_is_pattern(reader, node, text))
		return 0;
	r = keep(&match.pattern, text, strlen(text));
	if (r == 0)
		r = add_match(rule, &match);
	if (r < 0)
		free(match.pattern);
	return r;
}

/* "key" or "key=value", the value a glob. */
static int read_pair(struct reader *reader, const struct read_node *node, enum match_kind kind,
		     struct assign_rule *rule)
{
	const char *text = reader_scalar(reader, node, "a key, or key=value");
	struct match match = {.kind = kind};
	const char *equals;
	size_t plain;
	int r;

	if (!text)
		return 0;
	plain = strcspn(text, "*?[= ");
	if (plain == 0 || (text[plain] && text[plain] != '=')) {
		reader_error(reader, node, "accepted: a key such as app, or \"app=web-*\"",
			     "\"%.60s\" has no plain key (only the value may be a pattern)", text);
		return 0;
	}
	equals = text[plain] ? text + plain : NULL;
	if (equals && !reader_is_pattern(reader, node, equals + 1))
		return 0;
	r = keep(&match.key, text, plain);
	if (r == 0 && equals)
		r = keep(&match.pattern, equals + 1, strlen(equals + 1));
	if (r == 0)
		r = add_match(rule, &match);
	if (r < 0) {
		free(match.key);
		free(match.pattern);
	}
	return r;
}

static int read_qos(struct reader *reader, const struct read_node *node, struct assign_rule *rule)
{
	static const char *const words[] = {"Guaranteed", "Burstable", "BestEffort"};
	struct match match = {.kind = MATCH_QOS};
	int word = reader_word(reader, node, "a QoS class", words, 3);

	if (word < 0)
		return 0;
	match.qos = (enum qos)names_qos_from(words[word]);
	return add_match(rule, &match);
}

/* Only where the names of the cgroups tell: a bare id of the cgroupfs layout does not. */
static int read_runtime(struct reader *reader, const struct read_node *node,
			struct assign_rule *rule)
{
	static const enum runtime runtimes[] = {RUNTIME_CONTAINERD, RUNTIME_CRIO, RUNTIME_DOCKER,
						RUNTIME_PODMAN};
	const char *words[4];
	struct match match = {.kind = MATCH_RUNTIME};
	int word;

	for (size_t i = 0; i < 4; i++)
		words[i] = names_runtime(runtimes[i]);
	word = reader_word(reader, node, "a container runtime", words, 4);
	if (word < 0)
		return 0;
	match.runtime = runtimes[word];
	return add_match(rule, &match);
}

static int read_static(struct reader *reader, const struct read_node *node,
		       struct assign_rule *rule)
{
	static const char *const words[] = {"false", "true"};
	struct match match = {.kind = MATCH_STATIC};
	int word = reader_word(reader, node, "true or false", words, 2);

	if (word < 0)
		return 0;
	match.flag = word == 1;
	return add_match(rule, &match);
}

static const struct reader_key match_keys[MATCH_KIND_COUNT + 1];

static int read_condition(struct reader *reader, const struct reader_key *key,
			  const struct read_node *node, void *field)
{
	enum match_kind kind = (enum match_kind)(key - match_keys);

	switch (kind) {
	case MATCH_QOS:
		return read_qos(reader, node, field);
	case MATCH_STATIC:
		return read_static(reader, node, field);
	case MATCH_RUNTIME:
		return read_runtime(reader, node, field);
	case MATCH_LABEL:
	case MATCH_ANNOTATION:
		return read_pair(reader, node, kind, field);
	default:
		return read_glob(reader, node, kind, field);
	}
}

#define GLOB "a name or a pattern"
#define PAIR "key, or \"key=pattern\""
#define CONDITION(kind_, name_, accepts_, schema_)                                                 \
	[kind_] = {.name = name_, .read = read_condition, .accepts = accepts_, .schema = schema_}

/* In the order of enum match_kind, whose last member is the row without a name. */
static const struct reader_key match_keys[MATCH_KIND_COUNT + 1] = {
	CONDITION(MATCH_NAMESPACE, "namespace", GLOB, READER_SCHEMA_TEXT),
	CONDITION(MATCH_NAME, "name", GLOB, READER_SCHEMA_TEXT),
	CONDITION(MATCH_LABEL, "label", PAIR, READER_SCHEMA_TEXT),
	CONDITION(MATCH_ANNOTATION, "annotation", PAIR, READER_SCHEMA_TEXT),
	CONDITION(MATCH_PRIORITY_CLASS, "priorityClass", GLOB, READER_SCHEMA_TEXT),
	CONDITION(MATCH_QOS, "qos", "Guaranteed, Burstable, BestEffort", NULL),
	CONDITION(MATCH_OWNER_KIND, "ownerKind", GLOB, READER_SCHEMA_TEXT),
	CONDITION(MATCH_STATIC, "static", "false, true", READER_SCHEMA_BOOL),
	CONDITION(MATCH_UNIT, "unit", GLOB, READER_SCHEMA_TEXT),
	CONDITION(MATCH_CGROUP, "cgroup", GLOB, READER_SCHEMA_TEXT),
	CONDITION(MATCH_RUNTIME, "runtime", "containerd, cri-o, docker, podman", NULL),
	[MATCH_KIND_COUNT] = {0},
};

static int read_match(struct reader *reader, const struct reader_key *key,
		      const struct read_node *node, void *field)
{
	struct reader_rule *rule = field;

	rule->match = node->mark;
	if (node->kind == READ_MAPPING && !node->first_child)
		reader_error(reader, node,
			     "every Kubernetes pod: {namespace: \"*\"}; without facts: one rule "
			     "for each qos",
			     "a match without a condition");
	return reader_mapping(reader, node, key->keys, key->name, &rule->rule);
}

static int read_rule_level(struct reader *reader, const struct reader_key *key,
			   const struct read_node *node, void *field)
{
	static const char *const words[] = {"P0", "P1", "P2", "P3",	   "P4",
					    "P5", "P6", "P7", "from-value"};
	struct reader_rule *rule = field;
	int word = reader_word(reader, node, "a level", words, LEVEL_COUNT + 1);

	(void)key;
	rule->level = node->mark;
	rule->rule.from_value = word == LEVEL_COUNT;
	rule->rule.level = word >= 0 && word < LEVEL_COUNT ? (enum level)word : LEVEL_NONE;
	return 0;
}

static int add_trusted(struct assign_rule *rule, const char *pattern)
{
	char **grown = realloc(rule->trusted, (rule->n_trusted + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	rule->trusted = grown;
	grown[rule->n_trusted] = strdup(pattern);
	if (!grown[rule->n_trusted])
		return -ENOMEM;
	rule->n_trusted++;
	return 0;
}

static int read_trusted(struct reader *reader, const struct reader_key *key,
			const struct read_node *node, void *field)
{
	struct reader_rule *rule = field;

	rule->trusted = node->mark;
	if (!reader_is_sequence(reader, node, key->name))
		return 0;
	if (!node->first_child)
		reader_error(reader, node, "leave the key out, or e.g. [payments, \"team-*\"]",
			     "trusted-namespaces names none");
	for (const struct read_node *c = node->first_child; c; c = c->next) {
		const char *text = reader_scalar(reader, c, GLOB);
		int r = 0;

		if (text && reader_is_pattern(reader, c, text))
			r = add_trusted(&rule->rule, text);
		if (r < 0)
			return r;
	}
	return 0;
}

const struct reader_key read_assign_keys[] = {
	{.name = "match", .read = read_match, .keys = match_keys},
	{.name = "level",
	 .read = read_rule_level,
	 .accepts = "P0..P7, from-value",
	 .schema =
		 "\"enum\":[\"P0\",\"P1\",\"P2\",\"P3\",\"P4\",\"P5\",\"P6\",\"P7\",\"from-value\"]"},
	{.name = "trusted-namespaces",
	 .read = read_trusted,
	 .accepts = "a list of names or patterns",
	 .schema = "\"type\":\"array\",\"minItems\":1,\"items\":{" READER_SCHEMA_TEXT "}"},
	{0},
};

static void set_origin(struct reader *reader, const struct read_node *node,
		       struct assign_rule *rule)
{
	const char *name = reader->sources[reader->source].name;
	const char *slash = strrchr(name, '/');

	(void)snprintf(rule->file, sizeof(rule->file), "%s", slash ? slash + 1 : name);
	rule->line = node->mark.line + 1;
}

static bool is_complete(const struct assign_rule *rule)
{
	return rule->n_matches > 0 && (rule->from_value || rule->level != LEVEL_NONE);
}

/* A rule with a mistake is not kept: what is left of it could match more than was meant. */
static int read_one(struct reader *reader, const struct read_node *node, struct reader_rule *rule)
{
	size_t errors = reader->diags->n_errors;
	int r;

	reader->in_list++;
	*rule = (struct reader_rule){.mark = node->mark, .rule.level = LEVEL_NONE};
	set_origin(reader, node, &rule->rule);
	r = reader_mapping(reader, node, read_assign_keys, "an assign rule", rule);
	reader->in_list--;
	if (r < 0 || node->kind != READ_MAPPING)
		return r;
	if (!rule->match.source)
		reader_error(reader, node, "e.g. {match: {qos: BestEffort}, level: P7}",
			     "a rule without \"match\"");
	if (!rule->level.source)
		reader_error(reader, node, "accepted: P0..P7, from-value",
			     "a rule without \"level\"");
	/* An alias was reported before there was a rule to count mistakes of. */
	return reader->diags->n_errors == errors && is_complete(&rule->rule) ? 1 : 0;
}

static int grow(struct reader *reader)
{
	size_t cap = reader->cap_rules ? 2 * reader->cap_rules : 16;
	struct reader_rule *grown;

	if (reader->n_rules < reader->cap_rules)
		return 0;
	grown = realloc(reader->rules, cap * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	reader->rules = grown;
	reader->cap_rules = cap;
	return 0;
}

int read_assign(struct reader *reader, const struct reader_key *key, const struct read_node *node,
		void *field)
{
	(void)field;
	if (!reader_is_sequence(reader, node, key->name))
		return 0;
	for (const struct read_node *c = node->first_child; c; c = c->next) {
		struct reader_rule rule;
		int r = grow(reader);

		if (r < 0)
			return r;
		r = read_one(reader, c, &rule);
		if (r == 1)
			reader->rules[reader->n_rules++] = rule;
		else
			rule_done(&rule.rule);
		if (r < 0)
			return r;
	}
	return 0;
}
