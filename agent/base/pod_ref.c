// SPDX-License-Identifier: LGPL-2.1-or-later
// See pod_ref.h. Works on names only and never on the model, so that coloctl can use it on JSON.
#include "agent/base/pod_ref.h"

#include <stdbool.h>
#include <string.h>

static bool same(const char *text, const char *word)
{
	return text && *text && strcmp(text, word) == 0;
}

static bool starts(const char *text, const char *word)
{
	size_t len = strlen(word);

	return text && len >= POD_REF_PREFIX_MIN && strncmp(text, word, len) == 0;
}

/* The last part of a cgroup path is the unit's name. */
static const char *last_part(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash ? slash + 1 : path;
}

enum pod_ref_match pod_ref_match(const struct pod_ref *ref, const char *word)
{
	/* People copy paths with the slash in front. */
	const char *path = *word == '/' ? word + 1 : word;

	if (!*word)
		return POD_REF_NO;
	if (same(ref->uid, word) || same(ref->label, word) || same(ref->cgroup, path))
		return POD_REF_EXACT;
	if (same(ref->name, word) || same(last_part(ref->cgroup), word))
		return POD_REF_NAME;
	if (starts(ref->uid, word))
		return POD_REF_PREFIX;
	return POD_REF_NO;
}
