// SPDX-License-Identifier: LGPL-2.1-or-later
// See facts.h. Unknown is never "no": a pod of which neither kubelet nor pods file has told has
// unknown facts, while units, and all pods where nobody is there to ask, have absent ones.
#include "agent/discover/facts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/log.h"
#include "agent/base/sys.h"
#include "agent/discover/facts_kubelet.h"
#include "colod/cgroup.h"

static enum facts_source wanted_source(const struct policy *policy)
{
	return policy ? policy->facts : FACTS_CGROUP;
}

bool facts_is_elsewhere(const struct facts *facts, const struct policy *policy)
{
	const char *wanted = policy && policy->facts == FACTS_FILE ? policy->facts_path : NULL;

	return wanted_source(policy) != facts->source || !wanted != !facts->path ||
	       (wanted && strcmp(wanted, facts->path) != 0);
}

int facts_set_policy(struct facts *facts, const struct policy *policy)
{
	_cleanup_free_ char *path = NULL;
	const char *wanted = policy && policy->facts == FACTS_FILE ? policy->facts_path : NULL;

	if (wanted) {
		path = strdup(wanted);
		if (!path)
			return -ENOMEM;
	}
	if (facts_is_elsewhere(facts, policy)) {
		pods_json_free(facts->good);
		facts->good = NULL;
		facts->was_read = false;
		facts->stat_error = 0;
	}
	free(facts->path);
	facts->path = TAKE_PTR(path);
	facts->configured = policy != NULL;
	facts->source = wanted_source(policy);
	return facts_kubelet_set_policy(facts, policy);
}

void facts_clear(struct facts *facts)
{
	free(facts->path);
	pods_json_free(facts->good);
	facts->path = NULL;
	facts->good = NULL;
	facts_kubelet_clear(facts);
}

bool facts_awaited(const struct facts *facts)
{
	return facts->configured && facts->source != FACTS_CGROUP && !facts->good;
}

__attribute__((format(printf, 2, 0))) static bool set_note(struct facts *facts, const char *format,
							   va_list args)
{
	char text[sizeof(facts->note)];

	(void)vsnprintf(text, sizeof(text), format, args);
	if (strcmp(text, facts->note) == 0)
		return false;
	memcpy(facts->note, text, sizeof(text));
	return true;
}

bool facts_note(struct facts *facts, const char *format, ...)
{
	va_list args;
	bool changed;

	va_start(args, format);
	changed = set_note(facts, format, args);
	va_end(args);
	return changed;
}

/* The same with a line in the log. */
__attribute__((format(printf, 2, 3))) static bool note(struct facts *facts, const char *format, ...)
{
	va_list args;
	bool changed;

	va_start(args, format);
	changed = set_note(facts, format, args);
	va_end(args);
	if (changed && facts->note[0])
		log_warning("discover.facts", "facts: %s", facts->note);
	return changed;
}

static const char *kept(const struct facts *facts)
{
	return facts->good ? "keeping what was read before" : "Kubernetes pods wait for it";
}

static bool note_failure(struct facts *f, int error, size_t at)
{
	if (error == -EBADMSG)
		return note(f, "%s is cut short or not JSON (at byte %zu): %s", f->path, at,
			    kept(f));
	if (error == -EINVAL)
		return note(f, "%s is no list of pods (no \"items\"): %s", f->path, kept(f));
	if (error == -E2BIG)
		return note(f, "%s lists more than %d pods: %s", f->path, PODS_JSON_MAX, kept(f));
	if (error == -EFBIG)
		return note(f, "%s is larger than %u MiB: %s", f->path, FACTS_FILE_MAX_BYTES >> 20,
			    kept(f));
	if (error == -ELOOP)
		return note(f, "%s is a symbolic link: name the file itself. %s", f->path, kept(f));
	return note(f, "%s: %s: %s", f->path, strerror(-error), kept(f));
}

/* True when something changed. */
static bool read_file(struct facts *f)
{
	_cleanup_free_ char *text = NULL;
	struct pods_json *pods = NULL;
	size_t len = 0, at = 0;
	int r = fs_read_alloc(f->root_fd, f->path, FACTS_FILE_MAX_BYTES, &text, &len);

	if (r == 0)
		r = pods_json_parse(text, len, PODS_JSON_KUBELET, &pods, &at);
	if (r < 0)
		return note_failure(f, r, at);
	pods_json_free(f->good);
	f->good = pods;
	if (pods->n_bad > 0)
		(void)note(f, "%s: %zu entries left out, the first: %s", f->path, pods->n_bad,
			   pods->bad_first);
	else
		(void)note(f, "%s", "");
	return true;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static bool refresh_file(struct facts *f, bool ask)
{
	const char *path = f->path + strspn(f->path, "/");
	struct stat now;

	if (sys_fstatat(f->root_fd, path, &now, AT_SYMLINK_NOFOLLOW) < 0) {
		f->was_read = false;
		f->stat_error = -errno;
		return note_failure(f, f->stat_error, 0);
	}
	if (f->was_read && !ask && same_file(&now, &f->read))
		return false;
	f->read = now;
	f->was_read = true;
	f->stat_error = 0;
	return read_file(f);
}

static bool refresh(struct facts *facts, int64_t now_us, bool ask, bool needed)
{
	/* In any case: an answer that nobody wants any more has to be taken away. */
	bool changed = facts_kubelet_refresh(facts, now_us, needed);

	if (facts->source == FACTS_FILE && facts->path)
		return refresh_file(facts, ask) || changed;
	if (facts->source == FACTS_CGROUP || !facts->configured)
		return note(facts, "%s", "") || changed;
	return changed;
}

static char *container_name(const struct pods_json_pod *known, const char *id)
{
	for (size_t i = 0; i < known->n_containers; i++) {
		if (strcmp(known->containers[i].id, id) == 0)
			return known->containers[i].name;
	}
	return NULL;
}

static bool bind_one(const struct facts *facts, struct pod *pod)
{
	bool ask = pod->kind == POD_KUBERNETES && facts->configured &&
		   facts->source != FACTS_CGROUP;
	struct pods_json_pod *known = NULL;
	enum fact_state before = pod->facts_state;

	if (ask && facts->good)
		known = pods_json_find(facts->good, pod->uid);
	pod->facts = known ? &known->facts : NULL;
	pod->facts_state = known ? FACT_KNOWN : ask ? FACT_UNKNOWN : FACT_ABSENT;
	if (known)
		(void)snprintf(pod->name, sizeof(pod->name), "%s/%s", known->facts.ns,
			       known->facts.name);
	else if (pod->kind == POD_KUBERNETES)
		memcpy(pod->name, pod->uid, sizeof(pod->uid));
	for (size_t i = 0; i < pod->n_containers; i++)
		pod->containers[i].name = known ? container_name(known, pod->containers[i].id)
						: NULL;
	return pod->facts_state != before;
}

bool facts_bind(struct facts *facts, struct pods *pods)
{
	bool changed = false;

	facts->n_unknown = 0;
	for (size_t i = 0; i < pods->n; i++) {
		changed |= bind_one(facts, pods->list[i]);
		facts->n_unknown += pods->list[i]->facts_state == FACT_UNKNOWN;
	}
	return changed;
}

/* A pod that nobody has heard of yet is asked for at once; the file may be newer than it looks. */
static bool new_unknown_pod(struct facts *facts, const struct pods *pods)
{
	bool found = false;

	for (size_t i = 0; i < pods->n; i++)
		found |= pods->list[i]->serial > facts->asked_serial &&
			 pods->list[i]->facts_state == FACT_UNKNOWN;
	facts->asked_serial = pods->serial;
	return found;
}

static bool has_kubernetes(const struct pods *pods)
{
	for (size_t i = 0; i < pods->n; i++) {
		if (pods->list[i]->kind == POD_KUBERNETES)
			return true;
	}
	return false;
}

static bool has_frozen(const struct pods *pods)
{
	for (size_t i = 0; i < pods->n; i++)
		if (pods->list[i]->cgroup && pods->list[i]->cgroup->knobs[KNOB_CGROUP_FREEZE].owned)
			return true;
	return false;
}

bool facts_update(struct facts *facts, struct pods *pods, int64_t now_us, bool full, bool changed)
{
	bool needed = has_kubernetes(pods);
	bool any = refresh(facts, now_us, full, needed);

	if (any || changed)
		any |= facts_bind(facts, pods);
	if (pods->serial != facts->asked_serial && new_unknown_pod(facts, pods)) {
		facts_kubelet_new_pod(facts, now_us);
		if (!full && refresh(facts, now_us, true, needed)) {
			(void)facts_bind(facts, pods);
			any = true;
		}
	}
	if (has_frozen(pods))
		facts_kubelet_frozen(facts);
	facts_kubelet_ask(facts, now_us);
	return any;
}
