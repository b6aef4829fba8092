// SPDX-License-Identifier: LGPL-2.1-or-later
// See node.h.
#include "tests/faults/node.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/tree.h"

#define ONLINE "0a0a0a0a-0000-4000-8000-000000000001"
#define WEB "0a0a0a0a-0000-4000-8000-000000000002"
#define GHOST "0a0a0a0a-0000-4000-8000-000000000005"
#define BRIEF "0a0a0a0a-0000-4000-8000-000000000006"
#define CONTAINER                                                                                  \
	"cri-containerd-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.scope"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

/* Online and known, with a container that is looked at while its pod waits; unknown to the pods file; and a
 * cgroup that no rule names. */
static const char *const before = "@host 4\n"
				  "@cgroup " ONLINE_POD "\n"
				  "@cgroup " ONLINE_POD "/" CONTAINER "\n"
				  "sys/fs/cgroup/" ONLINE_POD "/cpu.max = 200000 100000\n"
				  "@cgroup " GHOST_POD "\n"
				  "@cgroup farm/job\n"
				  "sys/fs/cgroup/farm/cpu.weight = 300\n"
				  "run/colod/\n";

#define POD(uid, ns, name, qos, more, requests)                                                    \
	"{\"metadata\":{\"uid\":\"" uid "\",\"namespace\":\"" ns "\",\"name\":\"" name             \
	"\"},\"spec\":{" more "\"containers\":[{\"name\":\"c\",\"resources\":{" requests           \
	"}}]},\"status\":{\"qosClass\":\"" qos "\"}}"
#define REQUESTS(cpu, memory) "\"requests\":{\"cpu\":\"" cpu "\",\"memory\":\"" memory "\"}"
#define LIMIT(cpu) ",\"limits\":{\"cpu\":\"" cpu "\"}"
#define BATCH_CLASS "\"priorityClassName\":\"batch-low\","

static const char facts[] =
	"{\"kind\":\"PodList\",\"items\":[" POD(ONLINE, "shop", "db", "Guaranteed", "",
						   REQUESTS("2", "64Mi") LIMIT("2")) ","
	POD(WEB, "shop", "web", "Burstable", "", REQUESTS("1", "32Mi")) ","
	POD(NODE_BATCH, "jobs", "batch", "Burstable", BATCH_CLASS, REQUESTS("100m", "16Mi")) ","
	POD(BRIEF, "jobs", "brief", "Burstable", BATCH_CLASS, REQUESTS("100m", "16Mi")) ","
	POD(NODE_FILLER, "jobs", "filler", "BestEffort", "", "") ","
	POD(NODE_HOG, "jobs", "hog", "BestEffort", "", "") "]}";

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "node: %s failed\n", what);
	abort();
}

static void write_file(const char *dir, const char *path, const char *text)
{
	must(tree_write(dir, path, text) == 0, path);
}

char *node_make(const char *parent)
{
	char *dir = NULL;

	must(tree_make_below(parent, before, &dir) == 0, "tree_make_below");
	write_file(dir, "pods.json", facts);
	return dir;
}

void node_pod(const char *dir, const char *pod, const char *weight)
{
	static const char *const files[] = {"cgroup.controllers", "cgroup.subtree_control",
					    "cgroup.events", "cpu.weight", "memory.high"};
	static const char *const texts[] = {"cpu io memory\n", "\n", "populated 1\nfrozen 0\n",
					    "100\n", "max\n"};
	char path[512];

	must(tree_cgroup(dir, pod) == 0, "tree_cgroup");
	must(tree_knob(dir, pod, "cpu.weight", weight) == 0, "tree_knob");
	/* Its container, with as many files as matter. */
	for (size_t i = 0; i < ELEMENTS(files); i++) {
		(void)snprintf(path, sizeof(path), "sys/fs/cgroup/%s/" CONTAINER "/%s", pod,
			       files[i]);
		write_file(dir, path, texts[i]);
	}
}

static void set_load(const char *dir, const char *cgroup, unsigned ms)
{
	char text[128];

	(void)snprintf(text, sizeof(text),
		       "usage_usec %u\nnr_periods 0\nnr_throttled 0\n"
		       "throttled_usec 0",
		       ms * 1000);
	if (tree_knob_read(dir, cgroup, "cpu.stat", (char[256]){0}, 256) == 0)
		must(tree_knob(dir, cgroup, "cpu.stat", text) == 0, "tree_knob");
}

/* Four CPUs, nearly all in use; the online pod waits 20 % of the time while there is pressure. */
void node_load(const char *dir, unsigned step, uint64_t waited_us)
{
	char text[256];

	set_load(dir, ONLINE_POD, step * 1000);
	set_load(dir, WEB_POD, step * 1000);
	set_load(dir, BATCH_POD, step * 2000);
	set_load(dir, HOG_POD, step * 3500);
	(void)snprintf(text, sizeof(text), "cpu  %u 0 0 %u 0 0 0 0 0 0\n", step * 780, step * 20);
	write_file(dir, "proc/stat", text);
	(void)snprintf(text, sizeof(text),
		       "some avg10=0.00 avg60=0.00 avg300=0.00 total=%" PRIu64
		       "\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0",
		       waited_us);
	must(tree_knob(dir, ONLINE_POD, "cpu.pressure", text) == 0, "tree_knob");
}

void node_memory(const char *dir, unsigned available_mib, unsigned hog_mib)
{
	char text[256];

	(void)snprintf(text, sizeof(text),
		       "MemTotal: 8388608 kB\nMemFree: %u kB\nMemAvailable: %u kB\nInactive(file): 0 kB\n",
		       available_mib * 1024, available_mib * 1024);
	write_file(dir, "proc/meminfo", text);
	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)hog_mib << 20);
	must(tree_knob(dir, HOG_POD, "memory.current", text) == 0, "tree_knob");
}

static void set_memory(const char *dir, const char *pod, unsigned mib)
{
	char text[128];

	if (!node_has_pod(dir, pod))
		return;
	(void)snprintf(text, sizeof(text), "anon %llu\nshmem 0", (unsigned long long)mib << 20);
	must(tree_knob(dir, pod, "memory.stat", text) == 0, "tree_knob");
	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)mib << 20);
	must(tree_knob(dir, pod, "memory.current", text) == 0, "tree_knob");
}

void node_fill_memory(const char *dir)
{
	node_pod(dir, FILLER_POD, "1");
	set_memory(dir, ONLINE_POD, 2000);
	set_memory(dir, WEB_POD, 1600);
	set_memory(dir, GHOST_POD, 1800);
	set_memory(dir, FILLER_POD, 1500);
	set_memory(dir, HOG_POD, 400);
	set_memory(dir, BATCH_POD, 50);
	set_memory(dir, BRIEF_POD, 20);
}

void node_wait_for_memory(const char *dir, bool is_short, int64_t step_us, uint64_t *waited_us)
{
	char text[256];

	*waited_us += is_short ? (uint64_t)step_us / 5 : 0;
	(void)snprintf(text, sizeof(text),
		       "some avg10=0.00 avg60=0.00 avg300=0.00 total=%" PRIu64
		       "\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0",
		       *waited_us);
	must(tree_knob(dir, ONLINE_POD, "memory.pressure", text) == 0, "tree_knob");
	node_memory(dir, is_short ? 160 : 3000, 400);
}

bool node_has_pod(const char *dir, const char *pod)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/sys/fs/cgroup/%s", dir, pod);
	return access(path, F_OK) == 0;
}

bool node_is_below(const char *path, const char *cgroup)
{
	size_t len = strlen(cgroup);

	return strncmp(path, cgroup, len) == 0 && path[len] == '/';
}

/* The name of the file where it is one of this very cgroup, else NULL. */
static const char *file_of(const char *path, const char *cgroup)
{
	const char *name = path + strlen(cgroup) + 1;

	return node_is_below(path, cgroup) && !strchr(name, '/') ? name : NULL;
}

/* Whether colod may write to this file at all. */
bool node_may_write(const char *path)
{
	/* Shares and protection. */
	static const char *const shared[] = {ONLINE_POD, WEB_POD, BURSTABLE, BESTEFFORT, KUBEPODS};
	/* And limits and holds. */
	static const char *const offline[] = {BATCH_POD, HOG_POD, BRIEF_POD, FILLER_POD};
	static const char *const shares[] = {"cpu.weight", "memory.min", "memory.low", "io.weight"};
	/* What the policy of the story asks for on the way, with what the kernel needs above it. */
	static const char *const owners[] = {ONLINE_POD, KUBEPODS};
	static const char *const own[] = {"cpu.max.burst", "cpuset.cpus.exclusive",
					  "cpuset.cpus.partition"};
	static const char *const holds[] = {"cpu.max", "memory.high", "cpu.idle",
					    "memory.oom.group"};
	const char *name = NULL;
	bool is_offline = false;

	for (size_t i = 0; i < ELEMENTS(shared) && !name; i++)
		name = file_of(path, shared[i]);
	for (size_t i = 0; i < ELEMENTS(offline) && !name; i++) {
		name = file_of(path, offline[i]);
		is_offline = name != NULL;
	}
	for (size_t i = 0; i < ELEMENTS(shares) && name; i++)
		if (strcmp(name, shares[i]) == 0)
			return true;
	for (size_t i = 0; i < ELEMENTS(own) && name; i++)
		for (size_t k = 0; k < ELEMENTS(owners); k++)
			if (strcmp(name, own[i]) == 0 && file_of(path, owners[k]))
				return true;
	for (size_t i = 0; i < ELEMENTS(holds) && is_offline; i++)
		if (strcmp(name, holds[i]) == 0)
			return true;
	return false;
}
