// SPDX-License-Identifier: LGPL-2.1-or-later
// See https.h. A new connection for each question: one handshake every 10 s costs nothing,
// and no token, session or half-dead connection outlives its question.
#include "agent/base/https.h"

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

struct https {
	CURLM *multi;
	_Atomic bool stop;
	_Atomic bool interrupted;
	struct https_limits limits;
};

struct body {
	char *text;
	size_t len;
	size_t size;
	size_t max;
	bool borrowed; /* text is the caller's, and holds max */
	bool too_large;
	bool no_memory;
};

int https_new(struct https **ret_https)
{
	struct https *h;

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
	h->limits = (struct https_limits){CONNECT_MS, WHOLE_MS, SLOW_S};
	*ret_https = h;
	return 0;
}

void https_free(struct https *https)
{
	if (!https)
		return;
	(void)curl_multi_cleanup(https->multi);
	free(https);
}

void https_stop(struct https *https)
{
	atomic_store(&https->stop, true);
	(void)curl_multi_wakeup(https->multi);
}

void https_interrupt(struct https *https)
{
	atomic_store(&https->interrupted, true);
	(void)curl_multi_wakeup(https->multi);
}

void https_resume(struct https *https)
{
	atomic_store(&https->interrupted, false);
}

void https_set_limits(struct https *https, const struct https_limits *limits)
{
	https->limits = *limits;
}

static bool make_room(struct body *b, size_t more)
{
	size_t size = b->size ? b->size : FIRST_SIZE;
	char *grown;

	if (b->borrowed)
		return true;
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
static bool set_up(CURL *easy, const struct https *h, const struct https_call *call,
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
	if (call->body) {
		SET(CURLOPT_POSTFIELDS, call->body);
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(call->body));
	}
	if (call->method)
		SET(CURLOPT_CUSTOMREQUEST, call->method);
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

static bool is_ended(struct https *h)
{
	return atomic_load(&h->stop) || atomic_load(&h->interrupted);
}

/* CURLE_ABORTED_BY_CALLBACK where the agent ends. */
static CURLcode perform(struct https *h, CURL *easy, const char *url)
{
	CURLcode code = CURLE_FAILED_INIT;
	int running = 1, left;
	CURLMsg *message;

	if (sys_fault(SYS_HTTP, url) < 0)
		return CURLE_COULDNT_CONNECT;
	if (curl_multi_add_handle(h->multi, easy) != CURLM_OK)
		return CURLE_OUT_OF_MEMORY;
	while (running > 0 && !is_ended(h)) {
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

static enum https_failure failure_of_status(long status)
{
	switch (status) {
	case 200:
	case 201:
		return HTTPS_ANSWERED;
	case 401:
		return HTTPS_UNAUTHORIZED;
	case 403:
		return HTTPS_FORBIDDEN;
	default:
		return HTTPS_STATUS;
	}
}

static enum https_failure failure_of(CURL *easy, CURLcode code, const struct body *body,
				     struct https_reply *reply)
{
	long os_error = 0, verify = 0;

	(void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &reply->status);
	(void)curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &os_error);
	(void)curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &verify);
	/* Of a refusal only the status counts, whatever became of its text. */
	if (reply->status >= 300)
		return failure_of_status(reply->status);
	if (body->too_large || code == CURLE_FILESIZE_EXCEEDED)
		return HTTPS_TOO_LARGE;
	switch (code) {
	case CURLE_OK:
		return failure_of_status(reply->status);
	case CURLE_ABORTED_BY_CALLBACK:
		return HTTPS_ENDED;
	case CURLE_OPERATION_TIMEDOUT:
		return HTTPS_TOO_SLOW;
	case CURLE_PEER_FAILED_VERIFICATION:
		/* X509_V_ERR_UNSPECIFIED (1) stands until the chain has been found good. */
		return verify > 1 ? HTTPS_UNTRUSTED : HTTPS_WRONG_NAME;
	case CURLE_SSL_CACERT_BADFILE:
		return HTTPS_NO_CA;
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_GOT_NOTHING:
		if (reply->status != 0 || code == CURLE_GOT_NOTHING)
			return HTTPS_CUT;
		break;
	case CURLE_COULDNT_CONNECT:
	case CURLE_COULDNT_RESOLVE_HOST:
		(void)snprintf(reply->cause, sizeof(reply->cause), "%s",
			       os_error ? strerrordesc_np((int)os_error)
					: curl_easy_strerror(code));
		return HTTPS_UNREACHABLE;
	default:
		break;
	}
	(void)snprintf(reply->cause, sizeof(reply->cause), "%s",
		       body->no_memory ? "no memory" : curl_easy_strerror(code));
	return HTTPS_OTHER;
}

/* What is known of the way there and back, whatever came of it. */
static void measure(CURL *easy, CURLcode code, struct https_reply *reply)
{
	curl_off_t tls_us = 0, retry_s = 0;

	(void)curl_easy_getinfo(easy, CURLINFO_APPCONNECT_TIME_T, &tls_us);
	(void)curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &retry_s);
	/* With the handshake done, some of it may be under way. */
	reply->sent = tls_us > 0;
	reply->whole = code == CURLE_OK;
	reply->retry_after_s = retry_s < 0	      ? 0
			       : retry_s > UINT32_MAX ? UINT32_MAX
						      : (uint32_t)retry_s;
}

static enum https_failure ask(struct https *h, const struct https_call *call,
			      struct curl_slist *headers, struct curl_slist *connect,
			      struct body *body, struct https_reply *reply)
{
	CURL *easy = curl_easy_init();
	enum https_failure failure = HTTPS_OTHER;

	if (easy && set_up(easy, h, call, headers, connect, body)) {
		CURLcode code = perform(h, easy, call->url);

		reply->cause[0] = '\0';
		failure = failure_of(easy, code, body, reply);
		measure(easy, code, reply);
	}
	curl_easy_cleanup(easy);
	return failure;
}

/* The token's line is wiped; libcurl reads these lists and keeps nothing of them. */
static enum https_failure ask_with_token(struct https *h, const struct https_call *call,
					 struct body *body, struct https_reply *reply)
{
	struct curl_slist type = {(char *)call->type, NULL};
	struct curl_slist accept = {(char *)(call->accept ? call->accept : ACCEPT_JSON),
				    call->type ? &type : NULL};
	struct curl_slist connect = {(char *)call->connect, NULL};
	struct curl_slist token = {NULL, &accept};
	enum https_failure failure = HTTPS_OTHER;

	if (asprintf(&token.data, "Authorization: Bearer %s", call->token) < 0)
		return failure;
	failure = ask(h, call, &token, call->connect ? &connect : NULL, body, reply);
	explicit_bzero(token.data, strlen(token.data));
	free(token.data);
	return failure;
}

enum https_failure https_ask(struct https *https, const struct https_call *call,
			     struct https_reply *ret_reply)
{
	struct body body = {
		.text = call->buf,
		.size = call->buf ? call->max_bytes + 1 : 0,
		.max = call->max_bytes,
		.borrowed = call->buf != NULL,
	};
	enum https_failure failure;

	*ret_reply = (struct https_reply){.cause = "no memory"};
	failure = ask_with_token(https, call, &body, ret_reply);
	if (failure == HTTPS_ANSWERED && !make_room(&body, 0))
		failure = HTTPS_OTHER;
	if (failure != HTTPS_ANSWERED && !(call->keeps_refusal && call->buf)) {
		if (!call->buf)
			free(body.text);
		return failure;
	}
	body.text[body.len] = '\0';
	ret_reply->body = body.text;
	ret_reply->len = body.len;
	return failure;
}
