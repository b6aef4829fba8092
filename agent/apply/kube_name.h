// SPDX-License-Identifier: LGPL-2.1-or-later
// Names as Kubernetes allows them. What passes means nothing in a URL or in JSON: pods name themselves.
#pragma once

#include <stdbool.h>

/* RFC 1123 label: a namespace. */
bool kube_name_is_label(const char *name);
/* RFC 1123 subdomain: a pod, a node. */
bool kube_name_is_subdomain(const char *name);
/* Letters, digits and dashes: more than a UUID, because a static pod's UID is none. */
bool kube_name_is_uid(const char *uid);
