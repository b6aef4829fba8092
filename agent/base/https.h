// SPDX-License-Identifier: LGPL-2.1-or-later
// One question to a server over HTTPS, asked by a thread that may wait. Certificate and name are
// always checked, only against the given CA; nothing is followed, cached or taken from the
// environment (no proxy, no netrc), because a token goes along.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct https;

/* Why there is no answer. Names the cause, for who decides what follows. */
enum https_failure {
	HTTPS_ANSWERED, /* 200 or 201, and all of it */
	HTTPS_NO_TOKEN, /* no readable file */
	HTTPS_NO_CA,
	HTTPS_NO_NAME, /* nobody says where the API server is, or how this node is called */
	HTTPS_UNREACHABLE,
	HTTPS_TOO_SLOW,
	HTTPS_UNTRUSTED,    /* signed by nobody whom the CA file names */
	HTTPS_WRONG_NAME,   /* a certificate for another name */
	HTTPS_UNAUTHORIZED, /* 401 */
	HTTPS_FORBIDDEN,    /* 403 */
	HTTPS_STATUS,	    /* any other status */
	HTTPS_CUT,
	HTTPS_TOO_LARGE,
	HTTPS_NOT_JSON,
	HTTPS_NO_LIST,
	HTTPS_TOO_MANY, /* pods, or pages of them */
	HTTPS_ENDED,	/* the agent ends, or has something more urgent */
	HTTPS_OTHER,
	HTTPS_FAILURE_COUNT,
};

struct https_call {
	const char *method; /* NULL: GET */
	const char *url;
	const char *connect; /* CURLOPT_CONNECT_TO, or NULL */
	const char *token;
	const char *accept; /* a whole header line, NULL: JSON */
	const char *body;   /* what is sent; NULL: nothing */
	const char *type;   /* a whole header line, of the body */
	const char *ca;	    /* PEM text */
	size_t ca_len;
	size_t max_bytes; /* of the answer */
	char *buf; /* the answer goes here, with max_bytes + 1 bytes, instead of into memory made for it */
	bool keeps_refusal; /* the text of any status is an answer; needs buf */
};

struct https_reply {
	long status; /* 0: none came */
	/* NUL-terminated; owned unless it is the call's buf. NULL unless HTTPS_ANSWERED, but for a kept refusal. */
	char *body;
	size_t len;
	bool whole; /* the answer came to its end */
	bool sent;  /* the server may have got the question */
	uint32_t retry_after_s;
	char cause[64]; /* what the system or library says, "" for nothing more */
};

/* Time-outs of one question. */
struct https_limits {
	long connect_ms;
	long whole_ms;
	long slow_s; /* of less than 1000 bytes a second */
};

int https_new(struct https **ret_https);
/* Only when no question is under way. */
void https_free(struct https *https);

/* For another thread: the question under way, and each later one, ends at once. */
void https_stop(struct https *https);

/* The same until https_resume(): there is something more urgent to ask. */
void https_interrupt(struct https *https);
void https_resume(struct https *https);

void https_set_limits(struct https *https, const struct https_limits *limits);

/* Asks and waits. *ret_reply is always filled; the caller frees body. */
enum https_failure https_ask(struct https *https, const struct https_call *call,
			     struct https_reply *ret_reply);
