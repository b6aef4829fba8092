// SPDX-License-Identifier: LGPL-2.1-or-later
// See tree.h. Values of fresh cgroups are those of a 6.12 kernel with every controller on.
#include "tests/lib/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"

#define MOUNT "sys/fs/cgroup"
#define FILE_SIZE 4096

struct tree_file {
	const char *name;
	const char *text;
};

static const struct tree_file host_files[] = {
	{"proc/self/mountinfo",
	 "22 1 0:21 / /proc rw,nosuid - proc proc rw\n"
	 "23 1 0:22 / /sys rw,nosuid - sysfs sysfs rw\n"
	 "30 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 "
	 "rw,nsdelegate,memory_recursiveprot\n"},
	{"proc/meminfo",
	 "MemTotal:        8388608 kB\nMemFree:         4194304 kB\nInactive(file):   524288 kB\n"
	 "MemAvailable:    6291456 kB\nSwapTotal:             0 kB\n"},
	{"proc/sys/kernel/osrelease", "6.12.0-fake\n"},
	{"proc/pressure/cpu", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
			      "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"},
	{"proc/pressure/memory", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
				 "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"},
	{"proc/pressure/io", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
			     "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"},
	{"proc/stat", "cpu  0 0 0 0 0 0 0 0 0 0\n"},
	{"sys/devices/system/node/online", "0\n"},
	{MOUNT "/cgroup.controllers", "cpuset cpu io memory hugetlb pids rdma misc\n"},
	{MOUNT "/cgroup.subtree_control", "cpuset cpu io memory pids\n"},
	{MOUNT "/cgroup.procs", "1\n"},
	{MOUNT "/cpu.stat", "usage_usec 0\nuser_usec 0\nsystem_usec 0\n"},
	{MOUNT "/io.cost.qos", ""},
	{MOUNT "/memory.reclaim", ""},
};

static const struct tree_file cgroup_files[] = {
	{"cgroup.controllers", "cpuset cpu io memory pids\n"},
	{"cgroup.subtree_control", "cpuset cpu io memory pids\n"},
	{"cgroup.events", "populated 1\nfrozen 0\n"},
	{"cgroup.freeze", "0\n"},
	{"cgroup.procs", ""},
	{"cpu.weight", "100\n"},
	{"cpu.idle", "0\n"},
	{"cpu.max", "max 100000\n"},
	{"cpu.max.burst", "0\n"},
	{"cpuset.cpus", "\n"},
	{"cpuset.cpus.exclusive", "\n"},
	{"cpuset.cpus.partition", "member\n"},
	{"cpu.stat", "usage_usec 0\nuser_usec 0\nsystem_usec 0\nnr_periods 0\nnr_throttled 0\n"
		     "throttled_usec 0\nnr_bursts 0\nburst_usec 0\n"},
	{"cpu.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
			 "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"},
	{"memory.current", "0\n"},
	{"memory.min", "0\n"},
	{"memory.low", "0\n"},
	{"memory.high", "max\n"},
	{"memory.max", "max\n"},
	{"memory.oom.group", "0\n"},
	{"memory.events", "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\noom_group_kill 0\n"},
	{"memory.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
			    "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"},
	{"io.weight", "default 100\n"},
	{"io.max", ""},
	{"io.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
			"full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"},
};

/* snprintf that fails instead of cutting. */
__attribute__((format(printf, 3, 4))) static int put(char *buf, size_t size, const char *format,
						     ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(buf, size, format, args);
	va_end(args);
	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

int tree_open(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int tree_mkdir(const char *dir, const char *path)
{
	char full[TREE_PATH_SIZE * 2];
	int r = put(full, sizeof(full), "%s/%s", dir, path);

	if (r < 0)
		return r;
	for (char *p = full + strlen(dir) + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(full, 0755) < 0 && errno != EEXIST)
			return -errno;
		*p = '/';
	}
	return mkdir(full, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

int tree_write(const char *dir, const char *path, const char *text)
{
	char full[TREE_PATH_SIZE * 2], parent[TREE_PATH_SIZE * 2];
	_cleanup_fclose_ FILE *f = NULL;
	int r = put(full, sizeof(full), "%s/%s", dir, path);
	char *slash;

	if (r < 0)
		return r;
	f = fopen(full, "we");
	if (!f && errno == ENOENT) {
		r = put(parent, sizeof(parent), "%s", path);
		slash = strrchr(parent, '/');
		if (r < 0 || !slash)
			return r < 0 ? r : -ENOENT;
		*slash = '\0';
		r = tree_mkdir(dir, parent);
		if (r < 0)
			return r;
		f = fopen(full, "we");
	}
	if (!f)
		return -errno;
	if (fputs(text, f) == EOF || fflush(f) == EOF)
		return -EIO;
	return 0;
}

int tree_read(const char *dir, const char *path, char *buf, size_t size)
{
	_cleanup_close_ int fd = tree_open(dir);
	size_t len;
	int r;

	if (fd < 0)
		return fd;
	r = fs_read(fd, path, buf, size, &len);
	if (r == 0 && len > 0 && buf[len - 1] == '\n')
		buf[len - 1] = '\0';
	return r;
}

static int delete_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path) < 0 ? -errno : 0;
}

int tree_delete(const char *dir, const char *path)
{
	char full[TREE_PATH_SIZE * 2];
	int r = put(full, sizeof(full), "%s/%s", dir, path);

	if (r < 0)
		return r;
	return nftw(full, delete_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) < 0 ? -errno : 0;
}

void tree_remove(char *dir)
{
	if (dir)
		(void)tree_delete(dir, ".");
	if (dir)
		(void)rmdir(dir);
	free(dir);
}

int tree_host(const char *dir, unsigned cpus)
{
	char path[TREE_PATH_SIZE], text[64];
	int r = 0;

	for (size_t i = 0; i < sizeof(host_files) / sizeof(host_files[0]) && r == 0; i++)
		r = tree_write(dir, host_files[i].name, host_files[i].text);
	if (cpus == 0 || r < 0)
		return cpus == 0 ? -EINVAL : r;
	(void)put(text, sizeof(text), cpus == 1 ? "0\n" : "0-%u\n", cpus - 1);
	r = tree_write(dir, "sys/devices/system/cpu/online", text);
	if (r == 0)
		r = tree_write(dir, "sys/devices/system/node/node0/cpulist", text);
	for (unsigned i = 0; i < cpus && r == 0; i++) {
		char own[16];

		(void)put(own, sizeof(own), "%u\n", i);
		(void)put(path, sizeof(path),
			  "sys/devices/system/cpu/cpu%u/topology/thread_siblings_list", i);
		r = tree_write(dir, path, own);
		(void)put(path, sizeof(path), "sys/devices/system/cpu/cpu%u/cache/index3/level", i);
		if (r == 0)
			r = tree_write(dir, path, "3\n");
		(void)put(path, sizeof(path),
			  "sys/devices/system/cpu/cpu%u/cache/index3/shared_cpu_list", i);
		if (r == 0)
			r = tree_write(dir, path, text);
	}
	if (r == 0)
		r = tree_cgroup(dir, "init.scope");
	return r < 0 ? r : tree_cgroup(dir, "system.slice");
}

int tree_memory_node(const char *dir, unsigned id, uint64_t free_bytes)
{
	char path[TREE_PATH_SIZE], text[FILE_SIZE];

	(void)put(path, sizeof(path), "sys/devices/system/node/node%u/meminfo", id);
	(void)put(text, sizeof(text),
		  "Node %u MemTotal:       4194304 kB\nNode %u MemFree:        %" PRIu64 " kB\n"
		  "Node %u Active(file):         0 kB\nNode %u Inactive(file):       0 kB\n",
		  id, id, free_bytes / 1024, id, id);
	return tree_write(dir, path, text);
}

int tree_memory_nodes(const char *dir, unsigned n)
{
	char path[TREE_PATH_SIZE], list[32];
	int r;

	(void)put(list, sizeof(list), "0-%u\n", n - 1);
	r = tree_write(dir, "sys/devices/system/node/online", list);
	if (r == 0)
		r = tree_write(dir, "sys/devices/system/node/has_memory", list);
	if (r == 0)
		r = tree_write(dir, MOUNT "/cpuset.mems.effective", list);
	for (unsigned i = 0; i < n && r == 0; i++) {
		(void)put(path, sizeof(path), "sys/devices/system/node/node%u/cpulist", i);
		r = i == 0 ? 0 : tree_write(dir, path, "\n");
		if (r == 0)
			r = tree_memory_node(dir, i, (uint64_t)4 << 30);
	}
	return r;
}

int tree_knob(const char *dir, const char *path, const char *file, const char *text)
{
	char full[TREE_PATH_SIZE], line[FILE_SIZE];
	int r = put(full, sizeof(full), "%s/%s%s%s", MOUNT, path, *path ? "/" : "", file);

	if (r == 0)
		r = put(line, sizeof(line), "%s\n", text);
	return r < 0 ? r : tree_write(dir, full, line);
}

int tree_knob_read(const char *dir, const char *path, const char *file, char *buf, size_t size)
{
	char full[TREE_PATH_SIZE];
	int r = put(full, sizeof(full), "%s/%s%s%s", MOUNT, path, *path ? "/" : "", file);

	return r < 0 ? r : tree_read(dir, full, buf, size);
}

/* The files of one cgroup that is not there yet; an existing one keeps its values. */
static int cgroup_fill(const char *dir, const char *path)
{
	char full[TREE_PATH_SIZE * 2];
	int r = put(full, sizeof(full), "%s/" MOUNT "/%s/cgroup.events", dir, path);

	if (r < 0 || access(full, F_OK) == 0)
		return r;
	for (size_t i = 0; i < sizeof(cgroup_files) / sizeof(cgroup_files[0]); i++) {
		r = put(full, sizeof(full), MOUNT "/%s/%s", path, cgroup_files[i].name);
		if (r == 0)
			r = tree_write(dir, full, cgroup_files[i].text);
		if (r < 0)
			return r;
	}
	return 0;
}

int tree_cgroup(const char *dir, const char *path)
{
	char part[TREE_PATH_SIZE];
	int r = put(part, sizeof(part), "%s", path);

	for (char *p = part; r == 0 && *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		r = cgroup_fill(dir, part);
		*p = '/';
	}
	return r < 0 ? r : cgroup_fill(dir, path);
}

/* 64 hex digits that differ from pod to pod and from `salt` to `salt`; not random, so that trees
 * are the same at every run. */
static void fake_id(const char *uid, unsigned salt, char id[65])
{
	uint64_t h = 1469598103934665603u + salt;

	for (const char *p = uid; *p; p++)
		h = (h ^ (unsigned char)*p) * 1099511628211u;
	for (int i = 0; i < 4; i++) {
		h = h * 6364136223846793005u + 1442695040888963407u;
		(void)snprintf(id + 16 * i, 17, "%016llx", (unsigned long long)h);
	}
}

static const char *class_of(enum qos qos)
{
	return qos == QOS_BURSTABLE ? "burstable" : qos == QOS_BESTEFFORT ? "besteffort" : "";
}

/* kubepods.slice or a/b.slice: the systemd driver; anything else: cgroupfs. */
static bool is_slice(const char *path)
{
	size_t len = strlen(path);

	return len > 6 && strcmp(path + len - 6, ".slice") == 0;
}

static int pod_path_systemd(const char *root, const char *cls, const char *uid, char *ret)
{
	char stem[TREE_PATH_SIZE], escaped[128];
	const char *last = strrchr(root, '/');
	int r = put(stem, sizeof(stem), "%s", last ? last + 1 : root);

	if (r < 0 || (r = put(escaped, sizeof(escaped), "%s", uid)) < 0)
		return r;
	stem[strlen(stem) - 6] = '\0';
	for (char *p = escaped; *p; p++)
		if (*p == '-')
			*p = '_';
	if (!*cls)
		return put(ret, TREE_PATH_SIZE, "%s/%s-pod%s.slice", root, stem, escaped);
	return put(ret, TREE_PATH_SIZE, "%s/%s-%s.slice/%s-%s-pod%s.slice", root, stem, cls, stem,
		   cls, escaped);
}

int tree_pod_below(const char *dir, const char *kubepods, const char *prefix, enum qos qos,
		   const char *uid, unsigned weight, char *ret_path)
{
	const char *cls = class_of(qos);
	char path[TREE_PATH_SIZE], sub[TREE_PATH_SIZE], id[65], text[16];
	bool slice = is_slice(kubepods);
	int r;

	if (slice)
		r = pod_path_systemd(kubepods, cls, uid, path);
	else
		r = put(path, sizeof(path), "%s/%s%spod%s", kubepods, cls, *cls ? "/" : "", uid);
	for (unsigned i = 0; i < 2 && r == 0; i++) {
		fake_id(uid, i, id);
		if (slice)
			r = put(sub, sizeof(sub), "%s/%s-%s.scope", path, prefix, id);
		else
			r = put(sub, sizeof(sub), "%s/%s", path, id);
		if (r == 0)
			r = tree_cgroup(dir, sub);
	}
	(void)put(text, sizeof(text), "%u", weight);
	if (r == 0)
		r = tree_knob(dir, path, "cpu.weight", text);
	if (r == 0 && ret_path)
		memcpy(ret_path, path, sizeof(path));
	return r;
}

int tree_pod_systemd(const char *dir, enum qos qos, const char *uid, unsigned weight,
		     char *ret_path)
{
	return tree_pod_below(dir, "kubepods.slice", "cri-containerd", qos, uid, weight, ret_path);
}

int tree_pod_cgroupfs(const char *dir, enum qos qos, const char *uid, unsigned weight,
		      char *ret_path)
{
	return tree_pod_below(dir, "kubepods", "", qos, uid, weight, ret_path);
}

static int line_pod(const char *dir, const char *line)
{
	char driver[16], class[16], uid[128];
	unsigned weight;
	enum qos qos;

	if (sscanf(line, "@pod %15s %15s %127s %u", driver, class, uid, &weight) != 4)
		return -EINVAL;
	if (strcmp(class, "Guaranteed") == 0)
		qos = QOS_GUARANTEED;
	else if (strcmp(class, "Burstable") == 0)
		qos = QOS_BURSTABLE;
	else if (strcmp(class, "BestEffort") == 0)
		qos = QOS_BESTEFFORT;
	else
		return -EINVAL;
	if (strcmp(driver, "systemd") == 0)
		return tree_pod_systemd(dir, qos, uid, weight, NULL);
	return strcmp(driver, "cgroupfs") == 0 ? tree_pod_cgroupfs(dir, qos, uid, weight, NULL)
					       : -EINVAL;
}

static int line_file(const char *dir, char *line)
{
	char *equals = strstr(line, " ="), *text, *out;
	size_t len = strlen(line);

	if (!equals)
		return len > 0 && line[len - 1] == '/' ? tree_mkdir(dir, line) : -EINVAL;
	*equals = '\0';
	text = equals + 2;
	text += *text == ' ';
	out = text;
	for (char *p = text; *p; p++) {
		if (p[0] == '\\' && p[1] == 'n') {
			*out++ = '\n';
			p++;
		} else {
			*out++ = *p;
		}
	}
	*out++ = '\n';
	*out = '\0';
	return tree_write(dir, line, text);
}

static int one_line(const char *dir, const char *start, size_t len)
{
	char line[FILE_SIZE];
	unsigned cpus, n;

	while (len > 0 && (*start == ' ' || *start == '\t')) {
		start++;
		len--;
	}
	if (len == 0 || *start == '#')
		return 0;
	if (len + 2 > sizeof(line))
		return -ENAMETOOLONG;
	memcpy(line, start, len);
	line[len] = '\0';
	if (strncmp(line, "@cgroup ", 8) == 0)
		return tree_cgroup(dir, line + 8);
	if (sscanf(line, "@host %u", &cpus) == 1)
		return tree_host(dir, cpus);
	if (sscanf(line, "@memory-nodes %u", &n) == 1)
		return tree_memory_nodes(dir, n);
	return line[0] == '@' ? line_pod(dir, line) : line_file(dir, line);
}

int tree_make(const char *spec, char **ret_dir)
{
	const char *tmp = getenv("TMPDIR");

	return tree_make_below(tmp && tmp[0] == '/' ? tmp : "/tmp", spec, ret_dir);
}

int tree_make_below(const char *parent, const char *spec, char **ret_dir)
{
	char name[TREE_PATH_SIZE];
	char *dir;
	int r = put(name, sizeof(name), "%s/colod-tree.XXXXXX", parent);

	if (r < 0)
		return r;
	if (!mkdtemp(name))
		return -errno;
	dir = strdup(name);
	if (!dir)
		return -ENOMEM;
	for (const char *p = spec; p && *p && r == 0;) {
		size_t len = strcspn(p, "\n");

		r = one_line(dir, p, len);
		if (r < 0)
			(void)fprintf(stderr, "tree: %s: %.*s\n", strerror(-r), (int)len, p);
		p += len + (p[len] == '\n');
	}
	if (r < 0)
		tree_remove(dir);
	else
		*ret_dir = dir;
	return r;
}
