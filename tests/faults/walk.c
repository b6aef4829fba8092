// SPDX-License-Identifier: LGPL-2.1-or-later
// make check-faults: the story of story.c once without a fault, which numbers the calls that the agent
// makes, and then once more for every call and everything that can go wrong at it. Each run is a
// process and a tree of its own. Prints TAP, and how many points were tried.
//
//	walk [every=N] [only=WHAT] [at=POINT] [error=ERRNO] [state=FILE]
//
// every=N: each N-th run only. The others name runs to look at; by default all. FILE keeps how far it
// came, for a walk that is interrupted. The same words may stand in the variable FAULTS.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/faults/leaks.h"
#include "tests/faults/node.h"
#include "tests/faults/story.h"
#include "tests/faults/ways.h"
#include "tests/lib/alloc_count.h"
#include "tests/lib/tree.h"

#define POINTS_MAX 200000
#define SLOTS_MAX 16
#define SHOWN_MAX 12 /* failures shown in full */
#define SAVE_EVERY 100
#define CPU_LIMIT_S 30 /* of one run that needs a tenth of one: beyond it, it runs in circles */
#define LIMIT_S 900    /* it waits for something; on a busy machine a run may take long */
#define TEXT_SIZE 16384

struct run {
	unsigned at;
	enum point_what what;
	int error;
	bool restart; /* after a kill: start again instead of `colod restore` */
	bool filler;  /* it is the pod that fills the memory that vanishes */
};

struct slot {
	pid_t pid; /* 0: free */
	struct run run;
	FILE *out; /* what the run says, and its stderr */
};

struct tally {
	unsigned runs, wrong;
};

static struct point *record;
static unsigned n_points;
static struct story baseline;
static struct slot slots[SLOTS_MAX];
static unsigned n_slots;
/* By kind of call; allocations are the last kind. */
static struct tally tallies[WHAT_COUNT][SYS_CALL_COUNT + 1];
static unsigned n_wrong, n_runs;
static char work[] = "/dev/shm/colod-faults.XXXXXX";

/* --- one run, in a process of its own -------------------------------------------------------- */

static int one_run(const struct run *run, FILE *out)
{
	struct story s;
	unsigned fds = leaks_n_fds(), wrong;
	long blocks;

	/* The stream has its buffer from here on. */
	(void)fputc('\n', out);
	blocks = alloc_live();
	story_open(&s, work, out);
	s.want_calm = &baseline.calm;
	s.base = &baseline.base_taken;
	s.points.at = run->at;
	s.points.what = run->what;
	s.points.error = run->error;
	if (run->filler)
		(void)snprintf(s.points.pod, sizeof(s.points.pod), "%s", FILLER_POD);
	(void)fprintf(out, "%s\n", s.points.dir + sizeof(work));
	(void)fflush(out);
	story_run(&s);
	if (!s.points.met)
		story_wrong(&s, "the point was not met: %u of %u", s.points.n, run->at);
	wrong = s.n_wrong;
	story_close(&s);
	s.n_wrong = 0;
	leaks_check(&s, fds, blocks);
	return wrong + s.n_wrong > 0;
}

static int clean_up(const struct run *run, const char *dir, FILE *out)
{
	unsigned wrong = 0;

	story_clean_up(dir, &baseline.base_taken, run->restart, out, &wrong);
	return wrong > 0;
}

/* Exit code, or 128 + signal. */
static int code_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void limit(void)
{
	const struct rlimit cpu = {.rlim_cur = CPU_LIMIT_S, .rlim_max = CPU_LIMIT_S};

	(void)setrlimit(RLIMIT_CPU, &cpu);
	(void)alarm(LIMIT_S);
}

/* A kill is followed by what cleans up, in another process. */
static int run_and_clean_up(const struct run *run, FILE *out)
{
	char name[64], dir[128];
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		limit();
		exit(one_run(run, out));
	}
	if (waitpid(pid, &status, 0) < 0)
		return 1;
	if (run->what != WHAT_KILL && run->what != WHAT_TORN_KILL)
		return code_of(status);
	rewind(out);
	if (code_of(status) != POINTS_KILLED || fscanf(out, "%63s", name) != 1) {
		(void)fprintf(out, "it was not killed: %d\n", code_of(status));
		return 1;
	}
	(void)snprintf(dir, sizeof(dir), "%s/%s", work, name);
	(void)fseek(out, 0, SEEK_END);
	limit();
	return clean_up(run, dir, out);
}

static void start_run(struct slot *slot, const struct run *run)
{
	slot->run = *run;
	slot->out = tmpfile();
	if (!slot->out)
		abort();
	slot->pid = fork();
	if (slot->pid == 0) {
		(void)dup2(fileno(slot->out), STDERR_FILENO);
		(void)dup2(fileno(slot->out), STDOUT_FILENO);
		_exit(run_and_clean_up(run, slot->out));
	}
}

/* --- all of them ----------------------------------------------------------------------------- */

static const char *kind_name(int kind)
{
	return kind == SYS_CALL_COUNT ? "malloc" : sys_call_name((enum sys_call)kind);
}

/* The point of a run; what is wrong with memory has no call. */
static const struct point *point_of(const struct run *run)
{
	static const struct point allocation = {.call = SYS_CALL_COUNT};

	return run->what == WHAT_MEMORY ? &allocation : &record[run->at - 1];
}

static void show(const struct slot *slot, int code)
{
	const struct point *p = point_of(&slot->run);
	static char text[TEXT_SIZE];
	size_t n;

	if (n_wrong > SHOWN_MAX)
		return;
	printf("# at=%u only=%s: %s %s (%s)%s: code %d\n", slot->run.at,
	       point_what_name(slot->run.what), kind_name((int)p->call), p->path,
	       slot->run.error ? strerrorname_np(slot->run.error) : "-",
	       slot->run.restart ? ", then a start" : "", code);
	rewind(slot->out);
	n = fread(text, 1, sizeof(text) - 1, slot->out);
	text[n] = '\0';
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		printf("#     %s\n", line);
}

static void reap(void)
{
	int status;
	pid_t pid = wait(&status);

	for (unsigned i = 0; i < n_slots; i++) {
		struct slot *slot = &slots[i];
		unsigned call;
		int code = code_of(status);

		if (slot->pid != pid)
			continue;
		call = point_of(&slot->run)->call;
		tallies[slot->run.what][call].runs++;
		n_runs++;
		if (code != 0) {
			tallies[slot->run.what][call].wrong++;
			n_wrong++;
			show(slot, code);
		}
		(void)fclose(slot->out);
		slot->pid = 0;
	}
}

static void do_run(const struct run *run)
{
	for (;;) {
		for (unsigned i = 0; i < n_slots; i++) {
			if (slots[i].pid == 0) {
				start_run(&slots[i], run);
				return;
			}
		}
		reap();
	}
}

static void wait_for_all(void)
{
	for (unsigned i = 0; i < n_slots; i++)
		while (slots[i].pid != 0)
			reap();
}

struct wanted {
	unsigned every, at;
	int what, error;
	unsigned n;	   /* considered so far */
	unsigned n_before; /* of those: done by a run that was interrupted */
	char state[256];   /* "": none is kept */
};

/* How far a walk has come with nothing wrong, for the same program; 0 forgets it. */
static void save_state(const struct wanted *w, unsigned n)
{
	FILE *f;

	if (!w->state[0])
		return;
	(void)unlink(w->state);
	f = n > 0 && n_wrong == 0 ? fopen(w->state, "we") : NULL;
	if (!f)
		return;
	(void)fprintf(f, "%u %u %u\n", n, w->every, n_points);
	(void)fclose(f);
}

static void load_state(struct wanted *w)
{
	unsigned n, every, points;
	struct stat self, kept;
	FILE *f = w->state[0] ? fopen(w->state, "re") : NULL;

	if (!f)
		return;
	if (fscanf(f, "%u %u %u", &n, &every, &points) == 3 && every == w->every &&
	    points == n_points && stat("/proc/self/exe", &self) == 0 &&
	    fstat(fileno(f), &kept) == 0 && kept.st_mtime > self.st_mtime)
		w->n_before = n;
	(void)fclose(f);
	if (w->n_before)
		printf("# going on after %u runs\n", w->n_before / w->every);
}

static bool is_asked_for(const struct wanted *w, const struct run *run)
{
	return (!w->at || run->at == w->at) && (w->what < 0 || (int)run->what == w->what) &&
	       (!w->error || !run->error || run->error == w->error);
}

static void consider(struct wanted *w, struct run run)
{
	if (!is_asked_for(w, &run))
		return;
	if (w->n++ % w->every != 0 || w->n <= w->n_before)
		return;
	do_run(&run);
	/* All but those that are under way are done. */
	if (w->n % (SAVE_EVERY * w->every) == 1 && w->n > n_slots * w->every)
		save_state(w, w->n - n_slots * w->every);
}

/* Each state of an eviction begins or ends with a word to or from the cluster: a share that leaves most points out has the
 * kills there all the same. */
static void consider_kills(struct wanted *w, unsigned at)
{
	const struct point *p = &record[at - 1];
	const struct run restart = {.at = at, .what = WHAT_KILL, .restart = true};

	consider(w, (struct run){.at = at, .what = WHAT_KILL});
	if (w->every == 1 || (p->call != SYS_HTTP && (at == 1 || p[-1].call != SYS_HTTP)))
		consider(w, restart);
	else if (is_asked_for(w, &restart))
		do_run(&restart);
}

static void runs_of(struct wanted *w, unsigned at)
{
	const struct point *p = &record[at - 1];
	const int *error = ways_errors(p);
	bool changed = ways_changes(p) || (at > 1 && ways_changes(p - 1));

	/* A disk that stays full, no more descriptors; of the many reads some are enough for that. */
	if (*error == EINTR)
		error++; /* does not last */
	if (p->call != SYS_READ || at % 8 == 0)
		consider(w, (struct run){.at = at, .what = WHAT_LASTING, .error = *error});
	for (error = ways_errors(p); *error; error++)
		consider(w, (struct run){.at = at, .what = WHAT_ERROR, .error = *error});
	/* The kernel takes a knob's value whole. */
	if (p->call == SYS_READ && !p->inotify)
		consider(w, (struct run){.at = at, .what = WHAT_SHORT});
	if (p->call == SYS_WRITE && p->place == PLACE_STATE) {
		consider(w, (struct run){.at = at, .what = WHAT_SHORT});
		consider(w, (struct run){.at = at, .what = WHAT_TORN_KILL});
	}
	if (at >= baseline.brief_from && at <= baseline.brief_to)
		consider(w, (struct run){.at = at, .what = WHAT_VANISH});
	if (at >= baseline.brief_from)
		consider(w, (struct run){.at = at, .what = WHAT_REBORN});
	if (at >= baseline.filler_from && at <= baseline.filler_to)
		consider(w, (struct run){.at = at, .what = WHAT_VANISH, .filler = true});
	if (changed)
		consider_kills(w, at);
}

/* Every allocation of the story, where the allocator can be made to fail. */
static void runs_of_memory(struct wanted *w)
{
	for (unsigned at = 1; alloc_can_fail() && at <= baseline.points.n_allocations; at++)
		consider(w, (struct run){.at = at, .what = WHAT_MEMORY});
}

static unsigned tell(void)
{
	unsigned n_kinds = 0, number = 0, n_tried[SYS_CALL_COUNT + 1] = {0};

	for (unsigned i = 0; i < n_points; i++)
		n_tried[record[i].call]++;
	for (int call = 0; call < SYS_CALL_COUNT; call++)
		n_kinds += n_tried[call] > 0;
	n_tried[SYS_CALL_COUNT] = (unsigned)baseline.points.n_allocations;
	for (int what = 0; what < WHAT_COUNT; what++) {
		for (int call = 0; call <= SYS_CALL_COUNT; call++) {
			const struct tally *t = &tallies[what][call];

			if (t->runs == 0)
				continue;
			printf("%sok %u - %s at %u points of %s: %u runs%s", t->wrong ? "not " : "",
			       ++number, point_what_name((enum point_what)what), n_tried[call],
			       kind_name(call), t->runs, t->wrong ? ", " : "\n");
			if (t->wrong)
				printf("%u wrong\n", t->wrong);
		}
	}
	printf("1..%u\n# %u points, %u runs, %u kinds of calls, %u wrong\n", number, n_points,
	       n_runs, n_kinds, n_wrong);
	return number;
}

static bool run_baseline(void)
{
	struct point *again = calloc(POINTS_MAX, sizeof(*again));
	struct story s;
	bool same;

	record = calloc(POINTS_MAX, sizeof(*record));
	if (!record || !again)
		abort();
	story_open(&baseline, work, stdout);
	baseline.points.record = record;
	baseline.points.cap = POINTS_MAX;
	story_run(&baseline);
	n_points = baseline.points.n;
	story_open(&s, work, stdout);
	s.points.record = again;
	s.points.cap = POINTS_MAX;
	s.want_calm = &baseline.calm;
	story_run(&s);
	same = s.points.n == n_points;
	for (unsigned i = 0; i < n_points && same; i++)
		same = again[i].call == record[i].call;
	if (!same)
		printf("# the same story made other calls: %u and %u\n", n_points, s.points.n);
	if (!baseline.memory_held)
		printf("# the story holds nobody's memory\n");
	if (!baseline.held_by_hand)
		printf("# the story has no hold by hand\n");
	if (baseline.n_holds < 2)
		printf("# the story holds nobody: %zu holds\n", baseline.n_holds);
	if (baseline.cluster.n_asked != 1 || !baseline.cluster.deleting || baseline.n_tainted != 1)
		printf("# the story evicts nobody, or asks more than once: %u requests, the taint went up %u times\n",
		       baseline.cluster.n_asked, baseline.n_tainted);
	same = same && baseline.n_holds >= 2 && baseline.memory_held &&
	       baseline.cluster.n_asked == 1 && baseline.n_tainted == 1 &&
	       baseline.held_by_hand && baseline.n_wrong + s.n_wrong == 0 &&
	       baseline.n_refused == 0 && n_points <= POINTS_MAX;
	story_close(&s);
	free(again);
	return same;
}

static int find_what(const char *name)
{
	for (int i = 0; i < WHAT_COUNT; i++)
		if (strcmp(name, point_what_name((enum point_what)i)) == 0)
			return i;
	return -1;
}

static int find_error(const char *name)
{
	for (int i = 1; i < 200; i++)
		if (strerrorname_np(i) && strcmp(name, strerrorname_np(i)) == 0)
			return i;
	return 0;
}

/* Words of the command line, then those of the variable FAULTS. */
static void take_word(struct wanted *w, const char *word)
{
	if (strncmp(word, "every=", 6) == 0)
		w->every = (unsigned)atoi(word + 6);
	else if (strncmp(word, "only=", 5) == 0)
		w->what = find_what(word + 5);
	else if (strncmp(word, "at=", 3) == 0)
		w->at = (unsigned)atoi(word + 3);
	else if (strncmp(word, "error=", 6) == 0)
		w->error = find_error(word + 6);
	else if (strncmp(word, "state=", 6) == 0)
		(void)snprintf(w->state, sizeof(w->state), "%s", word + 6);
	else
		w->every = 0;
}

int main(int argc, char **argv)
{
	struct wanted wanted = {.every = 1, .what = -1};
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	char *more = getenv("FAULTS") ? strdup(getenv("FAULTS")) : NULL;

	for (int i = 1; i < argc; i++)
		take_word(&wanted, argv[i]);
	for (char *word = more ? strtok(more, " ") : NULL; word; word = strtok(NULL, " "))
		take_word(&wanted, word);
	free(more);
	n_slots = cpus < 1 ? 1 : cpus > SLOTS_MAX ? SLOTS_MAX : (unsigned)cpus;
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	if (wanted.every == 0 || !mkdtemp(work)) {
		(void)fprintf(
			stderr,
			"usage: walk [every=N] [only=WHAT] [at=POINT] [error=ERRNO] [state=FILE]\n");
		return 2;
	}
	if (run_baseline()) {
		load_state(&wanted);
		for (unsigned at = 1; at <= n_points; at++)
			runs_of(&wanted, at);
		runs_of_memory(&wanted);
		wait_for_all();
		save_state(&wanted, 0);
	} else {
		n_wrong++;
	}
	if (tell() == 0)
		n_wrong++;
	story_close(&baseline);
	free(record);
	tree_remove(strdup(work));
	return n_wrong > 0;
}
