// SPDX-License-Identifier: LGPL-2.1-or-later
// The taint colod.io/pressure:NoSchedule on this node. Everybody else's taints stay exactly as they are.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "agent/apply/kube_ask.h"

#define KUBE_TAINT_KEY "colod.io/pressure"
#define KUBE_TAINT_EFFECT "NoSchedule"

enum kube_taint_result {
	KUBE_TAINT_DONE,      /* written by this call */
	KUBE_TAINT_ALREADY,   /* it was so, nothing was written */
	KUBE_TAINT_FORBIDDEN, /* 401, 403: not until somebody mends that */
	KUBE_TAINT_FAILED,    /* nothing is known of it: ask again later */
};

struct kube_taint_done {
	bool wanted; /* what was asked for */
	enum kube_taint_result result;
	char why[KUBE_ASK_WHY_SIZE]; /* cause and fix in one sentence; "" for none */
};

/* Has the taint on the node, or off it. Asks and waits. */
void kube_taint(struct kube_ask *ask, bool wanted, struct kube_taint_done *ret_done);

/* A merge patch that makes the node of this text (a v1 Node) have the taint, or not. 1: it is in buf; 0: it is so
 * already; -EBADMSG: no JSON; -EINVAL: not this node; -ENOTSUP: taints of another shape; -E2BIG: no room; -ENOMEM. For kube_taint() and for tests. */
int kube_taint_patch(const char *text, size_t len, const char *node, bool wanted, char *buf,
		     size_t size);
