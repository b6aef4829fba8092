// SPDX-License-Identifier: LGPL-2.1-or-later
// See cgroup_name.h. Layouts (kubelet's cgroup manager, both drivers):
//   kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod<uid with _>.slice/cri-containerd-<id>.scope
//   kubepods/burstable/pod<uid>/<id>
// A Guaranteed pod sits directly below the root; a root of the kubelet's own puts its name first
// ("kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/...").
#include "agent/discover/cgroup_name.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/base/utf8.h"

static bool has_suffix(const char *text, const char *suffix)
{
	size_t len = strlen(text), n = strlen(suffix);

	return len >= n && memcmp(text + len - n, suffix, n) == 0;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static size_t hex_span(const char *text)
{
	size_t n = 0;

	while (is_hex(text[n]))
		n++;
	return n;
}

int cgroup_name_check(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > CGROUP_NAME_MAX)
		return -EINVAL;
	if (strcmp(name, ".") == 0 || strncmp(name, "..", 2) == 0)
		return -EINVAL;
	while (len > 0) {
		uint32_t point;
		size_t n = utf8_decode(name, len, &point);

		if (n == 0 || point == '/' || utf8_unsafe(point))
			return -EINVAL;
		name += n;
		len -= n;
	}
	return 0;
}

/* Copies `len` bytes that look like a UID into uid, `separator` as a dash. */
static int parse_uid(const char *text, size_t len, char separator, char uid[POD_UID_SIZE])
{
	static const size_t groups[] = {8, 4, 4, 4, 12};
	char copy[POD_UID_SIZE];
	const char *p = copy;

	if (len != 32 && len != 36)
		return -EBADMSG;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (len == 36) {
		for (size_t i = 0; i < 5; i++) {
			if (hex_span(p) != groups[i] || p[groups[i]] != (i < 4 ? separator : '\0'))
				return -EBADMSG;
			if (i < 4)
				copy[p - copy + (ptrdiff_t)groups[i]] = '-';
			p += groups[i] + 1;
		}
	} else if (hex_span(copy) != 32) {
		return -EBADMSG;
	}
	memcpy(uid, copy, len + 1);
	return 0;
}

bool cgroup_name_is_uid(const char *text)
{
	char uid[POD_UID_SIZE];

	return parse_uid(text, strlen(text), '-', uid) == 0;
}

/* "kubepods.slice", "kubelet-kubepods.slice", "kubepods". */
static bool parse_kubepods(const char *name, struct cgroup_name *n)
{
	if (strcmp(name, "kubepods") == 0)
		n->driver = DRIVER_CGROUPFS;
	else if (strcmp(name, "kubepods.slice") == 0 || has_suffix(name, "-kubepods.slice"))
		n->driver = DRIVER_SYSTEMD;
	else
		return false;
	n->kind = CGROUP_KUBEPODS;
	return true;
}

/* What follows the parent's own name in `name`: systemd repeats it ("kubepods-burstable.slice"
 * below "kubepods.slice"), cgroupfs does not. *ret_len is without ".slice". NULL: no such name. */
static const char *own_part(const char *parent_name, const char *name, size_t *ret_len)
{
	size_t stem = strlen(parent_name);

	if (!has_suffix(parent_name, ".slice")) {
		*ret_len = strlen(name);
		return name;
	}
	stem -= strlen(".slice");
	if (!has_suffix(name, ".slice") || strncmp(name, parent_name, stem) != 0 ||
	    name[stem] != '-')
		return NULL;
	name += stem + 1;
	*ret_len = strlen(name) - strlen(".slice");
	return name;
}

static enum qos class_of(const char *text, size_t len)
{
	if (len == 9 && memcmp(text, "burstable", len) == 0)
		return QOS_BURSTABLE;
	if (len == 10 && memcmp(text, "besteffort", len) == 0)
		return QOS_BESTEFFORT;
	return QOS_INVALID;
}

/* The class that a parent's name ends in; QOS_GUARANTEED for the kubepods root itself. */
static enum qos parent_class(enum cgroup_kind kind, const char *name)
{
	size_t len = strlen(name);

	if (kind == CGROUP_KUBEPODS)
		return QOS_GUARANTEED;
	if (has_suffix(name, ".slice"))
		len -= strlen(".slice");
	return len >= 9 && memcmp(name + len - 9, "burstable", 9) == 0 ? QOS_BURSTABLE
								       : QOS_BESTEFFORT;
}

/* A class or a pod, below the kubepods root or a class. */
static int parse_pod(enum cgroup_kind parent_kind, const char *parent_name, const char *name,
		     struct cgroup_name *n)
{
	bool slice = has_suffix(parent_name, ".slice");
	size_t len = 0;
	const char *own = own_part(parent_name, name, &len);
	enum qos qos;

	if (!own)
		return 0;
	qos = parent_kind == CGROUP_KUBEPODS ? class_of(own, len) : QOS_INVALID;
	n->driver = slice ? DRIVER_SYSTEMD : DRIVER_CGROUPFS;
	if (qos != QOS_INVALID) {
		n->kind = CGROUP_QOS;
		n->qos = qos;
		return 0;
	}
	if (len < 3 || memcmp(own, "pod", 3) != 0)
		return 0;
	if (parse_uid(own + 3, len - 3, slice ? '_' : '-', n->uid) < 0)
		return -EBADMSG;
	n->kind = CGROUP_POD;
	n->qos = parent_class(parent_kind, parent_name);
	return 0;
}

/* How much of `text` containerd's own tools accept as an id, which starts with a letter or digit. */
static size_t id_span(const char *text)
{
	static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ_.-";

	return *text == '_' || *text == '.' || *text == '-' ? 0 : strspn(text, letters);
}

/* "cri-containerd-<id>.scope" (systemd driver) or "<id>", "crio-<id>" (cgroupfs). CRI-O's monitor
 * runs in a "crio-conmon-<id>" beside the container: not a container. Runtimes use 64 hex digits;
 * a scope of ctr or crun may carry a shorter id of its own. */
static void parse_container(const char *name, struct cgroup_name *n)
{
	static const struct {
		const char *prefix;
		enum runtime runtime;
	} runtimes[] = {
		{"cri-containerd-", RUNTIME_CONTAINERD},
		{"crio-", RUNTIME_CRIO},
		{"docker-", RUNTIME_DOCKER},
		{"libpod-", RUNTIME_PODMAN},
	};
	bool scope = has_suffix(name, ".scope");
	size_t len = strlen(name) - (scope ? strlen(".scope") : 0), skip = 0;

	n->runtime = RUNTIME_UNKNOWN;
	if (strncmp(name, "crio-conmon-", 12) == 0)
		return;
	for (size_t i = 0; i < sizeof(runtimes) / sizeof(runtimes[0]); i++) {
		size_t prefix = strlen(runtimes[i].prefix);

		if (strncmp(name, runtimes[i].prefix, prefix) == 0) {
			n->runtime = runtimes[i].runtime;
			skip = prefix;
		}
	}
	if (scope ? skip == 0 : hex_span(name + skip) != 64)
		return;
	len -= skip;
	if (len == 0 || len >= CONTAINER_ID_SIZE || id_span(name + skip) < len)
		return;
	memcpy(n->id, name + skip, len);
	n->id[len] = '\0';
	n->kind = CGROUP_CONTAINER;
}

int cgroup_name_parse(enum cgroup_kind parent_kind, const char *parent_name, const char *name,
		      struct cgroup_name *ret_name)
{
	struct cgroup_name n = {.kind = CGROUP_OTHER};
	int r = 0;

	switch (parent_kind) {
	case CGROUP_ROOT:
	case CGROUP_OTHER:
		(void)parse_kubepods(name, &n);
		break;
	case CGROUP_KUBEPODS:
	case CGROUP_QOS:
		r = parse_pod(parent_kind, parent_name, name, &n);
		break;
	case CGROUP_POD:
		parse_container(name, &n);
		break;
	case CGROUP_CONTAINER:
	case CGROUP_KIND_COUNT:
		break;
	}
	*ret_name = n;
	return r;
}

bool cgroup_name_is_branch(enum cgroup_kind kind, const char *name)
{
	static const char *const leaves[] = {".service", ".scope", ".mount", ".socket", ".swap"};

	if (kind == CGROUP_CONTAINER)
		return false;
	if (kind != CGROUP_OTHER)
		return true;
	for (size_t i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++)
		if (has_suffix(name, leaves[i]))
			return false;
	return true;
}

const char *cgroup_name_escape(const char *name, char *buf, size_t size)
{
	size_t len = 0;

	for (const unsigned char *p = (const unsigned char *)name; *p; p++) {
		if (len + 5 + 3 > size) {
			(void)snprintf(buf + len, size - len, "...");
			return buf;
		}
		if (*p < 0x20 || *p >= 0x7f)
			len += (size_t)snprintf(buf + len, size - len, "\\x%02x", *p);
		else
			buf[len++] = (char)*p;
	}
	buf[len] = '\0';
	return buf;
}
