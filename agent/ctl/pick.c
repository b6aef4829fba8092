// SPDX-License-Identifier: LGPL-2.1-or-later
// See pick.h. Which word means which pod is agent/base/pod_ref.c; this file has the help for words
// that mean none.
#include "agent/ctl/pick.h"

#include <ctype.h>
#include <string.h>

#include "agent/base/pod_ref.h"
#include "agent/ctl/doc.h"

#define SHOWN_MAX 5
/* Longer words are compared by their start; no name of a pod is longer. */
#define WORD_MAX 320

struct candidate {
	const cJSON *pod;
	unsigned distance;
};

static struct pod_ref ref_of(const cJSON *pod)
{
	return (struct pod_ref){
		.label = doc_text(pod, "name", ""),
		.name = doc_text(doc_get(pod, "facts"), "name", ""),
		.uid = doc_text(pod, "uid", ""),
		.cgroup = doc_text(pod, "cgroup", ""),
	};
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* How many letters must be added, left out or changed; case does not count. */
static unsigned edits(const char *a, const char *b)
{
	size_t la = strnlen(a, WORD_MAX), lb = strnlen(b, WORD_MAX);
	unsigned row[WORD_MAX + 1];

	for (size_t j = 0; j <= lb; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= la; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= lb; j++) {
			unsigned above = row[j];
			bool same = tolower((unsigned char)a[i - 1]) ==
				    tolower((unsigned char)b[j - 1]);

			row[j] = least(diagonal + !same, least(above, row[j - 1]) + 1);
			diagonal = above;
		}
	}
	return row[lb];
}

/* How far a word is from one name; a name that contains it is as near as one typing error. */
static unsigned distance_to(const char *name, const char *word)
{
	if (!*name)
		return WORD_MAX;
	return strcasestr(name, word) ? 1 : edits(name, word);
}

static unsigned distance(const cJSON *pod, const char *word)
{
	struct pod_ref ref = ref_of(pod);
	const char *unit = strrchr(ref.cgroup, '/');
	unsigned d = least(distance_to(ref.label, word), distance_to(ref.name, word));

	d = least(d, distance_to(unit ? unit + 1 : ref.cgroup, word));
	return least(d, distance_to(ref.uid, word));
}

/* Keeps the SHOWN_MAX nearest, nearest first. */
static void keep(struct candidate *list, size_t *n, struct candidate new)
{
	size_t at = *n;

	while (at > 0 && list[at - 1].distance > new.distance)
		at--;
	if (at == SHOWN_MAX)
		return;
	if (*n < SHOWN_MAX)
		(*n)++;
	memmove(list + at + 1, list + at, (*n - at - 1) * sizeof(*list));
	list[at] = new;
}

static void say_pod(const struct term *err, const cJSON *pod)
{
	const char *uid = doc_text(pod, "uid", "");

	(void)fputs("  ", err->out);
	term_text(err, doc_text(pod, "name", "?"), TERM_PLAIN);
	if (*uid && strcmp(uid, doc_text(pod, "name", "")) != 0) {
		(void)fputs("  uid ", err->out);
		term_text(err, uid, TERM_PLAIN);
	}
	(void)fputc('\n', err->out);
}

static int say_none(const struct ctl *ctl, const struct term *err, const cJSON *pods)
{
	struct candidate near[SHOWN_MAX];
	size_t n = 0;
	const cJSON *pod;

	(void)fputs("coloctl: no pod goes by '", err->out);
	term_text(err, ctl->args[0], TERM_PLAIN);
	(void)fputs("'.", err->out);
	cJSON_ArrayForEach(pod, pods)
	{
		struct candidate c = {.pod = pod, .distance = distance(pod, ctl->args[0])};

		if (*ctl->args[0] && c.distance <= 1 + strnlen(ctl->args[0], WORD_MAX) / 4)
			keep(near, &n, c);
	}
	if (n == 0) {
		(void)fputs(" List them: coloctl pods\n", err->out);
		return CTL_NO_POD;
	}
	(void)fputs(" Did you mean:\n", err->out);
	for (size_t i = 0; i < n; i++)
		say_pod(err, near[i].pod);
	return CTL_NO_POD;
}

static int say_many(const struct ctl *ctl, const struct term *err, const cJSON *pods,
		    enum pod_ref_match best)
{
	const cJSON *pod;
	size_t n = 0;

	(void)fputs("coloctl: several pods go by '", err->out);
	term_text(err, ctl->args[0], TERM_PLAIN);
	(void)fputs("'. Give namespace/name or more of the UID:\n", err->out);
	cJSON_ArrayForEach(pod, pods)
	{
		struct pod_ref ref = ref_of(pod);

		if (pod_ref_match(&ref, ctl->args[0]) != best)
			continue;
		if (n++ < SHOWN_MAX)
			say_pod(err, pod);
	}
	if (n > SHOWN_MAX)
		(void)fprintf(err->out, "  and %zu more: coloctl pods\n", n - SHOWN_MAX);
	return CTL_NO_POD;
}

static const cJSON *best_of(const struct ctl *ctl, enum pod_ref_match *ret_best, bool *ret_shared)
{
	const cJSON *pod, *found = NULL;

	*ret_best = POD_REF_NO;
	*ret_shared = false;
	cJSON_ArrayForEach(pod, doc_get(ctl->doc, "pods"))
	{
		struct pod_ref ref = ref_of(pod);
		enum pod_ref_match match = pod_ref_match(&ref, ctl->args[0]);

		if (match == POD_REF_NO || match < *ret_best)
			continue;
		*ret_shared = match == *ret_best;
		*ret_best = match;
		found = pod;
	}
	return found;
}

int pick_pod(const struct ctl *ctl, const cJSON **ret_pod)
{
	struct term err = {.out = ctl->err, .utf8 = ctl->term.utf8};
	const cJSON *pods = doc_get(ctl->doc, "pods"), *found;
	enum pod_ref_match best;
	bool shared;

	found = best_of(ctl, &best, &shared);
	if (!found)
		return say_none(ctl, &err, pods);
	if (shared)
		return say_many(ctl, &err, pods, best);
	*ret_pod = found;
	return CTL_OK;
}

const cJSON *pick_one(const struct ctl *ctl)
{
	enum pod_ref_match best;
	bool shared;
	const cJSON *found = best_of(ctl, &best, &shared);

	return shared ? NULL : found;
}
