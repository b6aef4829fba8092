// SPDX-License-Identifier: LGPL-2.1-or-later
// See cluster.h. Nothing here allocates: these are the agent's calls, and allocations are numbered too.
#include "tests/faults/cluster.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/sys.h"
#include "agent/evict_file.h"
#include "agent/evictor.h"
#include "tests/faults/node.h"
#include "tests/faults/story.h"

#define STATE "cluster"

static const char *read_text(const struct story *s, const char *path)
{
	static char text[EVICT_FILE_SIZE];
	char full[512];
	ssize_t n = -1;
	int fd;

	(void)snprintf(full, sizeof(full), "%s/%s", s->points.dir, path);
	fd = open(full, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, text, sizeof(text) - 1);
		(void)close(fd);
	}
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void save(const struct story *s)
{
	const struct cluster *c = &s->cluster;
	char full[512], text[128];
	int fd, n;

	n = snprintf(text, sizeof(text), "%" PRId64 " %u %d %d\n", s->now_us, c->n_asked,
		     c->deleting, c->tainted);
	(void)snprintf(full, sizeof(full), "%s/" STATE, s->points.dir);
	fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text, (size_t)n) != n)
		story_wrong((struct story *)s, "the cluster cannot write down its state");
	if (fd >= 0)
		(void)close(fd);
}

void cluster_load(struct story *s)
{
	struct cluster *c = &s->cluster;
	int deleting, tainted;

	if (sscanf(read_text(s, STATE), "%" SCNd64 " %u %d %d", &c->now_us, &c->n_asked, &deleting,
		   &tainted) != 4)
		return;
	c->deleting = deleting;
	c->tainted = tainted;
}

const char *cluster_evictions(const struct story *s)
{
	return read_text(s, "run/colod/evictions");
}

bool cluster_remembers_taint(const struct story *s)
{
	const char *line = strstr(cluster_evictions(s), "\ntaint ");
	int64_t until_us;
	int up = 0;

	return line && sscanf(line, "\ntaint %" SCNd64 " %d", &until_us, &up) == 2 && up;
}

unsigned cluster_n_counted(const struct story *s)
{
	unsigned n = 0;

	for (const char *at = cluster_evictions(s); (at = strstr(at, "\ntime ")); at++)
		n++;
	return n;
}

bool cluster_counts_right(const struct story *s)
{
	const struct points *p = &s->points;
	bool unread = p->what == WHAT_ERROR && p->met &&
		      strcmp(p->here.path, "run/colod/evictions") == 0;
	unsigned n = cluster_n_counted(s);

	return n == 1 || (unread && n == 2);
}

/* Whom it may be at all; the first is the one that is due. */
static const struct {
	const char *name, *uid, *path;
} offline[] = {
	{"filler", NODE_FILLER, FILLER_POD "\n"},
	{"hog", NODE_HOG, HOG_POD "\n"},
	{"batch", NODE_BATCH, BATCH_POD "\n"},
};
#define N_OFFLINE (sizeof(offline) / sizeof(offline[0]))

/* The one that is due may vanish by itself in the last moment, or never be seen where cgroups cannot be listed. */
static bool may_be_another(const struct story *s)
{
	return (s->points.vanished && !story_has_filler(s)) || s->points.what == WHAT_LASTING;
}

/* One pod may be sent away, when it was due, and once: who asks has written it down, and has not been told yet. */
static void check_call(struct story *s, const struct evict_call *call)
{
	const char *kept = cluster_evictions(s);
	size_t i = 0;

	while (i < N_OFFLINE && strcmp(call->name, offline[i].name) != 0)
		i++;
	if (!s->may_evict || (s->cluster.deleting && s->evicted != i))
		story_wrong(s, "%s is to be evicted, which nothing asks for", call->name);
	if (i == N_OFFLINE || (i > 0 && !may_be_another(s)) ||
	    strcmp(call->namespace, "jobs") != 0 || strcmp(call->uid, offline[i].uid) != 0)
		story_wrong(s, "%s/%s (%s) is to be evicted", call->namespace, call->name,
			    call->uid);
	else if (!strstr(kept, "pending asked ") || !strstr(kept, offline[i].path))
		story_wrong(s, "%s is to be evicted, and the next agent would not know", call->name);
	s->evicted = i;
}

static int evict(void *context, const struct evict_call *call)
{
	struct story *s = context;
	struct cluster *c = &s->cluster;
	bool lost = sys_fault(SYS_HTTP, "/eviction") < 0, there = story_has_filler(s) || may_be_another(s);

	check_call(s, call);
	c->n_asked++;
	c->deleting |= there && !lost;
	c->done = (struct evict_done){
		.token = call->token,
		.answer = lost	  ? EVICT_ANSWER_UNREACHABLE
			  : there ? EVICT_ANSWER_ACCEPTED
				  : EVICT_ANSWER_GONE,
	};
	c->under_way = true;
	save(s);
	return 0;
}

static bool next(void *context, struct evict_done *ret_done)
{
	struct story *s = context;
	struct cluster *c = &s->cluster;

	if (!c->answered)
		return false;
	c->answered = false;
	if (sys_fault(SYS_HTTP, "/eviction, answered") < 0)
		c->done.answer = EVICT_ANSWER_UNKNOWN;
	*ret_done = c->done;
	return true;
}

static int taint(void *context, bool wanted)
{
	struct story *s = context;
	struct cluster *c = &s->cluster;

	c->told_done = sys_fault(SYS_HTTP, wanted ? "/taint" : "/untaint") >= 0;
	c->told = true;
	if (wanted && !cluster_remembers_taint(s))
		story_wrong(s, "the taint goes up, and the next agent would not know");
	if (wanted && !c->deleting)
		story_wrong(s, "the taint goes up, and nobody was evicted");
	s->n_tainted += wanted && c->told_done && !c->tainted;
	if (c->told_done)
		c->tainted = wanted;
	save(s);
	return 0;
}

static bool next_tainted(void *context, struct evictor_tainted *ret_done)
{
	struct story *s = context;
	struct cluster *c = &s->cluster;

	if (!c->told)
		return false;
	c->told = false;
	*ret_done = (struct evictor_tainted){.wanted = c->tainted, .done = c->told_done};
	return true;
}

static void settle(void *context, uint32_t wait_ms)
{
	(void)context, (void)wait_ms;
}

void cluster_serve(struct story *s)
{
	s->cluster.under_way = s->cluster.answered = s->cluster.told = false;
	evictor_use_api(s->state, &(struct evictor_api){
					  .context = s,
					  .evict = evict,
					  .next = next,
					  .taint = taint,
					  .next_tainted = next_tainted,
					  .settle = settle,
				  });
}

void cluster_step(struct story *s)
{
	struct cluster *c = &s->cluster;

	c->answered |= c->under_way;
	c->under_way = false;
	save(s);
}
