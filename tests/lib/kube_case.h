// SPDX-License-Identifier: LGPL-2.1-or-later
// An API server that serves one pod and one node, with certificates made for it, and a folder that stands for the
// machine that asks, where a pod's service account has token and CA. Any failure fails the test.
#pragma once

#include <cjson/cJSON.h>

#include "agent/apply/kube_ask.h"
#include "tests/lib/fake_apiserver.h"

#define KUBE_CASE_ACCOUNT "var/run/secrets/kubernetes.io/serviceaccount"
#define KUBE_CASE_UID "11111111-aaaa-4bbb-8ccc-000000000001"

struct kube_case {
	char *dir;   /* the machine that asks */
	char *files; /* what the server serves; status/ are the shapes of tests/fixtures/kube */
	struct fake_apiserver *server;
	char url[64];
	struct kube_place place; /* of node-1 */
};

/* batch/train-7 with KUBE_CASE_UID, and node-1 with two taints of others. */
void kube_case_open(struct kube_case *c);
void kube_case_close(struct kube_case *c);

/* Writes a file of the server. */
void kube_case_serve(struct kube_case *c, const char *name, const char *text);
/* One of the machine, below its service account's folder. */
void kube_case_account(struct kube_case *c, const char *name, const char *text);

/* Another certificate for the next questions: signed by `ca` ("ca" is the one that is trusted). */
void kube_case_certificate(struct kube_case *c, const char *ca, const char *alt_names);

/* Waits until so many requests with this beginning have come; fails after a long time. */
void kube_case_wait_asked(struct kube_case *c, const char *beginning, size_t n);

/* The n-th request (from 0) as the server wrote it down; the caller deletes it. */
cJSON *kube_case_request(struct kube_case *c, size_t n);

/* A file of the server as JSON; the caller deletes it. */
cJSON *kube_case_json(struct kube_case *c, const char *name);

/* What stands at a path of names and numbers like "spec.taints.0.key"; fails where it is none. */
const char *kube_case_text(const cJSON *json, const char *path);
double kube_case_number(const cJSON *json, const char *path);
/* Whether there is something. */
bool kube_case_has(const cJSON *json, const char *path);
