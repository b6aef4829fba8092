// SPDX-License-Identifier: LGPL-2.1-or-later
// See kube_name.h.
#include "agent/apply/kube_name.h"

#include <stddef.h>
#include <string.h>

#define ALNUM "abcdefghijklmnopqrstuvwxyz0123456789"
#define LABEL_MAX 63
#define SUBDOMAIN_MAX 253
#define UID_MAX_LEN 63

/* Of so many bytes: letters and digits at both ends, dashes between. */
static bool is_part(const char *text, size_t len)
{
	return len > 0 && strspn(text, ALNUM "-") >= len && text[0] != '-' && text[len - 1] != '-';
}

bool kube_name_is_label(const char *name)
{
	size_t len = strlen(name);

	return len <= LABEL_MAX && is_part(name, len);
}

bool kube_name_is_subdomain(const char *name)
{
	if (strlen(name) > SUBDOMAIN_MAX)
		return false;
	for (;;) {
		size_t len = strcspn(name, ".");

		if (!is_part(name, len))
			return false;
		if (name[len] == '\0')
			return true;
		name += len + 1;
	}
}

bool kube_name_is_uid(const char *uid)
{
	size_t len = strspn(uid, ALNUM "ABCDEFGHIJKLMNOPQRSTUVWXYZ-");

	return len > 0 && len <= UID_MAX_LEN && uid[len] == '\0';
}
