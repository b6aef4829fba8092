// SPDX-License-Identifier: LGPL-2.1-or-later
// See kubelet_fetch.h. The token is in this file's stack while a question is asked, and nowhere else.
#include "agent/discover/kubelet_fetch.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/base/credential.h"
#include "agent/base/fs.h"
#include "agent/discover/node_json.h"

#define CA_MAX_BYTES (1u << 20)
#define PAGE_PODS 500
#define PAGES_MAX 64
#define MORE_MAX 4096

struct fetch {
	struct https *http;
	int root_fd;
	const struct kubelet_question *question;
	struct kubelet_answer *answer;
	char token[CREDENTIAL_TOKEN_SIZE];
	size_t left; /* bytes that further answers may have */
};

__attribute__((format(printf, 3, 4))) static enum https_failure
fail(struct fetch *f, enum https_failure failure, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(f->answer->why, sizeof(f->answer->why), format, args);
	va_end(args);
	return failure;
}

static int read_file(int root_fd, const char *path, char **ret_text, size_t *ret_len)
{
	_cleanup_close_ int fd = -EBADF;
	int r = fs_open_following(root_fd, path, &fd);

	return r < 0 ? r : fs_read_alloc_fd(fd, CA_MAX_BYTES, ret_text, ret_len);
}

static enum https_failure read_token(struct fetch *f)
{
	const char *path = f->question->place.token;
	int r = credential_token(f->root_fd, path, f->token, sizeof(f->token));

	if (r == -EBADMSG)
		return fail(f, HTTPS_NO_TOKEN, "what is in %s is no bearer token", path);
	if (r < 0)
		return fail(f, HTTPS_NO_TOKEN,
			    "no token in %s (%s): run colod with a service account, or name a "
			    "token's file under facts: {token: /path}",
			    path, strerror(-r));
	return HTTPS_ANSWERED;
}

/* One PEM text of all files that can be read. `optional` may be NULL. */
static enum https_failure read_ca(struct fetch *f, const char *path, const char *optional,
				  char **ret_pem, size_t *ret_len)
{
	_cleanup_free_ char *first = NULL, *second = NULL;
	size_t n_first = 0, n_second = 0;
	int r = read_file(f->root_fd, path, &first, &n_first);
	char *pem;

	if (optional && read_file(f->root_fd, optional, &second, &n_second) < 0)
		n_second = 0;
	if (r < 0 && n_second == 0)
		return fail(f, HTTPS_NO_CA,
			    "no CA in %s (%s), and an unchecked server gets no token: name the "
			    "file under facts: {%s: /path}",
			    path, strerror(-r),
			    path == f->question->place.api_ca ? "api-ca" : "kubelet-ca");
	pem = malloc(n_first + n_second + 2);
	if (!pem)
		return fail(f, HTTPS_OTHER, "no memory to ask for pods");
	if (n_first > 0)
		memcpy(pem, first, n_first);
	pem[n_first] = '\n';
	if (n_second > 0)
		memcpy(pem + n_first + 1, second, n_second);
	pem[n_first + 1 + n_second] = '\0';
	*ret_len = n_first + 1 + n_second;
	*ret_pem = pem;
	return HTTPS_ANSWERED;
}

/* A server as people know it, and the key of the policy that says who signs for it. */
struct server {
	const char *shown;
	const char *name; /* of its certificate; NULL: the one in the address */
	const char *ca_key;
	const char *right; /* what the account needs there */
};

static enum https_failure explain(struct fetch *f, enum https_failure failure,
				  const struct server *s, const struct https_reply *reply)
{
	switch (failure) {
	case HTTPS_UNREACHABLE:
		return fail(f, failure, "nobody answers at %s (%s)", s->shown, reply->cause);
	case HTTPS_TOO_SLOW:
		return fail(f, failure, "%s does not answer in time", s->shown);
	case HTTPS_NO_CA:
		return fail(f, failure, "the CA for %s is no PEM certificate: facts: {%s: /path}",
			    s->shown, s->ca_key);
	case HTTPS_UNTRUSTED:
		return fail(f, failure,
			    "the certificate of %s is not signed by its CA, or out of date: name "
			    "its CA under facts: {%s: /path}",
			    s->shown, s->ca_key);
	case HTTPS_WRONG_NAME:
		return fail(f, failure, "the certificate of %s is not for the name %s%s", s->shown,
			    s->name ? s->name : "in its address",
			    s->name ? ": write its name under facts: {kubelet-name: NAME}" : "");
	case HTTPS_UNAUTHORIZED:
		return fail(f, failure, "%s does not know the token in %s (401)", s->shown,
			    f->question->place.token);
	case HTTPS_FORBIDDEN:
		return fail(f, failure, "%s refuses (403): the token's account needs %s", s->shown,
			    s->right);
	case HTTPS_STATUS:
		return fail(f, failure, "%s answers with status %ld%s", s->shown, reply->status,
			    reply->status < 400 ? ", which is not followed" : "");
	case HTTPS_CUT:
		return fail(f, failure, "the answer of %s was cut short", s->shown);
	case HTTPS_TOO_LARGE:
		return fail(f, failure, "the answer of %s is larger than %zu MiB", s->shown,
			    f->question->max_bytes >> 20);
	case HTTPS_ENDED:
		return fail(f, failure, "colod ends");
	default:
		return fail(f, failure, "cannot ask %s: %s", s->shown, reply->cause);
	}
}

static enum https_failure explain_text(struct fetch *f, int error, const struct server *s)
{
	switch (error) {
	case -EBADMSG:
		return fail(f, HTTPS_NOT_JSON, "the answer of %s is cut short or not JSON",
			    s->shown);
	case -EINVAL:
		return fail(f, HTTPS_NO_LIST, "the answer of %s is no list of pods", s->shown);
	case -E2BIG:
		return fail(f, HTTPS_TOO_MANY, "%s lists more than %d pods", s->shown,
			    PODS_JSON_MAX);
	default:
		return fail(f, HTTPS_OTHER, "no memory for the answer of %s", s->shown);
	}
}

/* The caller frees ret_reply->body. */
static enum https_failure get_text(struct fetch *f, const struct server *s, struct https_call *call,
				   struct https_reply *ret_reply)
{
	enum https_failure failure;

	call->token = f->token;
	call->max_bytes = f->left;
	failure = https_ask(f->http, call, ret_reply);
	if (failure != HTTPS_ANSWERED)
		return explain(f, failure, s, ret_reply);
	f->left -= ret_reply->len;
	return failure;
}

static enum https_failure get(struct fetch *f, const struct server *s, struct https_call *call,
			      enum pods_json_from from, struct pods_json **ret_pods)
{
	struct https_reply reply;
	enum https_failure failure = get_text(f, s, call, &reply);
	size_t at;
	int r;

	if (failure != HTTPS_ANSWERED)
		return failure;
	r = pods_json_parse(reply.body, reply.len, from, ret_pods, &at);
	free(reply.body);
	return r < 0 ? explain_text(f, r, s) : HTTPS_ANSWERED;
}

static enum https_failure from_kubelet(struct fetch *f)
{
	const struct kubelet_place *p = &f->question->place;
	_cleanup_free_ char *pem = NULL, *url = NULL;
	struct https_call call = {.connect = p->connect};
	const struct server s = {
		.shown = p->shown,
		.name = p->name,
		.ca_key = "kubelet-ca",
		.right = "get on nodes/pods, which a kubelet knows from 1.33 on",
	};
	enum https_failure failure = read_ca(f, p->ca ? p->ca : p->api_ca,
					     p->ca ? NULL : KUBELET_PLACE_OWN_CA, &pem,
					     &call.ca_len);

	if (failure != HTTPS_ANSWERED)
		return failure;
	if (asprintf(&url, "%s/pods", p->url) < 0)
		return fail(f, HTTPS_OTHER, "no memory to ask for pods");
	call.url = url;
	call.ca = pem;
	return get(f, &s, &call, PODS_JSON_KUBELET, &f->answer->pods);
}

/* What the server says goes into an address: only characters that mean nothing there. */
static bool is_more(const char *more)
{
	size_t len = strspn(more, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				  "-_=.~");

	return len > 0 && len <= MORE_MAX && more[len] == '\0';
}

/* resourceVersion=0: out of the API server's memory, so that 3000 nodes cost its store nothing. A
 * further page belongs to the version of the first and must not name one. */
static int page_url(const struct kubelet_place *p, const char *more, char **ret_url)
{
	int r = asprintf(ret_url, "%s/api/v1/pods?fieldSelector=spec.nodeName%%3D%s&limit=%d%s%s",
			 p->api, p->node, PAGE_PODS, more ? "&continue=" : "&resourceVersion=0",
			 more ? more : "");

	return r < 0 ? -ENOMEM : 0;
}

static enum https_failure next_page(struct fetch *f, const struct server *s,
				    struct https_call *call, struct pods_json **pods)
{
	_cleanup_free_ char *url = NULL, *more = *pods ? TAKE_PTR((*pods)->more) : NULL;
	struct pods_json *page = NULL;
	enum https_failure failure;
	int r = 0;

	if (more && !is_more(more))
		return fail(f, HTTPS_NO_LIST, "%s names a next page that is none", s->shown);
	if (page_url(&f->question->place, more, &url) < 0)
		return fail(f, HTTPS_OTHER, "no memory to ask for pods");
	call->url = url;
	failure = get(f, s, call, PODS_JSON_API, &page);
	if (failure != HTTPS_ANSWERED)
		return failure;
	if (!*pods) {
		*pods = page;
		return HTTPS_ANSWERED;
	}
	r = pods_json_join(*pods, page);
	(*pods)->more = TAKE_PTR(page->more);
	pods_json_free(page);
	return r < 0 ? explain_text(f, r, s) : HTTPS_ANSWERED;
}

/* Who the API server is and who it must prove to be; *ret_pem is the caller's. */
static enum https_failure find_api(struct fetch *f, struct https_call *call, char **ret_pem)
{
	const struct kubelet_place *p = &f->question->place;
	enum https_failure failure;

	if (!p->api)
		return fail(f, HTTPS_NO_NAME,
			    "nobody says where the API server is: write facts: "
			    "{api: \"https://HOST:PORT\"}");
	if (!p->node[0])
		return fail(f, HTTPS_NO_NAME,
			    "nobody says how the cluster calls this node: write "
			    "facts: {node: NAME}");
	failure = read_ca(f, p->api_ca, NULL, ret_pem, &call->ca_len);
	call->ca = *ret_pem;
	return failure;
}

static enum https_failure explain_node(struct fetch *f, int error, const struct server *s)
{
	switch (error) {
	case -EBADMSG:
		return fail(f, HTTPS_NOT_JSON, "the answer of %s is cut short or not JSON",
			    s->shown);
	case -EINVAL:
	case -E2BIG:
		return fail(f, HTTPS_NO_LIST, "the answer of %s is not about the node %s", s->shown,
			    f->question->place.node);
	default:
		return fail(f, HTTPS_OTHER, "no memory for the answer of %s", s->shown);
	}
}

/* Its metadata is enough, where the server knows how to leave out the rest; out of the server's memory,
 * as with pods. */
static enum https_failure node_from_api(struct fetch *f)
{
	const struct kubelet_place *p = &f->question->place;
	_cleanup_free_ char *pem = NULL, *url = NULL;
	struct https_call call = {
		.accept = "Accept: application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1, "
			  "application/json"};
	const struct server s = {.shown = p->api, .ca_key = "api-ca", .right = "get on nodes"};
	struct https_reply reply;
	enum https_failure failure = find_api(f, &call, &pem);
	int r;

	if (failure != HTTPS_ANSWERED)
		return failure;
	if (asprintf(&url, "%s/api/v1/nodes/%s?resourceVersion=0", p->api, p->node) < 0)
		return fail(f, HTTPS_OTHER, "no memory to ask for the node");
	call.url = url;
	failure = get_text(f, &s, &call, &reply);
	if (failure != HTTPS_ANSWERED)
		return failure;
	r = node_json_parse(reply.body, reply.len, p->node, &f->answer->labels);
	free(reply.body);
	return r < 0 ? explain_node(f, r, &s) : HTTPS_ANSWERED;
}

static enum https_failure from_api(struct fetch *f)
{
	const struct kubelet_place *p = &f->question->place;
	_cleanup_free_ char *pem = NULL;
	struct https_call call = {0};
	struct server s = {.shown = p->api, .ca_key = "api-ca", .right = "list on pods"};
	struct pods_json *pods = NULL;
	enum https_failure failure = find_api(f, &call, &pem);

	for (int page = 0; failure == HTTPS_ANSWERED && (page == 0 || pods->more); page++) {
		if (page == PAGES_MAX)
			failure = fail(f, HTTPS_TOO_MANY, "the list of %s has no end", p->api);
		else
			failure = next_page(f, &s, &call, &pods);
	}
	if (failure != HTTPS_ANSWERED) {
		pods_json_free(pods);
		return failure;
	}
	f->answer->pods = pods;
	f->answer->by_api = true;
	return HTTPS_ANSWERED;
}

/* Both refusals in one sentence, the kubelet's first. */
static void explain_both(struct kubelet_answer *answer, const char *shown)
{
	char api[KUBELET_WHY_SIZE];

	memcpy(api, answer->why, sizeof(api));
	(void)snprintf(answer->why, sizeof(answer->why),
		       "%.60s refuses (403: no nodes/pods), and %.220s", shown, api);
}

static enum https_failure ask(struct fetch *f)
{
	const struct kubelet_question *q = f->question;
	enum https_failure failure = read_token(f);

	if (failure != HTTPS_ANSWERED)
		return failure;
	if (q->node)
		return node_from_api(f);
	if (!q->api_only) {
		failure = from_kubelet(f);
		f->answer->refused = failure == HTTPS_FORBIDDEN;
		if (!f->answer->refused)
			return failure;
	}
	failure = from_api(f);
	if (failure != HTTPS_ANSWERED && f->answer->refused)
		explain_both(f->answer, q->place.shown);
	return failure;
}

void kubelet_fetch(struct https *http, int root_fd, const struct kubelet_question *question,
		   struct kubelet_answer *ret_answer)
{
	struct fetch f = {
		.http = http,
		.root_fd = root_fd,
		.question = question,
		.answer = ret_answer,
		.left = question->max_bytes,
	};

	*ret_answer = (struct kubelet_answer){0};
	ret_answer->failure = ask(&f);
	explicit_bzero(f.token, sizeof(f.token));
	if (ret_answer->failure == HTTPS_ANSWERED)
		ret_answer->why[0] = '\0';
}
