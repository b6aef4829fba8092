// SPDX-License-Identifier: LGPL-2.1-or-later
// One whole answer: token and CA from their files, the kubelet's /pods or, where the kubelet refuses,
// the API server's list of this node's pods, or its word about the node; and what is in it. For the thread that may wait.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "agent/base/https.h"
#include "agent/discover/kubelet_place.h"
#include "agent/discover/pods_json.h"
#include "policy/node_labels.h"

#define KUBELET_WHY_SIZE 320

struct kubelet_question {
	struct kubelet_place place; /* taken over by kubelet_ask() */
	bool api_only;		    /* the kubelet is known to refuse */
	bool node;	  /* not the pods: the labels of the node, which the API server knows */
	size_t max_bytes; /* of one answer, all its pages together */
};

struct kubelet_answer {
	enum https_failure failure;
	bool refused; /* the kubelet said 403; `failure` is about the API server then */
	bool by_api;
	struct pods_json *pods;	    /* owned; NULL unless HTTPS_ANSWERED */
	struct node_labels *labels; /* the same, of a question about the node */
	/* Cause and fix in one sentence, always the same words for the same state; "" for none. */
	char why[KUBELET_WHY_SIZE];
};

/* Always fills *ret_answer. `root_fd` stands for "/" in paths, links in them included. */
void kubelet_fetch(struct https *http, int root_fd, const struct kubelet_question *question,
		   struct kubelet_answer *ret_answer);
