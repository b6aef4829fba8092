// SPDX-License-Identifier: LGPL-2.1-or-later
// coloctl policy schema: a JSON Schema for editors, made from the tables that the reader goes by, so that
// an editor accepts no key that colod refuses. What only the whole policy shows is `policy check`'s.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/ctl/json_out.h"
#include "agent/ctl/policy_reference.h"
#include "agent/ctl/verb_policy.h"
#include "policy/reader.h"

static cJSON *mapping(const struct reader_key *keys, const char *above);

/* "a, b, c" as an enum. */
static cJSON *words_of(const char *accepts)
{
	cJSON *o = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(o, "enum");
	_cleanup_free_ char *copy = strdup(accepts);
	char *rest = copy, *word;

	while (rest && (word = strsep(&rest, ",")) != NULL)
		(void)cJSON_AddItemToArray(list, cJSON_CreateString(word + strspn(word, " ")));
	return o;
}

/* Members that the table holds as text. */
static cJSON *literal(const char *members)
{
	_cleanup_free_ char *text = malloc(strlen(members) + 3);

	if (!text)
		return NULL;
	(void)sprintf(text, "{%s}", members);
	return cJSON_Parse(text);
}

static void describe(cJSON *o, const char *path)
{
	struct policy_reference row;

	for (size_t at = 0; policy_reference_next(&at, &row);) {
		if (strcmp(row.path, path) == 0 && row.meaning[0])
			(void)cJSON_AddStringToObject(o, "description", row.meaning);
	}
}

static bool is_list(const struct reader_key *key)
{
	return key->read == read_assign || key->read == read_pressure || key->read == read_sli;
}

static cJSON *value_of(const struct reader_key *key, const char *path)
{
	cJSON *o, *either, *below;

	if (!key->keys) {
		o = key->schema ? literal(key->schema) : words_of(key->accepts);
		if (o)
			describe(o, path);
		return o;
	}
	below = mapping(key->keys, path);
	if (is_list(key)) {
		o = cJSON_CreateObject();
		(void)cJSON_AddStringToObject(o, "type", "array");
		(void)cJSON_AddItemToObject(o, "items", below);
	} else if (key->accepts) {
		/* A mapping that a word may take back. */
		o = cJSON_CreateObject();
		either = cJSON_AddArrayToObject(o, "anyOf");
		(void)cJSON_AddItemToArray(either, below);
		(void)cJSON_AddItemToArray(either, literal("\"const\":\"none\""));
	} else {
		o = below;
	}
	describe(o, path);
	return o;
}

static cJSON *mapping(const struct reader_key *keys, const char *above)
{
	cJSON *o = cJSON_CreateObject(), *properties;

	(void)cJSON_AddStringToObject(o, "type", "object");
	(void)cJSON_AddBoolToObject(o, "additionalProperties", 0);
	properties = cJSON_AddObjectToObject(o, "properties");
	for (const struct reader_key *key = keys; key->name; key++) {
		char path[READER_PATH_SIZE];

		(void)snprintf(path, sizeof(path), "%.64s%s%s", above, above[0] ? "." : "",
			       keys == read_levels_keys ? "P*" : key->name);
		(void)cJSON_AddItemToObject(properties, key->name, value_of(key, path));
	}
	return o;
}

int verb_policy_schema(const struct ctl *ctl)
{
	cJSON *tree = mapping(reader_root_keys(), "");
	cJSON *required = cJSON_AddArrayToObject(tree, "required");
	int r;

	(void)cJSON_AddItemToArray(required, cJSON_CreateString("version"));
	(void)cJSON_AddStringToObject(tree, "$schema",
				      "https://json-schema.org/draft/2020-12/schema");
	(void)cJSON_AddStringToObject(tree, "title", "colod policy");
	r = tree ? json_out(tree, ctl->term.out) : -ENOMEM;
	cJSON_Delete(tree);
	return r < 0 ? CTL_FAILED : CTL_OK;
}
