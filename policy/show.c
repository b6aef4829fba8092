// SPDX-License-Identifier: LGPL-2.1-or-later
// See show.h. Walks the reader's own tables, so that no key can be forgotten; values stand there as
// their authors wrote them.
#include "policy/show.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "colod/cleanup.h"
#include "policy/names.h"
#include "policy/names_policy.h"
#include "policy/reader.h"
#include "policy/rule.h"
#include "policy/sli.h"
#include "policy/values.h"

#define LINE_SIZE 512
#define ORIGIN_COLUMN 56

struct show {
	const struct policy *policy;
	bool origins;
	show_put put;
	void *context;
	int error;
	size_t column;
};

static void put(struct show *s, const char *text)
{
	s->put(s->context, text);
	s->column += strlen(text);
}

static void end_line(struct show *s, const char *origin)
{
	char pad[ORIGIN_COLUMN + 8];
	size_t n = s->column < ORIGIN_COLUMN ? ORIGIN_COLUMN - s->column : 1;

	if (s->origins && origin[0]) {
		memset(pad, ' ', n);
		pad[n] = '\0';
		put(s, pad);
		put(s, "# ");
		put(s, origin);
	}
	put(s, "\n");
	s->column = 0;
}

static const char *file_name(const struct policy *policy, uint32_t file)
{
	return file < policy->n_files ? policy->files[file] : "?";
}

static void put_key(struct show *s, unsigned depth, const char *name)
{
	char text[LINE_SIZE];

	(void)snprintf(text, sizeof(text), "%*s%s:", (int)depth * 2, "", name);
	put(s, text);
}

static void put_value(struct show *s, unsigned depth, const char *name,
		      const struct policy_value *v)
{
	char origin[LINE_SIZE];

	put_key(s, depth, name);
	put(s, " ");
	put(s, v->text);
	(void)snprintf(origin, sizeof(origin), "%s:%" PRIu32 "%s", file_name(s->policy, v->file),
		       v->line, v->unenforced ? ", not acted on by this version" : "");
	end_line(s, origin);
}

/* What holds where nobody wrote anything; NULL where nothing does. */
static const char *default_of(const struct policy *policy, const char *path)
{
	int level;

	if (strcmp(path, "version") == 0)
		return "1";
	if (strcmp(path, "mode") == 0)
		return names_mode(policy->mode);
	if (strcmp(path, "facts.from") == 0)
		return policy->facts == FACTS_KUBELET ? "kubelet" : "cgroup";
	if (strncmp(path, "levels.P", 8) != 0 || strcmp(path + 9, ".cpu.yield") != 0)
		return NULL;
	level = path[8] - '0';
	return level >= 0 && level < LEVEL_COUNT && policy->levels[level].defined &&
			       policy->levels[level].role == ROLE_OFFLINE
		       ? "ratio 50"
		       : NULL;
}

static bool is_below(const char *path, const char *above)
{
	size_t len = strlen(above);

	return strncmp(path, above, len) == 0 && path[len] == '.';
}

static bool has_any(const struct policy *policy, const struct reader_key *keys, const char *path)
{
	for (size_t i = 0; i < policy->n_values; i++)
		if (is_below(policy->values[i].path, path))
			return true;
	for (const struct reader_key *key = keys; key && key->name; key++) {
		char below[READER_PATH_SIZE];

		(void)snprintf(below, sizeof(below), "%.*s.%s", READER_PATH_SIZE / 2, path,
			       key->name);
		if (default_of(policy, below) || has_any(policy, key->keys, below))
			return true;
	}
	return false;
}

static void put_rules(struct show *s, unsigned depth);

static void put_keys(struct show *s, const struct reader_key *keys, const char *above,
		     unsigned depth)
{
	for (const struct reader_key *key = keys; key->name; key++) {
		char path[READER_PATH_SIZE];
		const struct policy_value *value;
		const char *text;

		(void)snprintf(path, sizeof(path), "%.*s%s%s", READER_PATH_SIZE / 2, above,
			       above[0] ? "." : "", key->name);
		value = values_find(s->policy, path);
		text = default_of(s->policy, path);
		if (key->read == read_assign) {
			put_rules(s, depth);
		} else if (value) {
			put_value(s, depth, key->name, value);
		} else if (text) {
			put_key(s, depth, key->name);
			put(s, " ");
			put(s, text);
			end_line(s, "default");
		} else if (key->keys && has_any(s->policy, key->keys, path)) {
			put_key(s, depth, key->name);
			end_line(s, "");
			put_keys(s, key->keys, path, depth + 1);
		}
	}
}

static void put_scalar(struct show *s, const char *text)
{
	_cleanup_free_ char *scalar = NULL;

	if (values_scalar(text, &scalar) < 0)
		s->error = -ENOMEM;
	else
		put(s, scalar);
}

static void put_match(struct show *s, const struct match *m)
{
	_cleanup_free_ char *pair = NULL;
	size_t size;

	put(s, rule_match_name(m->kind));
	put(s, ": ");
	if (m->kind == MATCH_QOS) {
		put(s, names_qos(m->qos));
	} else if (m->kind == MATCH_RUNTIME) {
		put(s, names_runtime(m->runtime));
	} else if (m->kind == MATCH_STATIC) {
		put(s, m->flag ? "true" : "false");
	} else if (!m->key) {
		put_scalar(s, m->pattern);
	} else {
		size = strlen(m->key) + (m->pattern ? strlen(m->pattern) : 0) + 2;
		pair = malloc(size);
		if (!pair) {
			s->error = -ENOMEM;
			return;
		}
		(void)snprintf(pair, size, "%s%s%s", m->key, m->pattern ? "=" : "",
			       m->pattern ? m->pattern : "");
		put_scalar(s, pair);
	}
}

/* The rule of a later file that is tried first and takes all that this one would match. */
static const struct assign_rule *overridden_by(const struct policy *policy, size_t i)
{
	for (size_t above = 0; above < i; above++) {
		const struct assign_rule *a = &policy->rules[above];

		if (!a->from_value && rule_covers(a, &policy->rules[i]))
			return a;
	}
	return NULL;
}

static void put_rule(struct show *s, unsigned depth, size_t i)
{
	const struct assign_rule *rule = &s->policy->rules[i];
	const struct assign_rule *by = overridden_by(s->policy, i);
	char text[LINE_SIZE];

	if (!s->origins && (rule->built_in || by))
		return;
	(void)snprintf(text, sizeof(text), "%*s%s{match: {", (int)depth * 2, "",
		       rule->built_in ? "# always: "
		       : by	      ? "# never: "
				      : "- ");
	put(s, text);
	for (size_t m = 0; m < rule->n_matches; m++) {
		put(s, m > 0 ? ", " : "");
		put_match(s, &rule->matches[m]);
	}
	(void)snprintf(text, sizeof(text), "}, level: %s",
		       rule->from_value ? "from-value" : names_level(rule->level));
	put(s, text);
	for (size_t t = 0; t < rule->n_trusted; t++) {
		put(s, t == 0 ? ", trusted-namespaces: [" : ", ");
		put_scalar(s, rule->trusted[t]);
	}
	put(s, rule->n_trusted > 0 ? "]}" : "}");
	if (by)
		(void)snprintf(text, sizeof(text), "%s:%" PRIu32 ", overridden by %s:%" PRIu32,
			       rule->file, rule->line, by->file, by->line);
	else
		(void)snprintf(text, sizeof(text), "%s:%" PRIu32, rule->file, rule->line);
	end_line(s, rule->built_in ? "built in" : text);
}

static void put_rules(struct show *s, unsigned depth)
{
	size_t n_own = 0;

	for (size_t i = 0; i < s->policy->n_rules; i++)
		n_own += !s->policy->rules[i].built_in;
	put_key(s, depth, "assign");
	put(s, n_own ? "" : " []");
	end_line(s, "the first that matches gives the level");
	for (size_t i = 0; i < s->policy->n_rules; i++)
		put_rule(s, depth + 1, i);
}

int show_policy(const struct policy *policy, bool origins, show_put put_text, void *context)
{
	struct show s = {
		.policy = policy,
		.origins = origins,
		.put = put_text,
		.context = context,
	};

	put_keys(&s, reader_root_keys(), "", 0);
	for (size_t i = 0; origins && i < policy->n_left_out; i++) {
		char text[LINE_SIZE];

		(void)snprintf(text, sizeof(text), "# %s: %s: %s",
			       policy->left_out[i].waits ? "not known whether it holds here"
							 : "left out on this node",
			       file_name(policy, policy->left_out[i].file),
			       policy->left_out[i].why);
		put(&s, text);
		end_line(&s, "");
	}
	return s.error;
}

/* FNV-1a. */
static void add_to_digest(void *context, const char *text)
{
	uint64_t hash = *(uint64_t *)context;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3ull;
	*(uint64_t *)context = hash;
}

uint64_t show_digest(const struct policy *policy)
{
	uint64_t hash = 0xcbf29ce484222325ull;

	(void)show_policy(policy, false, add_to_digest, &hash);
	return hash;
}

static size_t unenforced_steps(const struct policy *policy, show_unenforced_fn fn, void *context)
{
	char what[64];
	size_t n = 0;

	for (size_t i = 0; i < policy->n_pressure; i++) {
		const struct pressure_policy *p = &policy->pressure[i];

		for (size_t k = 0; k < p->n_steps; k++) {
			if (read_pressure_acts(p, k))
				continue;
			(void)snprintf(what, sizeof(what), "pressure %s.%s: %s",
				       names_resource(p->resource), names_pressure_sign(p->sign),
				       names_action(p->steps[k].action));
			fn(context, what, file_name(policy, p->file), p->line);
			n++;
		}
	}
	return n;
}

static size_t unenforced_slis(const struct policy *policy, show_unenforced_fn fn, void *context)
{
	char what[64];
	size_t n = 0;

	for (size_t i = 0; i < policy->n_slis; i++) {
		const struct sli_policy *sli = &policy->slis[i];

		if (sli_is_measured(sli->sign))
			continue;
		(void)snprintf(what, sizeof(what), "sli %s: %s", sli->name,
			       names_sli_sign(sli->sign));
		fn(context, what, file_name(policy, sli->file), sli->line);
		n++;
	}
	return n;
}

size_t show_unenforced(const struct policy *policy, show_unenforced_fn fn, void *context)
{
	size_t n = 0;

	for (size_t i = 0; i < policy->n_values; i++) {
		const struct policy_value *v = &policy->values[i];

		if (!v->unenforced)
			continue;
		fn(context, v->path, file_name(policy, v->file), v->line);
		n++;
	}
	return n + unenforced_steps(policy, fn, context) + unenforced_slis(policy, fn, context);
}
