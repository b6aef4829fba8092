// SPDX-License-Identifier: LGPL-2.1-or-later
// See pods_list.h. The braces and commas around the items are read here, each value by cJSON.
#include "agent/discover/pods_list.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/cleanup.h"

struct scan {
	const char *start;
	const char *at;
	const char *end; /* of the text; a NUL stands there */
	struct pods_list *list;
	bool found; /* a list of items */
	bool twice;
};

static void delete_json(cJSON **json)
{
	cJSON_Delete(*json);
}

#define _cleanup_json_ _cleanup_(delete_json)

static void skip_blanks(struct scan *s)
{
	while (s->at < s->end && strchr(" \t\r\n", *s->at) && *s->at)
		s->at++;
}

static bool next_is(struct scan *s, char c)
{
	skip_blanks(s);
	return s->at < s->end && *s->at == c;
}

static int expect(struct scan *s, char c)
{
	if (!next_is(s, c))
		return -EBADMSG;
	s->at++;
	return 0;
}

static int read_value(struct scan *s, cJSON **ret)
{
	const char *after = s->at;
	cJSON *json;

	skip_blanks(s);
	/* With the NUL, so that a cut text is told to end where it does. */
	json = cJSON_ParseWithLengthOpts(s->at, (size_t)(s->end - s->at) + 1, &after, 0);
	s->at = after ? after : s->at;
	if (!json)
		return -EBADMSG;
	*ret = json;
	return 0;
}

static int read_item(struct scan *s)
{
	_cleanup_json_ cJSON *item = NULL;
	int r = read_value(s, &item);

	return r < 0 ? r : s->list->on_item(s->list->context, item);
}

static int read_items(struct scan *s)
{
	int r = expect(s, '[');

	if (r < 0 || next_is(s, ']'))
		return r < 0 ? r : expect(s, ']');
	for (;;) {
		r = read_item(s);
		if (r < 0)
			return r;
		if (!next_is(s, ','))
			return expect(s, ']');
		s->at++;
	}
}

/* Of the list's own metadata only the way to the next page is of interest. */
static int take_more(struct scan *s, const cJSON *metadata)
{
	const cJSON *more = cJSON_GetObjectItemCaseSensitive(metadata, "continue");

	free(s->list->more);
	s->list->more = NULL;
	if (!cJSON_IsString(more) || !more->valuestring[0])
		return 0;
	s->list->more = strdup(more->valuestring);
	return s->list->more ? 0 : -ENOMEM;
}

static int read_member(struct scan *s)
{
	_cleanup_json_ cJSON *key = NULL, *value = NULL;
	bool is_items;
	int r = read_value(s, &key);

	if (r == 0 && !cJSON_IsString(key))
		r = -EBADMSG;
	if (r == 0)
		r = expect(s, ':');
	if (r < 0)
		return r;
	is_items = strcmp(key->valuestring, "items") == 0;
	s->twice |= is_items && s->found;
	if (is_items && next_is(s, '[') && !s->twice) {
		s->found = true;
		return read_items(s);
	}
	r = read_value(s, &value);
	if (r < 0)
		return r;
	/* So a kubelet without any pod writes it. */
	s->found |= is_items && cJSON_IsNull(value);
	return strcmp(key->valuestring, "metadata") == 0 ? take_more(s, value) : 0;
}

static int read_list(struct scan *s)
{
	int r = expect(s, '{');

	if (r < 0)
		return r;
	while (!next_is(s, '}')) {
		r = read_member(s);
		if (r < 0)
			return r;
		if (next_is(s, '}'))
			break;
		r = expect(s, ',');
		if (r < 0)
			return r;
	}
	s->at++;
	skip_blanks(s);
	return s->at == s->end ? 0 : -EBADMSG;
}

/* JSON, but no object: then there are no items in it. */
static int read_other(struct scan *s)
{
	_cleanup_json_ cJSON *value = NULL;
	int r = read_value(s, &value);

	skip_blanks(s);
	if (r < 0 || s->at != s->end)
		return -EBADMSG;
	return -EINVAL;
}

int pods_list_scan(const char *text, size_t len, struct pods_list *list, size_t *ret_at)
{
	struct scan s = {.start = text, .at = text, .end = text + len, .list = list};
	int r = next_is(&s, '{') ? read_list(&s) : read_other(&s);

	if (r == -EBADMSG)
		*ret_at = (size_t)(s.at - s.start);
	if (r == 0 && (!s.found || s.twice))
		return -EINVAL;
	return r;
}
