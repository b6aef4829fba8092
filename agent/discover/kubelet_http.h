// SPDX-License-Identifier: LGPL-2.1-or-later
// One question to a server over HTTPS, asked by a thread that may wait. Certificate and name are
// always checked, only against the given CA; nothing is followed, cached or taken from the
// environment (no proxy, no netrc), because a token goes along.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct kubelet_http;

/* Why there is no answer. Names the cause, for who decides what follows. */
enum kubelet_failure {
	KUBELET_ANSWERED,
	KUBELET_NO_TOKEN, /* no readable file */
	KUBELET_NO_CA,
	KUBELET_NO_NAME, /* nobody says where the API server is, or how this node is called */
	KUBELET_UNREACHABLE,
	KUBELET_TOO_SLOW,
	KUBELET_UNTRUSTED,    /* signed by nobody whom the CA file names */
	KUBELET_WRONG_NAME,   /* a certificate for another name */
	KUBELET_UNAUTHORIZED, /* 401 */
	KUBELET_FORBIDDEN,    /* 403 */
	KUBELET_STATUS,	      /* any other status than 200 */
	KUBELET_CUT,
	KUBELET_TOO_LARGE,
	KUBELET_NOT_JSON,
	KUBELET_NO_LIST,
	KUBELET_TOO_MANY, /* pods, or pages of them */
	KUBELET_ENDED,	  /* the agent ends */
	KUBELET_OTHER,
	KUBELET_FAILURE_COUNT,
};

struct kubelet_http_call {
	const char *url;
	const char *connect; /* CURLOPT_CONNECT_TO, or NULL */
	const char *token;
	const char *accept; /* a whole header line, NULL: JSON */
	const char *ca;	    /* PEM text */
	size_t ca_len;
	size_t max_bytes; /* of the answer */
};

struct kubelet_http_reply {
	long status; /* 0: none came */
	char *body;  /* NUL-terminated, owned; NULL unless KUBELET_ANSWERED */
	size_t len;
	char cause[64]; /* what the system or library says, "" for nothing more */
};

/* Time-outs of one question. */
struct kubelet_http_limits {
	long connect_ms;
	long whole_ms;
	long slow_s; /* of less than 1000 bytes a second */
};

int kubelet_http_new(struct kubelet_http **ret_http);
/* Only when no question is under way. */
void kubelet_http_free(struct kubelet_http *http);

/* For another thread: the question under way, and each later one, ends at once. */
void kubelet_http_stop(struct kubelet_http *http);

void kubelet_http_set_limits(struct kubelet_http *http, const struct kubelet_http_limits *limits);

/* Asks and waits. *ret_reply is always filled; the caller frees body. */
enum kubelet_failure kubelet_http_get(struct kubelet_http *http,
				      const struct kubelet_http_call *call,
				      struct kubelet_http_reply *ret_reply);
