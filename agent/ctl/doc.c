// SPDX-License-Identifier: LGPL-2.1-or-later
// See doc.h.
#include "agent/ctl/doc.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const cJSON *doc_get(const cJSON *object, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(object, key);
}

const char *doc_text(const cJSON *object, const char *key, const char *otherwise)
{
	const cJSON *item = doc_get(object, key);

	return cJSON_IsString(item) && item->valuestring ? item->valuestring : otherwise;
}

bool doc_has(const cJSON *object, const char *key)
{
	return *doc_text(object, key, "") != '\0';
}

int doc_u64(const cJSON *object, const char *key, uint64_t *ret_value)
{
	const cJSON *item = doc_get(object, key);

	/* 2^63: every double below it converts without overflow. */
	if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0) ||
	    item->valuedouble >= 9223372036854775808.0)
		return -ENOENT;
	*ret_value = (uint64_t)item->valuedouble;
	return 0;
}

uint64_t doc_count(const cJSON *object, const char *key)
{
	uint64_t value = 0;

	(void)doc_u64(object, key, &value);
	return value;
}

size_t doc_numbers(const cJSON *list, int64_t *to, size_t max, int64_t none)
{
	const cJSON *item = list ? list->child : NULL;
	size_t n = 0;

	for (size_t i = 0; i < max; i++) {
		to[i] = cJSON_IsNumber(item) && item->valuedouble > -1e12 &&
					item->valuedouble < 1e12
				? (int64_t)item->valuedouble
				: none;
		n += item != NULL;
		item = item ? item->next : NULL;
	}
	return n;
}

bool doc_true(const cJSON *object, const char *key)
{
	return cJSON_IsTrue(doc_get(object, key));
}

const char *doc_bytes(uint64_t bytes, char *buf)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	uint64_t unit = 1024;
	size_t i = 0;

	if (bytes < 1024) {
		(void)snprintf(buf, DOC_TEXT_SIZE, "%" PRIu64 " B", bytes);
		return buf;
	}
	while (bytes / unit >= 1024 && i < 5) {
		unit *= 1024;
		i++;
	}
	(void)snprintf(buf, DOC_TEXT_SIZE, "%" PRIu64 ".%" PRIu64 " %s", bytes / unit,
		       bytes % unit * 10 / unit, units[i]);
	return buf;
}

const char *doc_percent(uint64_t permille, char *buf)
{
	(void)snprintf(buf, DOC_TEXT_SIZE, "%" PRIu64 ".%" PRIu64 " %%", permille / 10,
		       permille % 10);
	return buf;
}

const char *doc_milli(uint64_t milli, char *buf)
{
	(void)snprintf(buf, DOC_TEXT_SIZE, "%" PRIu64 ".%02" PRIu64, milli / 1000,
		       milli % 1000 / 10);
	return buf;
}

const char *doc_duration(uint64_t us, char *buf)
{
	uint64_t s = us / 1000000;

	if (s < 10)
		(void)snprintf(buf, DOC_TEXT_SIZE, "%" PRIu64 ".%" PRIu64 " s", s,
			       us % 1000000 / 100000);
	else if (s < 120)
		(void)snprintf(buf, DOC_TEXT_SIZE, "%" PRIu64 " s", s);
	else if (s < 7200)
		(void)snprintf(buf, DOC_TEXT_SIZE, "%" PRIu64 " min", s / 60);
	else if (s < 172800)
		(void)snprintf(buf, DOC_TEXT_SIZE, "%" PRIu64 " h", s / 3600);
	else
		(void)snprintf(buf, DOC_TEXT_SIZE, "%" PRIu64 " d", s / 86400);
	return buf;
}

const char *doc_format(const cJSON *object, const char *key, doc_format_fn format, char *buf)
{
	uint64_t value;

	return doc_u64(object, key, &value) < 0 ? "-" : format(value, buf);
}

const char *doc_nodes(const char *list, char *buf)
{
	(void)snprintf(buf, DOC_NODES_SIZE, "NUMA node%s %s", strpbrk(list, "-,") ? "s" : "", list);
	return buf;
}
