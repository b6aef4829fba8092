// SPDX-License-Identifier: LGPL-2.1-or-later
// A v1 Status, the API server's word about a request, out of a text that may be anything. Reads memory only.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KUBE_STATUS_REASON_SIZE 48
#define KUBE_STATUS_MESSAGE_SIZE 256

struct kube_status {
	bool object; /* the text is a JSON object, as each answer of an API server but an overloaded one's is */
	bool failure;		/* a Status that says so, whatever the HTTP status was */
	long code;		/* 0: says none */
	uint32_t retry_after_s; /* 0: says none */
	bool budget;		/* it is a PodDisruptionBudget that refuses, or more than one */
	bool other_uid;		/* the name belongs to another UID */
	bool denied;		/* admission refuses this object, not the account */
	char reason[KUBE_STATUS_REASON_SIZE];	/* as NotFound */
	char kind[KUBE_STATUS_REASON_SIZE];	/* what it is about, as pods */
	char message[KUBE_STATUS_MESSAGE_SIZE]; /* of the cause where there is one; fit to be shown */
};

/* Always fills *ret_status; what is cut, or no JSON, says nothing. */
void kube_status_parse(const char *text, size_t len, struct kube_status *ret_status);
