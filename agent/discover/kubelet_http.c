// SPDX-License-Identifier: LGPL-2.1-or-later
// See kubelet_http.h. A new connection for each question: one handshake every 10 s costs nothing,
// and no token, session or half-dead connection outlives its question.
#include "agent/discover/kubelet_http.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "agent/base/cleanup.h"
#include "agent/base/sys.h"

#define CONNECT_MS 3000
/* 20 MB from a kubelet on a busy node. */
#define WHOLE_MS 30000
#define SLOW_BYTES 1000L
#define SLOW_S 5
#define FIRST_SIZE 65536
#define POLL_MS 1000
#define ACCEPT_JSON "Accept: application/json"

struct kubelet_http {
	CURLM *multi;
	_Atomic bool stop;
	struct kubelet_http_limits limits;
};

struct body {
	char *text;
	size_t len;
	size_t size;
	size_t max;
	bool too_large;
	bool no_memory;
};

int kubelet_http_new(struct kubelet_http **ret_http)
{
	struct kubelet_http *h;

	/* Counted inside; thread-safe in every libcurl that colod is built with. */
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return -ENOMEM;
	h = calloc(1, sizeof(*h));
	if (h)
		h->multi = curl_multi_init();
	if (!h || !h->multi) {
		free(h);
		return -ENOMEM;
	}
	h->limits = (struct kubelet_http_limits){CONNECT_MS, WHOLE_MS, SLOW_S};
	*ret_http = h;
	return 0;
}

void kubelet_http_free(struct kubelet_http *http)
{
	if (!http)
		return;
	(void)curl_multi_cleanup(http->multi);
	free(http);
}

void kubelet_http_stop(struct kubelet_http *http)
{
	atomic_store(&http->stop, true);
	(void)curl_multi_wakeup(http->multi);
}

void kubelet_http_set_limits(struct kubelet_http *http, const struct kubelet_http_limits *limits)
{
	http->limits = *limits;
}

static bool make_room(struct body *b, size_t more)
{
	size_t size = b->size ? b->size : FIRST_SIZE;
	char *grown;

	while (size < b->len + more + 1)
		size *= 2;
	if (size == b->size)
		return true;
	grown = realloc(b->text, size);
	if (!grown)
		return false;
	b->text = grown;
	b->size = size;
	return true;
}

static size_t on_body(char *data, size_t size, size_t n, void *context)
{
	struct body *b = context;
	size_t more = size * n;

	b->too_large = more > b->max - b->len;
	if (b->too_large)
		return 0;
	b->no_memory = !make_room(b, more);
	if (b->no_memory)
		return 0;
	memcpy(b->text + b->len, data, more);
	b->len += more;
	b->text[b->len] = '\0';
	return more;
}

/* Each setopt fails only for want of memory or of a feature; then the question is not asked. */
static bool set_up(CURL *easy, const struct kubelet_http *h, const struct kubelet_http_call *call,
		   struct curl_slist *headers, struct curl_slist *connect, struct body *body)
{
	struct curl_blob ca = {
		.data = (void *)call->ca, .len = call->ca_len, .flags = CURL_BLOB_NOCOPY};
	bool ok = true;

#define SET(option, value) ok = ok && curl_easy_setopt(easy, option, value) == CURLE_OK
	SET(CURLOPT_URL, call->url);
	SET(CURLOPT_PROTOCOLS_STR, "https");
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_HTTPHEADER, headers);
	SET(CURLOPT_CONNECT_TO, connect);
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_USERAGENT, "colod/" COLOD_VERSION);
	/* The CA that was given and no other: not those that the system trusts for the web. */
	SET(CURLOPT_CAPATH, NULL);
	SET(CURLOPT_CAINFO_BLOB, &ca);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_SSL_SESSIONID_CACHE, 0L);
	SET(CURLOPT_FORBID_REUSE, 1L);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_CONNECTTIMEOUT_MS, h->limits.connect_ms);
	SET(CURLOPT_TIMEOUT_MS, h->limits.whole_ms);
	SET(CURLOPT_LOW_SPEED_LIMIT, SLOW_BYTES);
	SET(CURLOPT_LOW_SPEED_TIME, h->limits.slow_s);
	SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)call->max_bytes);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, body);
#undef SET
	return ok;
}

/* CURLE_ABORTED_BY_CALLBACK where the agent ends. */
static CURLcode perform(struct kubelet_http *h, CURL *easy, const char *url)
{
	CURLcode code = CURLE_FAILED_INIT;
	int running = 1, left;
	CURLMsg *message;

	if (sys_fault(SYS_HTTP, url) < 0)
		return CURLE_COULDNT_CONNECT;
	if (curl_multi_add_handle(h->multi, easy) != CURLM_OK)
		return CURLE_OUT_OF_MEMORY;
	while (running > 0 && !atomic_load(&h->stop)) {
		if (curl_multi_perform(h->multi, &running) != CURLM_OK)
			break;
		if (running > 0)
			(void)curl_multi_poll(h->multi, NULL, 0, POLL_MS, NULL);
	}
	if (running > 0)
		code = CURLE_ABORTED_BY_CALLBACK;
	while ((message = curl_multi_info_read(h->multi, &left))) {
		if (message->msg == CURLMSG_DONE)
			code = message->data.result;
	}
	(void)curl_multi_remove_handle(h->multi, easy);
	return code;
}

static enum kubelet_failure failure_of_status(long status)
{
	switch (status) {
	case 200:
		return KUBELET_ANSWERED;
	case 401:
		return KUBELET_UNAUTHORIZED;
	case 403:
		return KUBELET_FORBIDDEN;
	default:
		return KUBELET_STATUS;
	}
}

static enum kubelet_failure failure_of(CURL *easy, CURLcode code, const struct body *body,
				       struct kubelet_http_reply *reply)
{
	long os_error = 0, verify = 0;

	(void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &reply->status);
	(void)curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &os_error);
	(void)curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &verify);
	/* Of a refusal only the status counts, whatever became of its text. */
	if (reply->status >= 300)
		return failure_of_status(reply->status);
	if (body->too_large || code == CURLE_FILESIZE_EXCEEDED)
		return KUBELET_TOO_LARGE;
	switch (code) {
	case CURLE_OK:
		return failure_of_status(reply->status);
	case CURLE_ABORTED_BY_CALLBACK:
		return KUBELET_ENDED;
	case CURLE_OPERATION_TIMEDOUT:
		return KUBELET_TOO_SLOW;
	case CURLE_PEER_FAILED_VERIFICATION:
		/* X509_V_ERR_UNSPECIFIED (1) stands until the chain has been found good. */
		return verify > 1 ? KUBELET_UNTRUSTED : KUBELET_WRONG_NAME;
	case CURLE_SSL_CACERT_BADFILE:
		return KUBELET_NO_CA;
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_GOT_NOTHING:
		if (reply->status != 0 || code == CURLE_GOT_NOTHING)
			return KUBELET_CUT;
		break;
	case CURLE_COULDNT_CONNECT:
	case CURLE_COULDNT_RESOLVE_HOST:
		(void)snprintf(reply->cause, sizeof(reply->cause), "%s",
			       os_error ? strerrordesc_np((int)os_error)
					: curl_easy_strerror(code));
		return KUBELET_UNREACHABLE;
	default:
		break;
	}
	(void)snprintf(reply->cause, sizeof(reply->cause), "%s",
		       body->no_memory ? "no memory" : curl_easy_strerror(code));
	return KUBELET_OTHER;
}

static struct curl_slist *headers_of(const char *token, const char *accept)
{
	struct curl_slist *first = curl_slist_append(NULL, accept);
	struct curl_slist *list = NULL;
	char *line = NULL;

	if (first && asprintf(&line, "Authorization: Bearer %s", token) >= 0)
		list = curl_slist_append(first, line);
	if (line)
		explicit_bzero(line, strlen(line));
	free(line);
	if (!list)
		curl_slist_free_all(first);
	return list;
}

/* libcurl frees its copy of a header without wiping it. */
static void forget_headers(struct curl_slist *list)
{
	for (struct curl_slist *l = list; l; l = l->next)
		explicit_bzero(l->data, strlen(l->data));
	curl_slist_free_all(list);
}

enum kubelet_failure kubelet_http_get(struct kubelet_http *http,
				      const struct kubelet_http_call *call,
				      struct kubelet_http_reply *ret_reply)
{
	struct curl_slist *headers = headers_of(call->token,
						call->accept ? call->accept : ACCEPT_JSON),
			  *connect = NULL;
	struct body body = {.max = call->max_bytes};
	CURL *easy = curl_easy_init();
	enum kubelet_failure failure = KUBELET_OTHER;

	*ret_reply = (struct kubelet_http_reply){.cause = "no memory"};
	if (call->connect)
		connect = curl_slist_append(NULL, call->connect);
	if (easy && headers && (connect || !call->connect) &&
	    set_up(easy, http, call, headers, connect, &body)) {
		ret_reply->cause[0] = '\0';
		failure = failure_of(easy, perform(http, easy, call->url), &body, ret_reply);
	}
	curl_easy_cleanup(easy);
	forget_headers(headers);
	curl_slist_free_all(connect);
	if (failure == KUBELET_ANSWERED && !make_room(&body, 0))
		failure = KUBELET_OTHER;
	if (failure != KUBELET_ANSWERED) {
		free(body.text);
		return failure;
	}
	body.text[body.len] = '\0';
	ret_reply->body = body.text;
	ret_reply->len = body.len;
	return failure;
}
