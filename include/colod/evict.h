// SPDX-License-Identifier: LGPL-2.1-or-later
// An eviction through Kubernetes: what is asked of the API server, and what it said. Source of the statuses: the
// Eviction API (policy/v1) as the API server answers it.
#pragma once

#include <stdint.h>

/* Text of each: evict_answer_text(). */
enum evict_answer {
	EVICT_ANSWER_NONE,     /* none yet */
	EVICT_ANSWER_ACCEPTED, /* 200, 201: the pod is being deleted */
	EVICT_ANSWER_GONE, /* 404 about the pod, or 409 because the name belongs to another UID by now */
	EVICT_ANSWER_CONFLICT, /* any other 409: somebody changed it meanwhile, ask again */
	EVICT_ANSWER_BUDGET, /* 429, 403 of a PodDisruptionBudget, 500 of more than one: another pod */
	EVICT_ANSWER_BUSY,	/* 429 of the server itself, any other 5xx: ask later */
	EVICT_ANSWER_FORBIDDEN, /* 401, 403: nobody can be evicted until somebody mends that */
	EVICT_ANSWER_REFUSED, /* any other status, 403 of admission, 404 of no API server: not this pod */
	EVICT_ANSWER_UNREACHABLE, /* the request never got there */
	EVICT_ANSWER_UNTRUSTED,	  /* a certificate that the CA file does not vouch for */
	EVICT_ANSWER_UNKNOWN, /* sent, and no whole answer: it may have been accepted. The UID makes asking again safe */
	EVICT_ANSWER_COUNT,
};

#define EVICT_NAMESPACE_SIZE 64
#define EVICT_NAME_SIZE 254
#define EVICT_UID_SIZE 40
#define EVICT_WHY_SIZE 200

struct evict_call {
	uint64_t token; /* the caller's, comes back with the answer: the pod's serial */
	char namespace[EVICT_NAMESPACE_SIZE];
	char name[EVICT_NAME_SIZE];
	char uid[EVICT_UID_SIZE]; /* a precondition: never another pod of this name */
	uint32_t grace_s;
};

struct evict_done {
	uint64_t token;
	enum evict_answer answer;
	uint32_t retry_after_s;	  /* what the server asks for; 0: nothing */
	char why[EVICT_WHY_SIZE]; /* cause and fix in one sentence; "" for none */
};
