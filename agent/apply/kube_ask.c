// SPDX-License-Identifier: LGPL-2.1-or-later
// See kube_ask.h.
#include "agent/apply/kube_ask.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/base/credential.h"

#define CA_MAX_BYTES (256u << 10)
#define URL_SIZE 2048
/* Of each buffer, what one question is likely to use. */
#define TOUCH_BYTES (32u << 10)
/* An API server that has not answered by then has more to do than to hear of this node. */
#define CONNECT_MS 3000
#define WHOLE_MS 10000
#define SLOW_S 5

struct kube_ask {
	struct https *https;
	int root_fd;
	char *api; /* NULL: nobody says */
	char *api_ca;
	char *token_path;
	char *node;
	char *ca;     /* CA_MAX_BYTES */
	char *answer; /* KUBE_ASK_ANSWER_BYTES + 1 */
	char *body;   /* KUBE_ASK_BODY_BYTES */
	size_t ca_len;
	char url[URL_SIZE];
	char token[CREDENTIAL_TOKEN_SIZE];
	char newer[CREDENTIAL_TOKEN_SIZE];
};

static int copy(char **ret, const char *text)
{
	*ret = text ? strdup(text) : NULL;
	return text && !*ret ? -ENOMEM : 0;
}

static int reserve(char **ret, size_t size)
{
	*ret = malloc(size);
	if (!*ret)
		return -ENOMEM;
	/* So that its pages are there when memory is not. */
	explicit_bzero(*ret, size < TOUCH_BYTES ? size : TOUCH_BYTES);
	return 0;
}

static int fill(struct kube_ask *a, const struct kube_place *place)
{
	static const struct https_limits limits = {CONNECT_MS, WHOLE_MS, SLOW_S};
	int r = copy(&a->api, place->api);

	if (r == 0)
		r = copy(&a->api_ca, place->api_ca);
	if (r == 0)
		r = copy(&a->token_path, place->token);
	if (r == 0)
		r = copy(&a->node, place->node ? place->node : "");
	if (r == 0)
		r = reserve(&a->ca, CA_MAX_BYTES);
	if (r == 0)
		r = reserve(&a->answer, KUBE_ASK_ANSWER_BYTES + 1);
	if (r == 0)
		r = reserve(&a->body, KUBE_ASK_BODY_BYTES);
	if (r == 0)
		r = https_new(&a->https);
	if (r == 0)
		https_set_limits(a->https, &limits);
	a->root_fd = r == 0 ? fcntl(place->root_fd, F_DUPFD_CLOEXEC, 3) : -EBADF;
	return r == 0 && a->root_fd < 0 ? -errno : r;
}

int kube_ask_new(const struct kube_place *place, struct kube_ask **ret_ask)
{
	struct kube_ask *a = calloc(1, sizeof(*a));
	int r;

	if (!a)
		return -ENOMEM;
	r = fill(a, place);
	if (r < 0) {
		kube_ask_free(a);
		return r;
	}
	*ret_ask = a;
	return 0;
}

void kube_ask_free(struct kube_ask *a)
{
	if (!a)
		return;
	https_free(a->https);
	(void)cleanup_close_fd(a->root_fd);
	free(a->body);
	free(a->answer);
	free(a->ca);
	free(a->node);
	free(a->token_path);
	free(a->api_ca);
	free(a->api);
	free(a);
}

void kube_ask_stop(struct kube_ask *ask)
{
	https_stop(ask->https);
}

void kube_ask_interrupt(struct kube_ask *ask)
{
	https_interrupt(ask->https);
}

void kube_ask_resume(struct kube_ask *ask)
{
	https_resume(ask->https);
}

void kube_ask_set_limits(struct kube_ask *ask, const struct https_limits *limits)
{
	https_set_limits(ask->https, limits);
}

const char *kube_ask_node(const struct kube_ask *ask)
{
	return ask->node;
}

const char *kube_ask_api(const struct kube_ask *ask)
{
	return ask->api ? ask->api : "the API server";
}

char *kube_ask_body(struct kube_ask *ask)
{
	return ask->body;
}

__attribute__((format(printf, 3, 4))) static bool
fail(struct kube_answer *answer, enum https_failure failure, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(answer->why, sizeof(answer->why), format, args);
	va_end(args);
	answer->failure = failure;
	return false;
}

static bool read_token(struct kube_ask *a, struct kube_answer *answer)
{
	int r = credential_token(a->root_fd, a->token_path, a->token, sizeof(a->token));

	if (r == -EBADMSG)
		return fail(answer, HTTPS_NO_TOKEN, "what is in %s is no bearer token",
			    a->token_path);
	if (r < 0)
		return fail(answer, HTTPS_NO_TOKEN,
			    "no token in %s (%s): run colod with a service account, or name a "
			    "token's file under facts: {token: /path}",
			    a->token_path, strerror(-r));
	return true;
}

static bool read_papers(struct kube_ask *a, struct kube_answer *answer)
{
	int r;

	if (!a->api)
		return fail(answer, HTTPS_NO_NAME,
			    "nobody says where the API server is: write facts: "
			    "{api: \"https://HOST:PORT\"}");
	r = credential_read(a->root_fd, a->api_ca, a->ca, CA_MAX_BYTES, &a->ca_len);
	if (r < 0)
		return fail(answer, HTTPS_NO_CA,
			    "no CA in %s (%s), and an unchecked server gets no token: name the "
			    "file under facts: {api-ca: /path}",
			    a->api_ca, strerror(-r));
	return read_token(a, answer);
}

static void explain(const struct kube_ask *a, const struct kube_question *q,
		    const struct https_reply *reply, struct kube_answer *answer)
{
	enum https_failure failure = answer->failure;

	switch (failure) {
	case HTTPS_ANSWERED:
	case HTTPS_STATUS:
		break;
	case HTTPS_UNREACHABLE:
		fail(answer, failure, "nobody answers at %s (%s)", a->api, reply->cause);
		break;
	case HTTPS_TOO_SLOW:
		fail(answer, failure, "%s does not answer in time", a->api);
		break;
	case HTTPS_NO_CA:
		fail(answer, failure, "the CA for %s is no PEM certificate: facts: {api-ca: /path}",
		     a->api);
		break;
	case HTTPS_UNTRUSTED:
		fail(answer, failure,
		     "the certificate of %s is not signed by its CA, or out of date: name its CA "
		     "under facts: {api-ca: /path}",
		     a->api);
		break;
	case HTTPS_WRONG_NAME:
		fail(answer, failure,
		     "the certificate of %s is not for the name in its address: write the name "
		     "that it is for under facts: {api: https://NAME:PORT}",
		     a->api);
		break;
	case HTTPS_UNAUTHORIZED:
		fail(answer, failure, "%s does not know the token in %s (401)", a->api,
		     a->token_path);
		break;
	case HTTPS_FORBIDDEN:
		fail(answer, failure, "%s refuses (403): the token's account needs %s", a->api,
		     q->right);
		break;
	case HTTPS_CUT:
		fail(answer, failure, "the answer of %s was cut short", a->api);
		break;
	case HTTPS_TOO_LARGE:
		fail(answer, failure, "the answer of %s is larger than %zu KiB", a->api,
		     q->max_bytes >> 10);
		break;
	case HTTPS_ENDED:
		fail(answer, failure, "the question to %s was given up for another", a->api);
		break;
	default:
		fail(answer, failure, "cannot ask %s: %s", a->api, reply->cause);
		break;
	}
}

static void once(struct kube_ask *a, const struct kube_question *q, struct kube_answer *answer)
{
	const struct https_call call = {
		.method = q->method,
		.url = a->url,
		.token = a->token,
		.body = q->type ? a->body : NULL,
		.type = q->type,
		.ca = a->ca,
		.ca_len = a->ca_len,
		.max_bytes = q->max_bytes,
		.buf = a->answer,
		.keeps_refusal = true,
	};
	struct https_reply reply;

	*answer = (struct kube_answer){.failure = https_ask(a->https, &call, &reply)};
	answer->status = reply.status;
	answer->text = reply.body ? reply.body : "";
	answer->len = reply.len;
	answer->whole = reply.whole;
	answer->sent = reply.sent;
	answer->retry_after_s = reply.retry_after_s;
	explain(a, q, &reply, answer);
}

/* Rotated between our reading it and the server's. */
static bool has_newer_token(struct kube_ask *a)
{
	if (credential_token(a->root_fd, a->token_path, a->newer, sizeof(a->newer)) < 0 ||
	    strcmp(a->newer, a->token) == 0)
		return false;
	memcpy(a->token, a->newer, sizeof(a->token));
	return true;
}

void kube_ask(struct kube_ask *a, const struct kube_question *question,
	      struct kube_answer *ret_answer, const char *path, ...)
{
	va_list args;
	int n, m;

	*ret_answer = (struct kube_answer){.text = ""};
	if (!read_papers(a, ret_answer))
		return;
	n = snprintf(a->url, sizeof(a->url), "%s", a->api);
	va_start(args, path);
	m = n < URL_SIZE ? vsnprintf(a->url + n, sizeof(a->url) - (size_t)n, path, args) : 0;
	va_end(args);
	if (n + m >= URL_SIZE)
		fail(ret_answer, HTTPS_OTHER, "the address of the API server is too long");
	else
		once(a, question, ret_answer);
	if (ret_answer->failure == HTTPS_UNAUTHORIZED && has_newer_token(a))
		once(a, question, ret_answer);
	explicit_bzero(a->token, sizeof(a->token));
	explicit_bzero(a->newer, sizeof(a->newer));
}
