// SPDX-License-Identifier: LGPL-2.1-or-later
// What an API server says, to an eviction and of a node: whatever comes, it is shown safely, an eviction counts as
// accepted only by a whole answer, and a patch of the taints keeps all that are not ours.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "agent/apply/kube_evict.h"
#include "agent/apply/kube_status.h"
#include "agent/apply/kube_taint.h"
#include "agent/base/utf8.h"

#define PATCH_SIZE 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void check_shown(const char *text)
{
	uint32_t point;

	check(utf8_valid(text));
	for (size_t n; *text; text += n) {
		n = utf8_decode(text, strlen(text), &point);
		check(n > 0 && !utf8_unsafe(point));
	}
}

static void check_eviction(const char *text, size_t len, long status, bool whole)
{
	const struct kube_answer answer = {
		.failure = status < 300 ? HTTPS_ANSWERED : HTTPS_STATUS,
		.status = status,
		.text = text,
		.len = len,
		.whole = whole,
		.sent = true,
		.retry_after_s = UINT32_MAX,
		.why = "cut short",
	};
	struct evict_done done = {.answer = EVICT_ANSWER_COUNT};

	kube_evict_read(&answer, "https://127.0.0.1:6443", &done);
	check(done.answer > EVICT_ANSWER_NONE && done.answer < EVICT_ANSWER_COUNT);
	check_shown(done.why);
	check((done.why[0] == '\0') == (done.answer == EVICT_ANSWER_ACCEPTED));
	check(done.retry_after_s <= 3600);
	check(done.answer != EVICT_ANSWER_ACCEPTED || (whole && status < 300));
	check(status != 429 || done.answer == EVICT_ANSWER_BUDGET ||
	      done.answer == EVICT_ANSWER_BUSY);
}

static const char *text_of(const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

	return cJSON_IsString(item) ? item->valuestring : "";
}

static bool is_ours(const cJSON *taint)
{
	return strcmp(text_of(taint, "key"), KUBE_TAINT_KEY) == 0 &&
	       strcmp(text_of(taint, "effect"), KUBE_TAINT_EFFECT) == 0;
}

static const cJSON *taints_of(const cJSON *json)
{
	return cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(json, "spec"),
						"taints");
}

/* By their text: members that stand there twice, and their order, count too. */
static bool is_same(const cJSON *a, const cJSON *b)
{
	char *x = cJSON_PrintUnformatted(a), *y = cJSON_PrintUnformatted(b);
	bool same = x && y && strcmp(x, y) == 0;

	free(x);
	free(y);
	return same;
}

static void check_kept(const cJSON *before, const cJSON *after, bool wanted)
{
	const cJSON *old, *new = after ? after->child : NULL;

	cJSON_ArrayForEach(old, before)
	{
		if (is_ours(old))
			continue;
		check(new &&is_same(old, new));
		new = new->next;
	}
	check(wanted ? new &&is_ours(new) && !new->next : !new);
}

static void check_taint(const char *text, size_t len, bool wanted)
{
	static char patch[PATCH_SIZE];
	int r = kube_taint_patch(text, len, "node-1", wanted, patch, sizeof(patch));
	cJSON *before, *after;

	check(r <= 1);
	if (r != 1)
		return;
	before = cJSON_ParseWithLength(text, len);
	after = cJSON_Parse(patch);
	check(before && after);
	check(cJSON_GetArraySize(after) == 2);
	check_kept(taints_of(before), taints_of(after), wanted);
	cJSON_Delete(before);
	cJSON_Delete(after);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const long statuses[] = {200, 201, 401, 403, 404, 409, 422, 429, 500, 503};
	const char *text = (const char *)data;
	struct kube_status status;

	kube_status_parse(text, size, &status);
	check_shown(status.message);
	check_shown(status.reason);
	check_shown(status.kind);
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		check_eviction(text, size, statuses[i], true);
		check_eviction(text, size, statuses[i], false);
	}
	check_taint(text, size, true);
	check_taint(text, size, false);
	return 0;
}
