// SPDX-License-Identifier: LGPL-2.1-or-later
// See kube_taint.h. A node's taints are one list, which a patch replaces as a whole: so it is sent with the version that
// was read, and begins anew when somebody was faster.
#include "agent/apply/kube_taint.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "agent/apply/kube_name.h"
#include "agent/apply/kube_status.h"
#include "agent/base/cleanup.h"
#include "agent/base/utf8.h"

/* Kubelets and controllers write their node every few seconds. */
#define TRIES 5
/* cJSON wants them free behind what it prints. */
#define PRINT_SPARE 8

static void delete_json(cJSON **json)
{
	cJSON_Delete(*json);
}

static const cJSON *get(const cJSON *object, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(object, key);
}

static bool is(const cJSON *object, const char *key, const char *text)
{
	const cJSON *item = get(object, key);

	return cJSON_IsString(item) && strcmp(item->valuestring, text) == 0;
}

static bool is_ours(const cJSON *taint)
{
	return is(taint, "key", KUBE_TAINT_KEY) && is(taint, "effect", KUBE_TAINT_EFFECT);
}

static bool has_ours(const cJSON *taints)
{
	const cJSON *taint;

	cJSON_ArrayForEach(taint, taints)
	{
		if (is_ours(taint))
			return true;
	}
	return false;
}

static bool add(cJSON *list, cJSON *item)
{
	bool added = item && cJSON_AddItemToArray(list, item);

	if (!added)
		cJSON_Delete(item);
	return added;
}

/* All but ours, in their order, and ours at the end. */
static bool add_taints(cJSON *list, const cJSON *taints, bool wanted)
{
	const cJSON *taint;
	cJSON *own;

	cJSON_ArrayForEach(taint, taints)
	{
		if (!is_ours(taint) && !add(list, cJSON_Duplicate(taint, true)))
			return false;
	}
	if (!wanted)
		return true;
	own = cJSON_CreateObject();
	if (!cJSON_AddStringToObject(own, "key", KUBE_TAINT_KEY) ||
	    !cJSON_AddStringToObject(own, "effect", KUBE_TAINT_EFFECT)) {
		cJSON_Delete(own);
		return false;
	}
	return add(list, own);
}

static int make_patch(const char *version, const cJSON *taints, bool wanted, char *buf, size_t size)
{
	_cleanup_(delete_json) cJSON *patch = cJSON_CreateObject();
	cJSON *metadata = cJSON_AddObjectToObject(patch, "metadata");
	cJSON *list = cJSON_AddArrayToObject(cJSON_AddObjectToObject(patch, "spec"), "taints");

	if (!metadata || !list || !cJSON_AddStringToObject(metadata, "resourceVersion", version) ||
	    !add_taints(list, taints, wanted))
		return -ENOMEM;
	return cJSON_PrintPreallocated(patch, buf, (int)size - PRINT_SPARE, false) ? 1 : -E2BIG;
}

/* All of a taint is text, which is sent back as it came; of a number that would not be sure. */
static bool is_taint(const cJSON *taint)
{
	const cJSON *member;

	cJSON_ArrayForEach(member, taint)
	{
		if (!cJSON_IsString(member) && !cJSON_IsNull(member))
			return false;
	}
	return cJSON_IsObject(taint);
}

static bool are_taints(const cJSON *taints)
{
	const cJSON *taint;

	cJSON_ArrayForEach(taint, taints)
	{
		if (!is_taint(taint))
			return false;
	}
	return !taints || cJSON_IsArray(taints) || cJSON_IsNull(taints);
}

int kube_taint_patch(const char *text, size_t len, const char *node, bool wanted, char *buf,
		     size_t size)
{
	_cleanup_(delete_json) cJSON *json = cJSON_ParseWithLength(text, len);
	const cJSON *metadata = get(json, "metadata"), *spec = get(json, "spec");
	const cJSON *version = get(metadata, "resourceVersion"), *taints = get(spec, "taints");

	if (!json)
		return -EBADMSG;
	if (!is(metadata, "name", node) || !cJSON_IsString(version) || !version->valuestring[0] ||
	    !cJSON_IsObject(spec))
		return -EINVAL;
	if (!are_taints(taints))
		return -ENOTSUP;
	if (has_ours(taints) == wanted)
		return 0;
	return make_patch(version->valuestring, taints, wanted, buf, size);
}

__attribute__((format(printf, 3, 4))) static void
end(struct kube_taint_done *done, enum kube_taint_result result, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(done->why, sizeof(done->why), format, args);
	va_end(args);
	/* What was cut may end in half a character. */
	(void)utf8_scrub(done->why);
	done->result = result;
}

/* Every answer but the good one and a conflict. */
static void refuse(const struct kube_ask *ask, const struct kube_answer *a,
		   struct kube_taint_done *done)
{
	const char *api = kube_ask_api(ask);
	struct kube_status s;

	kube_status_parse(a->text, a->len, &s);
	if ((a->status == 403 || a->status == 422) && s.denied)
		end(done, KUBE_TAINT_FORBIDDEN, "the cluster's admission refuses the taint: %s",
		    s.message);
	else if (a->status == 401 || a->status == 403)
		end(done, KUBE_TAINT_FORBIDDEN, "%s", a->why);
	else if (a->status == 404)
		end(done, KUBE_TAINT_FAILED,
		    "%s knows no node %s (404): write its name under facts: {node: NAME}", api,
		    kube_ask_node(ask));
	else if (a->status == 409)
		end(done, KUBE_TAINT_FAILED, "others change the node all the time (409, %d times)",
		    TRIES);
	else if (a->why[0])
		end(done, KUBE_TAINT_FAILED, "%s", a->why);
	else
		end(done, KUBE_TAINT_FAILED, "%s answers with status %ld%s%s", api, a->status,
		    s.message[0] ? ": " : "", s.message);
}

static void explain_node(const struct kube_ask *ask, int error, struct kube_taint_done *done)
{
	const char *api = kube_ask_api(ask);

	if (error == -E2BIG)
		end(done, KUBE_TAINT_FAILED, "the node's taints are longer than %u KiB",
		    KUBE_ASK_BODY_BYTES >> 10);
	else if (error == -ENOTSUP)
		end(done, KUBE_TAINT_FAILED,
		    "the node has a taint that colod does not understand, and might not keep as it is");
	else if (error == -ENOMEM)
		end(done, KUBE_TAINT_FAILED, "no memory for the answer of %s", api);
	else
		end(done, KUBE_TAINT_FAILED, "the answer of %s is not about the node %s", api,
		    kube_ask_node(ask));
}

/* Whether it is over. */
static bool try_once(struct kube_ask *ask, bool wanted, struct kube_taint_done *done)
{
	static const struct kube_question get_node = {
		.method = "GET", .right = "get on nodes", .max_bytes = KUBE_ASK_ANSWER_BYTES};
	static const struct kube_question patch_node = {
		.method = "PATCH",
		.type = "Content-Type: application/merge-patch+json",
		.right = "patch on nodes",
		.max_bytes = KUBE_ASK_ANSWER_BYTES,
	};
	const char *node = kube_ask_node(ask);
	struct kube_answer answer;
	int r;

	kube_ask(ask, &get_node, &answer, "/api/v1/nodes/%s", node);
	if (answer.failure != HTTPS_ANSWERED) {
		refuse(ask, &answer, done);
		return true;
	}
	r = kube_taint_patch(answer.text, answer.len, node, wanted, kube_ask_body(ask),
			     KUBE_ASK_BODY_BYTES);
	if (r < 0)
		explain_node(ask, r, done);
	if (r == 0)
		done->result = KUBE_TAINT_ALREADY;
	if (r <= 0)
		return true;
	kube_ask(ask, &patch_node, &answer, "/api/v1/nodes/%s", node);
	if (answer.failure == HTTPS_ANSWERED)
		done->result = KUBE_TAINT_DONE;
	else
		refuse(ask, &answer, done);
	return answer.status != 409;
}

void kube_taint(struct kube_ask *ask, bool wanted, struct kube_taint_done *ret_done)
{
	*ret_done = (struct kube_taint_done){.wanted = wanted, .result = KUBE_TAINT_FAILED};
	if (!kube_name_is_subdomain(kube_ask_node(ask))) {
		end(ret_done, KUBE_TAINT_FAILED,
		    "nobody says how the cluster calls this node: write facts: {node: NAME}");
		return;
	}
	for (int i = 0; i < TRIES; i++) {
		ret_done->why[0] = '\0';
		if (try_once(ask, wanted, ret_done))
			return;
	}
}
