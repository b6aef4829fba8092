// SPDX-License-Identifier: LGPL-2.1-or-later
// See evict_return.h.
#include "policy/evict_return.h"

#include <stdio.h>
#include <string.h>

/* "web-7d4b9c6f5-x2x4z" of a ReplicaSet and "job-1-abcde" of a Job are made anew with another end; "db-0" of a
 * StatefulSet is not, and then the stem is only wider than it need be. */
static void stem_of(const char *name, char *ret, size_t size)
{
	const char *end = strrchr(name, '-');
	size_t len = end && end != name ? (size_t)(end - name) : strlen(name);

	if (len >= size)
		len = size - 1;
	memcpy(ret, name, len);
	ret[len] = '\0';
}

static void copy(char *to, size_t size, const char *from)
{
	(void)snprintf(to, size, "%s", from ? from : "");
}

bool evict_return_describe(const struct pod *pod, struct evict_return *ret)
{
	*ret = (struct evict_return){0};
	if (pod->kind != POD_KUBERNETES || !pod->facts || !pod->facts->name)
		return false;
	copy(ret->namespace, sizeof(ret->namespace), pod->facts->ns);
	copy(ret->owner_kind, sizeof(ret->owner_kind), pod->facts->owner_kind);
	stem_of(pod->facts->name, ret->stem, sizeof(ret->stem));
	return true;
}

static bool is_same(const struct evict_return *a, const struct evict_return *b)
{
	return strcmp(a->namespace, b->namespace) == 0 &&
	       strcmp(a->owner_kind, b->owner_kind) == 0 && strcmp(a->stem, b->stem) == 0;
}

void evict_return_expect(struct evict *e, const struct evict_return *who, int64_t until_us)
{
	struct evict_return *to = &e->returns[0], back = *who;

	if (back.stem[0] == '\0')
		return;
	back.until_us = until_us;
	for (size_t i = 0; i < EVICT_RETURNS; i++) {
		if (is_same(&e->returns[i], &back)) {
			to = &e->returns[i];
			break;
		}
		if (e->returns[i].until_us < to->until_us)
			to = &e->returns[i];
	}
	*to = back;
}

/* It was asked to go, and its time to do so is over: it is none that it is back from. */
static bool has_stayed(const struct evict *e, uint64_t serial)
{
	for (size_t i = 0; i < EVICT_LEFT_OUT; i++) {
		const struct victim_left_out *l = &e->left_out[i];

		if (l->serial == serial && l->answer == EVICT_ANSWER_ACCEPTED)
			return !l->back;
	}
	return false;
}

bool evict_has_returned(const struct evict *e, const struct pod *pod, int64_t now_us,
			int64_t *ret_until_us)
{
	const struct evict_pending *pending = evict_find(e, pod->serial);
	struct evict_return back;

	/* Its own eviction is none that it is back from. */
	if ((pending ? !pending->returned : has_stayed(e, pod->serial)) ||
	    !evict_return_describe(pod, &back))
		return false;
	for (size_t i = 0; i < EVICT_RETURNS; i++) {
		if (e->returns[i].until_us <= now_us || !is_same(&e->returns[i], &back))
			continue;
		if (ret_until_us)
			*ret_until_us = e->returns[i].until_us;
		return true;
	}
	return false;
}
