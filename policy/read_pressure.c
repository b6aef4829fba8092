// SPDX-License-Identifier: LGPL-2.1-or-later
// pressure: when colod goes a step further, and which steps it may take. Reads one rule at a time,
// word by word, so that a message points at the word that is wrong.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/names.h"
#include "policy/names_policy.h"
#include "policy/quantity.h"
#include "policy/reader.h"

#define RULE_HINT "accepted: cpu.some of online > 5% over 2s, memory.empty of node in 3s"
/* What a PSI trigger of the kernel can be asked for. */
#define WINDOW_MIN_US 500000
#define WINDOW_MAX_US 10000000
#define STEP_AFTER_MAX_US 600000000
#define FREEZE_FOR_MIN_US 1000000
#define FREEZE_FOR_MAX_US 10000000

/* Word by word with its place, so that a message points at the word that is wrong. */
struct words {
	const char *text;
	size_t start;
	size_t end;
	char word[32];
};

static const char *next_word(struct words *w)
{
	size_t len;

	w->start = w->end + strspn(w->text + w->end, " ");
	len = strcspn(w->text + w->start, " ");
	w->end = w->start + len;
	if (len >= sizeof(w->word))
		len = sizeof(w->word) - 1;
	memcpy(w->word, w->text + w->start, len);
	w->word[len] = '\0';
	return w->word;
}

static bool read_fixed(struct reader *reader, const struct read_node *node, struct words *w,
		       const char *word)
{
	if (strcmp(next_word(w), word) == 0)
		return true;
	reader_error_at(reader, node, w->start, RULE_HINT, "expects \"%s\" here, found \"%s\"",
			word, w->word);
	return false;
}

static bool read_threshold(struct reader *reader, const struct read_node *node, struct words *w,
			   uint32_t *ret_permille)
{
	uint32_t value;
	int r = quantity_permille(next_word(w), &value);

	if (r == 0 && value >= 1 && value < 1000) {
		*ret_permille = value;
		return true;
	}
	reader_error_at(reader, node, w->start, "accepted: 0.1% to 99.9%",
			"\"%s\" is not a share of time that can be passed", w->word);
	return false;
}

static bool read_window(struct reader *reader, const struct read_node *node, struct words *w,
			uint64_t *ret_us)
{
	uint64_t value;
	int r = quantity_duration_us(next_word(w), &value);

	if (r == 0 && value >= WINDOW_MIN_US && value <= WINDOW_MAX_US) {
		*ret_us = value;
		return true;
	}
	reader_error_at(reader, node, w->start,
			"accepted: 500ms to 10s, the windows of a PSI trigger",
			"\"%s\" is not a window the kernel can watch", w->word);
	return false;
}

/* A rule while it is read. */
struct pressure {
	struct pressure_policy rule;
	bool has_when;
	bool has_do;
};

/* "memory.some" in its two parts. */
static bool read_sign(struct reader *reader, const struct read_node *node, struct words *w,
		      struct pressure_policy *rule)
{
	char word[sizeof(w->word)];
	char *dot;
	int resource, sign;

	memcpy(word, next_word(w), sizeof(word));
	dot = strchr(word, '.');
	if (dot)
		*dot = '\0';
	resource = names_resource_from(word);
	sign = dot ? names_pressure_sign_from(dot + 1) : -EINVAL;
	if (resource < 0 || sign < 0 || (sign == PRESSURE_EMPTY && resource != RESOURCE_MEMORY) ||
	    (sign == PRESSURE_FULL && resource == RESOURCE_CPU)) {
		reader_error_at(reader, node, w->start,
				"accepted: cpu.some, memory.some, memory.full, io.some, io.full, "
				"memory.empty",
				"unknown sign of pressure \"%s\"", w->word);
		return false;
	}
	rule->resource = (enum resource)resource;
	rule->sign = (enum pressure_sign)sign;
	return true;
}

static bool read_terms(struct reader *reader, const struct read_node *node, struct words *w,
		       struct pressure_policy *rule)
{
	if (rule->sign == PRESSURE_EMPTY)
		return read_fixed(reader, node, w, "of") && read_fixed(reader, node, w, "node") &&
		       read_fixed(reader, node, w, "in") &&
		       read_window(reader, node, w, &rule->window_us);
	return read_fixed(reader, node, w, "of") && read_fixed(reader, node, w, "online") &&
	       read_fixed(reader, node, w, ">") &&
	       read_threshold(reader, node, w, &rule->threshold_permille) &&
	       read_fixed(reader, node, w, "over") &&
	       read_window(reader, node, w, &rule->window_us);
}

static int read_when(struct reader *reader, const struct reader_key *key,
		     const struct read_node *node, void *field)
{
	const char *text = reader_scalar(reader, node, key->accepts);
	struct words w = {.text = text};
	struct pressure *pressure = field;
	struct pressure_policy rule = pressure->rule;

	pressure->has_when = true;
	if (!text || !read_sign(reader, node, &w, &rule) || !read_terms(reader, node, &w, &rule))
		return 0;
	if (*next_word(&w))
		reader_error_at(reader, node, w.start, RULE_HINT, "\"%s\" is too much here",
				w.word);
	else
		pressure->rule = rule;
	return 0;
}

static bool read_for(struct reader *reader, const struct read_node *node, const char *text,
		     size_t start, size_t len, struct pressure_step *step)
{
	char span[32] = "";

	if (step->action != ACTION_FREEZE) {
		reader_error_at(reader, node, start, "only freeze has one: it ends by itself",
				"the step %s has no \"for\"", names_action(step->action));
		return false;
	}
	if (len < sizeof(span))
		memcpy(span, text + start, len);
	if (quantity_duration_us(span, &step->for_us) == 0 && step->for_us >= FREEZE_FOR_MIN_US &&
	    step->for_us <= FREEZE_FOR_MAX_US)
		return true;
	reader_error_at(reader, node, start, "accepted: 1s to 10s, e.g. freeze for 5s",
			"nobody is frozen for \"%.*s\"", (int)(len < 30 ? len : 30), text + start);
	return false;
}

static bool read_after(struct reader *reader, const struct read_node *node, const char *text,
		       size_t start, struct pressure_step *step)
{
	if (quantity_duration_us(text + start, &step->after_us) == 0 &&
	    step->after_us <= STEP_AFTER_MAX_US)
		return true;
	reader_error_at(reader, node, start, "accepted: up to 10m, e.g. after 20s",
			"\"%.30s\" is no time to wait", text + start);
	return false;
}

static bool read_action(struct reader *reader, const struct read_node *node, const char *text,
			size_t len, struct pressure_step *step)
{
	const char *words[ACTION_COUNT];
	char action[32] = "", hint[DIAG_TEXT_SIZE];
	int word;

	for (int i = 0; i < ACTION_COUNT; i++)
		words[i] = names_action((enum pressure_action)i);
	if (len < sizeof(action))
		memcpy(action, text, len);
	word = names_action_from(action);
	if (word >= 0) {
		step->action = (enum pressure_action)word;
		return true;
	}
	reader_error(reader, node,
		     reader_hint(len < sizeof(action) ? action : text, words, ACTION_COUNT, hint,
				 sizeof(hint)),
		     "\"%.60s\" is no step", len < sizeof(action) ? action : text);
	return false;
}

/* "freeze for 5s", "evict after 20s": the action, how long at most, and how long the step before has been on. */
static bool read_step(struct reader *reader, const struct read_node *node,
		      struct pressure_step *step)
{
	static const char span[] = " for ", after[] = " after ";
	const char *text = reader_scalar(reader, node, "a step such as squeeze cpu");
	const char *wait, *most;
	size_t len, end;

	if (!text)
		return false;
	wait = strstr(text, after);
	most = strstr(text, span);
	end = wait ? (size_t)(wait - text) : strlen(text);
	if (most && (size_t)(most - text) > end)
		most = NULL;
	len = most ? (size_t)(most - text) : end;
	if (!read_action(reader, node, text, len, step))
		return false;
	len += sizeof(span) - 1;
	if (most && !read_for(reader, node, text, len, end > len ? end - len : 0, step))
		return false;
	return !wait || read_after(reader, node, text, end + sizeof(after) - 1, step);
}

/* Steps climb: each goes further than the one before. */
static int read_do(struct reader *reader, const struct reader_key *key,
		   const struct read_node *node, void *field)
{
	struct pressure *pressure = field;
	struct pressure_policy *rule = &pressure->rule;

	pressure->has_do = true;
	if (!reader_is_sequence(reader, node, key->name))
		return 0;
	if (!node->first_child)
		reader_error(reader, node, "e.g. [squeeze cpu]", "a rule that does nothing");
	for (const struct read_node *c = node->first_child; c; c = c->next) {
		struct pressure_step step = {0};

		if (!read_step(reader, c, &step))
			continue;
		for (size_t i = 0; i < rule->n_steps; i++) {
			if (rule->steps[i].action != step.action)
				continue;
			reader_error(reader, c, "", "the same step twice");
			return 0;
		}
		if (rule->n_steps > 0 && rule->steps[rule->n_steps - 1].action > step.action) {
			reader_error(reader, c,
				     "from the gentlest on: squeeze, reclaim, freeze, evict, kill",
				     "a step that goes less far than the one before");
			return 0;
		}
		if (rule->n_steps == PRESSURE_STEPS_MAX) {
			reader_error(reader, c, "", "more than %d steps", PRESSURE_STEPS_MAX);
			return 0;
		}
		rule->steps[rule->n_steps++] = step;
	}
	return 0;
}

const struct reader_key read_pressure_keys[] = {
	{.name = "when",
	 .read = read_when,
	 .accepts = "RESOURCE.some of online > N% over Ns, memory.empty of node in Ns",
	 .schema = READER_SCHEMA_TEXT},
	{.name = "do",
	 .read = read_do,
	 .accepts = "a list: squeeze cpu, squeeze memory, squeeze io, reclaim, freeze, "
		    "evict, kill; freeze may go on with: for 5s; each may end in: after 20s",
	 .schema = "\"type\":\"array\",\"minItems\":1,\"items\":{\"type\":\"string\"}"},
	{0},
};

static bool same_sign(const struct pressure_policy *a, const struct pressure_policy *b)
{
	return a->resource == b->resource && a->sign == b->sign;
}

/* Each resource has its own ladder. */
static bool fits(enum resource resource, enum pressure_action action)
{
	switch (action) {
	case ACTION_SQUEEZE_CPU:
		return resource == RESOURCE_CPU;
	case ACTION_SQUEEZE_IO:
		return resource == RESOURCE_IO;
	case ACTION_EVICT:
		return true;
	default:
		return resource == RESOURCE_MEMORY;
	}
}

static void check_fit(struct reader *reader, const struct read_node *node,
		      const struct pressure_policy *rule)
{
	for (size_t i = 0; i < rule->n_steps; i++) {
		if (fits(rule->resource, rule->steps[i].action))
			continue;
		reader_error(reader, node,
			     "for cpu: squeeze cpu, evict; for io: squeeze io, evict; for memory: "
			     "squeeze memory, reclaim, freeze, evict, kill",
			     "the step %s does not help against pressure on %s",
			     names_action(rule->steps[i].action), names_resource(rule->resource));
		return;
	}
}

/* 1 for a rule that may be kept, 0, or -ENOMEM. */
static int read_rule(struct reader *reader, const struct read_node *node,
		     struct pressure_policy *ret_rule)
{
	size_t errors = reader->diags->n_errors;
	struct pressure pressure = {.rule.line = node->mark.line + 1};
	int r;

	reader->in_list++;
	r = reader_mapping(reader, node, read_pressure_keys, "a pressure rule", &pressure);
	reader->in_list--;
	if (r < 0 || node->kind != READ_MAPPING)
		return r;
	if (!pressure.has_when)
		reader_error(reader, node, RULE_HINT, "a pressure rule without \"when\"");
	if (!pressure.has_do)
		reader_error(reader, node, "e.g. do: [squeeze cpu]",
			     "a pressure rule without \"do\"");
	if (reader->diags->n_errors == errors)
		check_fit(reader, node, &pressure.rule);
	pressure.rule.file = (uint32_t)reader->source;
	*ret_rule = pressure.rule;
	return reader->diags->n_errors == errors;
}

bool read_pressure_acts(const struct pressure_policy *rule, size_t step)
{
	static const uint32_t acted_on = 1u << ACTION_SQUEEZE_CPU | 1u << ACTION_SQUEEZE_MEMORY |
					 1u << ACTION_RECLAIM | 1u << ACTION_FREEZE |
					 1u << ACTION_SQUEEZE_IO;

	if (rule->sign == PRESSURE_EMPTY)
		return rule->steps[step].action == ACTION_KILL && rule->steps[step].after_us == 0;
	if (rule->sign == PRESSURE_FULL && rule->resource != RESOURCE_MEMORY)
		return false;
	if (rule->steps[step].action == ACTION_EVICT)
		return rule->resource == RESOURCE_MEMORY ||
		       (rule->resource != RESOURCE_MEMORY && step > 0);
	/* What waits for the step before it comes with the steps that it waits for. */
	return (step == 0 || rule->steps[step].after_us == 0) &&
	       (acted_on & (1u << rule->steps[step].action));
}

/* What of the rule this version acts on. */
static void act_on(struct pressure_rule *ladder, const struct pressure_policy *rule)
{
	uint64_t evict_after_us = 0, freeze_us = 0;
	uint32_t steps = 0;

	for (size_t i = 0; i < rule->n_steps; i++) {
		if (!read_pressure_acts(rule, i))
			continue;
		steps |= 1u << rule->steps[i].action;
		if (rule->steps[i].action == ACTION_EVICT)
			evict_after_us = rule->steps[i].after_us;
		if (rule->steps[i].action == ACTION_FREEZE)
			freeze_us = rule->steps[i].for_us;
	}
	if (steps == 0)
		return;
	*ladder = (struct pressure_rule){
		.on = true,
		.full = rule->sign == PRESSURE_FULL,
		.steps = steps,
		.threshold_permille = rule->threshold_permille,
		.window_us = rule->window_us,
		.evict_after_us = evict_after_us,
		.freeze_us = freeze_us,
	};
}

static void add_rule(struct reader *reader, const struct read_node *node,
		     const struct pressure_policy *rule)
{
	struct policy *policy = reader->policy;

	for (size_t i = 0; i < policy->n_pressure; i++) {
		if (!same_sign(&policy->pressure[i], rule))
			continue;
		reader_error(reader, node, "keep one of the two", "a second rule for %s.%s",
			     names_resource(rule->resource), names_pressure_sign(rule->sign));
		return;
	}
	policy->pressure[policy->n_pressure++] = *rule;
	if (rule->resource == RESOURCE_CPU)
		act_on(&policy->pressure_cpu, rule);
	/* The one for io.full is only read. */
	if (rule->resource == RESOURCE_IO && rule->sign == PRESSURE_SOME)
		act_on(&policy->pressure_io, rule);
	if (rule->resource == RESOURCE_MEMORY)
		act_on(rule->sign == PRESSURE_EMPTY  ? &policy->pressure_kill
		       : rule->sign == PRESSURE_FULL ? &policy->pressure_full
						     : &policy->pressure_memory,
		       rule);
}

/* A list replaces the one of an earlier file as a whole; an empty list switches squeezing off. */
int read_pressure(struct reader *reader, const struct reader_key *key, const struct read_node *node,
		  void *field)
{
	(void)field;
	if (!reader_is_sequence(reader, node, key->name))
		return 0;
	reader->pressure_cpu = node->key->mark;
	reader->policy->n_pressure = 0;
	reader->policy->pressure_cpu = (struct pressure_rule){0};
	reader->policy->pressure_memory = (struct pressure_rule){0};
	reader->policy->pressure_full = (struct pressure_rule){0};
	reader->policy->pressure_io = (struct pressure_rule){0};
	reader->policy->pressure_kill = (struct pressure_rule){0};
	for (const struct read_node *c = node->first_child; c; c = c->next) {
		struct pressure_policy rule = {0};
		int r = read_rule(reader, c, &rule);

		if (r < 0)
			return r;
		if (r == 1)
			add_rule(reader, c, &rule);
	}
	return 0;
}
