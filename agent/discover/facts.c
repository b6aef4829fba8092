// SPDX-License-Identifier: LGPL-2.1-or-later
// See facts.h. Unknown is never "no": with a pods file, a pod that is not in it has unknown facts,
// while units, and all pods where nobody is there to ask, have absent ones.
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

int facts_set_policy(struct facts *facts, const struct policy *policy)
{
	_cleanup_free_ char *path = NULL;
	const char *wanted = policy && policy->facts == FACTS_FILE ? policy->facts_path : NULL;

	if (wanted) {
		path = strdup(wanted);
		if (!path)
			return -ENOMEM;
	}
	if (!path || !facts->path || strcmp(path, facts->path) != 0) {
		pods_json_free(facts->good);
		facts->good = NULL;
		facts->was_read = false;
		facts->stat_error = 0;
	}
	free(facts->path);
	facts->path = TAKE_PTR(path);
	facts->configured = policy != NULL;
	facts->source = policy ? policy->facts : FACTS_CGROUP;
	return 0;
}

void facts_clear(struct facts *facts)
{
	free(facts->path);
	pods_json_free(facts->good);
	facts->path = NULL;
	facts->good = NULL;
}

__attribute__((format(printf, 2, 3))) static bool note(struct facts *facts, const char *format, ...)
{
	char text[sizeof(facts->note)];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (strcmp(text, facts->note) == 0)
		return false;
	memcpy(facts->note, text, sizeof(text));
	if (text[0])
		log_warning("discover.facts", "facts: %s", text);
	return true;
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
		r = pods_json_parse(text, len, &pods, &at);
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

bool facts_refresh(struct facts *facts, bool ask)
{
	if (facts->source == FACTS_FILE && facts->path)
		return refresh_file(facts, ask);
	if (facts->configured && facts->source == FACTS_KUBELET)
		return note(facts, "kubelet is not available in this version: using what "
				   "the cgroups show (shares and protection only)");
	return note(facts, "%s", "");
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
	bool ask = pod->kind == POD_KUBERNETES && facts->source == FACTS_FILE;
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

bool facts_bind(const struct facts *facts, struct pods *pods, size_t *ret_unknown)
{
	size_t unknown = 0;
	bool changed = false;

	for (size_t i = 0; i < pods->n; i++) {
		changed |= bind_one(facts, pods->list[i]);
		unknown += pods->list[i]->facts_state == FACT_UNKNOWN;
	}
	if (ret_unknown)
		*ret_unknown = unknown;
	return changed;
}
