// SPDX-License-Identifier: LGPL-2.1-or-later
// A kubelet that serves, with certificates made for it, and a folder that stands for the machine that
// asks: token and CA are where a pod's service account has them. Any failure fails the test.
#pragma once

#include <stdint.h>

#include "colod/policy.h"
#include "tests/lib/fake_kubelet.h"

#define KUBELET_CASE_UID "11111111-aaaa-4bbb-8ccc-000000000001"
#define KUBELET_CASE_UID_2 "22222222-aaaa-4bbb-8ccc-000000000002"
#define KUBELET_CASE_POD(uid, name)                                                                \
	"{\"metadata\":{\"uid\":\"" uid "\",\"namespace\":\"ns\",\"name\":\"" name "\"}}"
#define KUBELET_CASE_LIST(items)                                                                   \
	"{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":{},\"items\":[" items "]}"
/* One that goes on with the page `more`. */
#define KUBELET_CASE_PAGE(more, items)                                                             \
	"{\"kind\":\"PodList\",\"metadata\":{\"continue\":\"" more "\"},\"items\":[" items "]}"

struct kubelet_case {
	char *dir;   /* the machine that asks */
	char *files; /* what the server serves */
	int root_fd;
	struct fake_kubelet *server;
	char url[64];
	/* Points at the server, by its name node-1; the API server is the same. */
	struct kubelet_policy policy;
};

/* Serves one pod. */
void kubelet_case_open(struct kubelet_case *c);
void kubelet_case_close(struct kubelet_case *c);

/* Writes a file of the server. NULL: it goes. */
void kubelet_case_serve(struct kubelet_case *c, const char *name, const char *text);

/* Another certificate for the next questions: signed by `ca` ("ca" is the one that is trusted). */
void kubelet_case_certificate(struct kubelet_case *c, const char *ca, const char *alt_names);

/* Waits until so many questions with this beginning have come; fails after a long time. */
void kubelet_case_wait_asked(struct kubelet_case *c, const char *url, size_t n);
