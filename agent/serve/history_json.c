// SPDX-License-Identifier: LGPL-2.1-or-later
// See history_json.h.
#include "agent/serve/history_json.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "agent/base/clock.h"
#include "agent/base/history.h"
#include "agent/base/history_numbers.h"
#include "agent/base/messages.h"
#include "agent/base/pod_ref.h"
#include "agent/base/utf8.h"
#include "policy/names.h"

int history_json_kinds(const char *list, uint32_t *ret_kinds)
{
	uint32_t kinds = 0;

	while (*list) {
		size_t len = strcspn(list, ",");
		char name[16];
		int kind;

		if (len >= sizeof(name))
			return -EINVAL;
		memcpy(name, list, len);
		name[len] = '\0';
		kind = messages_kind_from(name);
		if (kind < 0)
			return -EINVAL;
		kinds |= 1u << kind;
		list += len + (list[len] == ',');
	}
	*ret_kinds = kinds;
	return 0;
}

/* The pod, its cgroup, or what is below it. */
static bool is_about(const struct history_record *r, const char *word)
{
	const char *name = strchr(r->pod, '/'), *path = *word == '/' ? word + 1 : word;
	const struct pod_ref ref = {
		.label = r->pod,
		.name = name ? name + 1 : NULL,
		.cgroup = r->what,
	};
	size_t len = strlen(path);

	if (!*word)
		return true;
	return pod_ref_match(&ref, word) != POD_REF_NO ||
	       (strncmp(r->what, path, len) == 0 && r->what[len] == '/');
}

static bool is_asked_for(const struct history_record *r, const struct history_filter *f)
{
	return r->wall_us >= f->since_us && (f->kinds == 0 || f->kinds & 1u << r->kind) &&
	       is_about(r, f->word);
}

/* A text that was cut to its field may end in half a character. */
static void put_text(FILE *out, const char *key, char *text)
{
	(void)fprintf(out, ",\"%s\":\"", key);
	for (const char *p = utf8_scrub(text); *p; p++) {
		if (*p == '"' || *p == '\\')
			(void)fprintf(out, "\\%c", *p);
		else if ((unsigned char)*p < ' ')
			(void)fprintf(out, "\\u%04x", (unsigned char)*p);
		else
			(void)fputc(*p, out);
	}
	(void)fputc('"', out);
}

/* {"estimate_bytes":7340032,"usage_bytes":null}: null was not measured. */
static void put_numbers(FILE *out, const char *at)
{
	struct history_number number;
	const char *before = "";

	(void)fputs(",\"numbers\":{", out);
	for (; *at && history_numbers_next(&at, &number); before = ",") {
		(void)fprintf(out, "%s\"%s\":", before, number.key);
		if (number.known)
			(void)fprintf(out, "%" PRId64, number.value);
		else
			(void)fputs("null", out);
	}
	(void)fputc('}', out);
}

static void put_record(FILE *out, struct history_record *r)
{
	char text[MESSAGES_TEXT_SIZE];

	(void)messages_text(r, text, sizeof(text));
	(void)fprintf(out,
		      "{\"id\":%" PRIu64 ",\"time_us\":%" PRId64 ",\"boot_us\":%" PRId64
		      ",\"kind\":\"%s\",\"would\":%s",
		      r->id, r->wall_us, r->at_us, messages_of(r->kind)->name,
		      r->would ? "true" : "false");
	if (r->level != LEVEL_NONE)
		(void)fprintf(out, ",\"level\":\"%s\"", names_level(r->level));
	if (r->effect != EFFECT_COUNT)
		(void)fprintf(out, ",\"effect\":\"%s\"", names_effect(r->effect));
	put_text(out, "pod", r->pod);
	put_text(out, "what", r->what);
	put_text(out, "knob", r->knob);
	put_text(out, "from", r->from);
	put_text(out, "to", r->to);
	put_text(out, "why", r->why);
	put_text(out, "text", text);
	if (*r->numbers)
		put_numbers(out, r->numbers);
	if (r->caller.known) {
		(void)fprintf(out, ",\"caller\":{\"uid\":%" PRIu32 ",\"pid\":%" PRId32,
			      r->caller.uid, r->caller.pid);
		put_text(out, "comm", r->caller.comm);
		(void)fputc('}', out);
	}
	(void)fputc('}', out);
}

static uint64_t count(const struct history *history, const struct history_filter *f,
		      int64_t *ret_oldest_us)
{
	struct history_record r;
	uint64_t cursor = 0, n = 0;

	*ret_oldest_us = 0;
	while (history_next(history, &cursor, &r)) {
		if (*ret_oldest_us == 0)
			*ret_oldest_us = r.wall_us;
		n += is_asked_for(&r, f);
	}
	return n;
}

int history_json(const struct history *history, const struct history_filter *f, FILE *out)
{
	const struct history_counts counts = history_counts(history);
	struct history_record r;
	int64_t oldest_us;
	uint64_t n = count(history, f, &oldest_us), cursor = 0;
	uint64_t skip = f->max > 0 && n > f->max ? n - f->max : 0, seen = 0;

	(void)fprintf(out,
		      "{\"schema\":%d,\"now_us\":%" PRId64 ",\"oldest_us\":%" PRId64
		      ",\"left_out\":%" PRIu64 ",\"not_on_disk\":%" PRIu64 ",\"disk\":\"%s\""
		      ",\"records\":[",
		      HISTORY_JSON_SCHEMA, clock_wall_us(), oldest_us, skip, counts.not_on_disk,
		      counts.failing ? "failing"
		      : counts.disk  ? "ok"
				     : "none");
	while (history_next(history, &cursor, &r)) {
		if (!is_asked_for(&r, f) || seen++ < skip)
			continue;
		if (seen > skip + 1)
			(void)fputc(',', out);
		put_record(out, &r);
	}
	(void)fputs("]}", out);
	return ferror(out) ? -EIO : 0;
}
