// SPDX-License-Identifier: LGPL-2.1-or-later
// The "policy" section: the policy in force, as it was understood.
#include "agent/serve/json_view.h"

#include "agent/serve/words.h"
#include "policy/names.h"
#include "policy/reason_text.h"

static void amount(struct json_view *view, cJSON *parent, const char *key,
		   const struct amount *amount)
{
	struct json_put *put = &view->put;
	cJSON *object;

	if (amount->kind == AMOUNT_NONE) {
		json_put_null(put, parent, key);
		return;
	}
	object = json_put_object(put, parent, key);
	switch (amount->kind) {
	case AMOUNT_BYTES:
		json_put_u64(put, object, "bytes", amount->value);
		break;
	case AMOUNT_PERMILLE_OF_LIMIT:
		json_put_u64(put, object, "permille_of_limit", amount->value);
		break;
	case AMOUNT_HEADROOM:
		json_put_text(put, object, "of", "request and headroom");
		json_put_u64(put, object, "permille_of_headroom", amount->value);
		break;
	case AMOUNT_REQUEST:
	case AMOUNT_NONE:
		json_put_text(put, object, "of", "request");
		break;
	}
}

static void level_cpu(struct json_view *view, cJSON *level, const struct level_cpu *cpu)
{
	static const char *const weights[] = {"keep", "request", "fixed"};
	static const char *const yields[] = {"none", "ratio", "idle"};
	struct json_put *put = &view->put;
	cJSON *object = json_put_object(put, level, "cpu");

	json_put_text(put, object, "weight", weights[cpu->weight]);
	if (cpu->weight == WEIGHT_FIXED)
		json_put_u64(put, object, "weight_value", cpu->weight_value);
	json_put_text(put, object, "yield", yields[cpu->yield]);
	if (cpu->yield == YIELD_RATIO)
		json_put_u64(put, object, "yield_ratio", cpu->yield_ratio);
	json_put_bool(put, object, "squeeze", cpu->squeeze);
	if (cpu->squeeze) {
		json_put_u64(put, object, "squeeze_target_permille", cpu->squeeze_target_permille);
		json_put_u64(put, object, "squeeze_floor_permille", cpu->squeeze_floor_permille);
	}
}

static void levels(struct json_view *view, cJSON *policy, const struct policy *p)
{
	struct json_put *put = &view->put;
	cJSON *array = json_put_array(put, policy, "levels");

	for (int i = 0; i < LEVEL_COUNT; i++) {
		const struct level_policy *l = &p->levels[i];
		cJSON *object, *memory;

		if (!l->defined)
			continue;
		object = json_put_object(put, array, NULL);
		json_put_text(put, object, "level", names_level((enum level)i));
		json_put_text(put, object, "role", names_role(l->role));
		json_put_bool(put, object, "sensitive", l->sensitive);
		level_cpu(view, object, &l->cpu);
		memory = json_put_object(put, object, "memory");
		amount(view, memory, "min", &l->memory.min);
		amount(view, memory, "low", &l->memory.low);
		amount(view, memory, "high", &l->memory.high);
		json_put_u64(put, object, "io_weight", l->io.weight);
	}
}

static void put_pressure(struct json_put *put, cJSON *policy, const char *name,
			 const struct pressure_rule *rule)
{
	cJSON *object = json_put_object(put, policy, name);

	json_put_bool(put, object, "on", rule->on);
	json_put_u64(put, object, "threshold_permille", rule->threshold_permille);
	json_put_u64(put, object, "window_us", rule->window_us);
}

void json_policy_section(struct json_view *view, cJSON *doc)
{
	const struct policy *p = view->snapshot->policy;
	struct json_put *put = &view->put;
	cJSON *object = json_put_object(put, doc, "policy"), *modes, *rules;
	char text[REASON_TEXT_SIZE];

	if (!p)
		return;
	json_put_u64(put, object, "version", p->version);
	json_put_text(put, object, "origin", p->origin);
	json_put_text(put, object, "mode", names_mode(p->mode));
	modes = json_put_object(put, object, "modes");
	for (int r = 0; r < RESOURCE_MODES; r++) {
		if (p->modes[r].given)
			json_put_text(put, modes, names_mode_of((enum resource)r),
				      names_mode(p->modes[r].mode));
	}
	json_put_text(put, object, "facts", words_facts_source(p->facts));
	json_put_text(put, object, "facts_path", p->facts_path);
	levels(view, object, p);
	rules = json_put_array(put, object, "rules");
	for (size_t i = 0; i < p->n_rules; i++)
		json_put_element(put, rules, reason_text_rule(p, (int)i, text, sizeof(text)));
	put_pressure(put, object, "pressure_cpu", &p->pressure_cpu);
	put_pressure(put, object, "pressure_memory", &p->pressure_memory);
	put_pressure(put, object, "pressure_memory_full", &p->pressure_full);
	put_pressure(put, object, "pressure_io", &p->pressure_io);
}
