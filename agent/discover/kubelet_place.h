// SPDX-License-Identifier: LGPL-2.1-or-later
// Where the kubelet and the API server are, by which names and with which papers: the policy's word,
// else the usual places.
#pragma once

#include <stdbool.h>

#include "colod/policy.h"

#define KUBELET_PLACE_ACCOUNT "/var/run/secrets/kubernetes.io/serviceaccount"
/* A kubelet that got no certificate from the cluster signs for itself, and leaves this. */
#define KUBELET_PLACE_OWN_CA "/var/lib/kubelet/pki/kubelet.crt"

/* What this machine says of itself; any may be NULL. */
struct kubelet_surroundings {
	const char *node_name;	  /* NODE_NAME of the environment */
	const char *host_name;	  /* gethostname() */
	const char *service_host; /* KUBERNETES_SERVICE_HOST */
	const char *service_port; /* KUBERNETES_SERVICE_PORT */
};

/* All owned; texts as libcurl wants them. */
struct kubelet_place {
	char *shown;   /* the kubelet as people wrote it */
	char *url;     /* https://NAME:PORT, by the name that its certificate must be for */
	char *connect; /* CURLOPT_CONNECT_TO: where that really is; NULL: where the name leads */
	char *name;
	char *ca;  /* path; NULL: the two usual ones */
	char *api; /* https://host:port, NULL: nobody says where it is */
	char *api_ca;
	char *token;
	char *node;
};

/* 0 or -ENOMEM. */
int kubelet_place_find(const struct kubelet_policy *policy, const struct kubelet_surroundings *here,
		       struct kubelet_place *ret_place);
/* The surroundings of this process; texts live as long as the environment and `host_buf` do. */
struct kubelet_surroundings kubelet_place_here(char *host_buf, size_t size);
int kubelet_place_copy(const struct kubelet_place *from, struct kubelet_place *ret_place);
bool kubelet_place_same(const struct kubelet_place *a, const struct kubelet_place *b);
void kubelet_place_clear(struct kubelet_place *place);
