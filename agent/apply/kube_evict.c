// SPDX-License-Identifier: LGPL-2.1-or-later
// See kube_evict.h.
#include "agent/apply/kube_evict.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agent/apply/kube_name.h"
#include "agent/apply/kube_status.h"
#include "agent/base/utf8.h"

#define ANSWER_BYTES (64u << 10)
#define RETRY_MAX_S 3600

bool kube_evict_is_valid(const struct evict_call *call)
{
	return kube_name_is_label(call->namespace) && kube_name_is_subdomain(call->name) &&
	       kube_name_is_uid(call->uid);
}

__attribute__((format(printf, 3, 4))) static void
say(struct evict_done *done, enum evict_answer answer, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(done->why, sizeof(done->why), format, args);
	va_end(args);
	/* What was cut may end in half a character. */
	(void)utf8_scrub(done->why);
	done->answer = answer;
}

static void forbidden(const struct kube_answer *a, const struct kube_status *s, long status,
		      const char *api, struct evict_done *done)
{
	if (status == 403 && s->budget)
		say(done, EVICT_ANSWER_BUDGET, "its PodDisruptionBudget is in no fit state: %s",
		    s->message);
	else if (status == 403 && s->denied)
		say(done, EVICT_ANSWER_REFUSED, "the cluster's admission refuses: %s", s->message);
	else if (a->why[0])
		say(done, EVICT_ANSWER_FORBIDDEN, "%s", a->why);
	else
		say(done, EVICT_ANSWER_FORBIDDEN, "%s refuses (%ld): %s", api, status, s->message);
}

static void too_many(const struct kube_status *s, const char *api, struct evict_done *done)
{
	if (s->budget)
		say(done, EVICT_ANSWER_BUDGET, "its PodDisruptionBudget allows no disruption: %s",
		    s->message);
	else
		say(done, EVICT_ANSWER_BUSY, "%s has more requests than it takes (429)", api);
}

static void broken(const struct kube_status *s, long status, const char *api,
		   struct evict_done *done)
{
	if (s->budget && status == 500)
		say(done, EVICT_ANSWER_BUDGET,
		    "more than one PodDisruptionBudget selects it, and no eviction passes that: let "
		    "one alone select it");
	else
		say(done, EVICT_ANSWER_BUSY, "%s is in trouble (%ld)%s%s", api, status,
		    s->message[0] ? ": " : "", s->message);
}

/* A proxy's page, and a server that knows no eviction, answer 404 too, and then the pod is still there. */
static void not_found(const struct kube_status *s, const char *api, struct evict_done *done)
{
	if (strcmp(s->kind, "pods") == 0 || strcmp(s->kind, "namespaces") == 0)
		say(done, EVICT_ANSWER_GONE, "the API server knows no such pod any more");
	else
		say(done, EVICT_ANSWER_REFUSED,
		    "%s does not know how to evict (404): facts: {api: …} has to name an API server "
		    "of Kubernetes 1.22 or later",
		    api);
}

static void conflict(const struct kube_status *s, struct evict_done *done)
{
	if (s->other_uid)
		say(done, EVICT_ANSWER_GONE, "its name belongs to another pod by now");
	else
		say(done, EVICT_ANSWER_CONFLICT, "somebody changed the pod meanwhile (409)");
}

static void accepted(const struct kube_answer *a, const struct kube_status *s, const char *api,
		     struct evict_done *done)
{
	if (!a->whole)
		say(done, EVICT_ANSWER_UNKNOWN, "%s", a->why);
	else if (!s->object)
		say(done, EVICT_ANSWER_UNKNOWN,
		    "what answers at %s is no API server: write facts: {api: \"https://HOST:PORT\"}",
		    api);
	else
		done->answer = EVICT_ANSWER_ACCEPTED;
}

static void read_status(const struct kube_answer *a, const char *api, struct evict_done *done)
{
	struct kube_status s;
	long status = a->status;

	kube_status_parse(a->text, a->len, &s);
	/* Of what an API server refuses by handing back a Status, HTTP may say 201. */
	if (s.failure && s.code != 0 && status < 300)
		status = s.code;
	done->retry_after_s = s.retry_after_s ? s.retry_after_s : a->retry_after_s;
	if (done->retry_after_s > RETRY_MAX_S)
		done->retry_after_s = RETRY_MAX_S;
	if (status == 200 || status == 201)
		accepted(a, &s, api, done);
	else if (status == 401 || status == 403)
		forbidden(a, &s, status, api, done);
	else if (status == 404)
		not_found(&s, api, done);
	else if (status == 409)
		conflict(&s, done);
	else if (status == 429)
		too_many(&s, api, done);
	else if (status >= 500)
		broken(&s, status, api, done);
	else
		say(done, EVICT_ANSWER_REFUSED, "%s refuses (%ld)%s%s", api, status,
		    s.message[0] ? ": " : "", s.message);
}

void kube_evict_read(const struct kube_answer *a, const char *api, struct evict_done *ret_done)
{
	ret_done->retry_after_s = 0;
	ret_done->why[0] = '\0';
	if (a->status >= 200) {
		read_status(a, api, ret_done);
		return;
	}
	switch (a->failure) {
	case HTTPS_UNTRUSTED:
	case HTTPS_WRONG_NAME:
		say(ret_done, EVICT_ANSWER_UNTRUSTED, "%s", a->why);
		break;
	default:
		say(ret_done, a->sent ? EVICT_ANSWER_UNKNOWN : EVICT_ANSWER_UNREACHABLE, "%s",
		    a->why);
		break;
	}
}

void kube_evict(struct kube_ask *ask, const struct evict_call *call, struct evict_done *ret_done)
{
	static const struct kube_question question = {
		.method = "POST",
		.type = "Content-Type: application/json",
		.right = "create on pods/eviction",
		.max_bytes = ANSWER_BYTES,
	};
	struct kube_answer answer;

	(void)snprintf(kube_ask_body(ask), KUBE_ASK_BODY_BYTES,
		       "{\"apiVersion\":\"policy/v1\",\"kind\":\"Eviction\",\"metadata\":{"
		       "\"namespace\":\"%s\",\"name\":\"%s\"},\"deleteOptions\":{"
		       "\"gracePeriodSeconds\":%u,\"preconditions\":{\"uid\":\"%s\"}}}",
		       call->namespace, call->name, call->grace_s, call->uid);
	kube_ask(ask, &question, &answer, "/api/v1/namespaces/%s/pods/%s/eviction", call->namespace,
		 call->name);
	*ret_done = (struct evict_done){.token = call->token};
	kube_evict_read(&answer, kube_ask_api(ask), ret_done);
}
