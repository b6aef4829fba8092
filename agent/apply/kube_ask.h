// SPDX-License-Identifier: LGPL-2.1-or-later
// One question to the API server, for the thread that may wait: the papers are read anew for each, and a 401 is
// asked once more where the token has rotated meanwhile. All that it needs is made before the first question,
// but for what libcurl and TLS take: memory is short when it is used.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/base/https.h"

/* A node object, with its images, has some 100 kB. */
#define KUBE_ASK_ANSWER_BYTES (1u << 20)
#define KUBE_ASK_BODY_BYTES (64u << 10)
#define KUBE_ASK_WHY_SIZE 256

/* Where the API server is and who asks. Texts are copied. */
struct kube_place {
	int root_fd;	    /* stands for "/" in the paths; copied too */
	const char *api;    /* https://HOST:PORT; NULL: nobody says where it is */
	const char *api_ca; /* path */
	const char *token;  /* path */
	const char *node;   /* how the cluster calls this node; NULL or "": nobody says */
};

struct kube_question {
	const char *method;
	const char *
		type; /* the header line of what is sent, which stands in kube_ask_body(); NULL: nothing is */
	const char *right; /* what the token's account needs, for the sentence */
	size_t max_bytes;  /* of the answer, at most KUBE_ASK_ANSWER_BYTES */
};

struct kube_answer {
	enum https_failure failure; /* of the way there and back, or the status */
	long status;		    /* 0: none came */
	const char *text;	    /* until the next question; "" for none */
	size_t len;
	bool whole;
	bool sent; /* the server may have got the question */
	uint32_t retry_after_s;
	char why[KUBE_ASK_WHY_SIZE]; /* cause and fix, but for a status other than 401 and 403; "" for none */
};

struct kube_ask;

/* 0 or -errno. */
int kube_ask_new(const struct kube_place *place, struct kube_ask **ret_ask);
void kube_ask_free(struct kube_ask *ask);

/* For other threads: stop ends what is under way and all that comes; interrupt does until resume. */
void kube_ask_stop(struct kube_ask *ask);
void kube_ask_interrupt(struct kube_ask *ask);
void kube_ask_resume(struct kube_ask *ask);
void kube_ask_set_limits(struct kube_ask *ask, const struct https_limits *limits);

const char *kube_ask_node(const struct kube_ask *ask);
const char *kube_ask_api(const struct kube_ask *ask);

/* Where to write what is sent: KUBE_ASK_BODY_BYTES. */
char *kube_ask_body(struct kube_ask *ask);

/* Always fills *ret_answer. The path (of characters that mean nothing in a URL) begins with a slash. */
__attribute__((format(printf, 4, 5))) void kube_ask(struct kube_ask *ask,
						    const struct kube_question *question,
						    struct kube_answer *ret_answer,
						    const char *path, ...);
