// SPDX-License-Identifier: LGPL-2.1-or-later
// See state.h. Start-up checks its preconditions one by one, each with its own sentence.
#include "agent/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/account.h"
#include "agent/account_facts.h"
#include "agent/account_losses.h"
#include "agent/apply/units.h"
#include "agent/base/cleanup.h"
#include "agent/base/clock.h"
#include "agent/base/fs.h"
#include "agent/base/log.h"
#include "agent/base/sys.h"
#include "agent/baseline_store.h"
#include "agent/control.h"
#include "agent/evictor.h"
#include "agent/incidents.h"
#include "agent/lend_store.h"
#include "agent/lock.h"
#include "agent/mode_sources.h"
#include "agent/net.h"
#include "agent/orders.h"
#include "agent/policy_files.h"
#include "agent/policy_probe.h"
#include "agent/policy_store.h"
#include "agent/workers.h"
#include "policy/decide.h"
#include "policy/diag.h"
#include "policy/diff.h"
#include "policy/names.h"
#include "policy/read.h"
#include "policy/score.h"
#include "policy/seconds.h"
#include "policy/show.h"
#include "policy/sli.h"

#define STATE_DIRECTORY "run/colod"
/* A restore may be under way: the one of the agent before this one, or a guard's. */
#define LOCK_WAIT_MS 3000

int state_open_directory(int root_fd, int *ret_fd)
{
	if (sys_mkdirat(root_fd, STATE_DIRECTORY, 0755) < 0 && errno != EEXIST)
		return -errno;
	return fs_open_dir(root_fd, STATE_DIRECTORY, ret_fd);
}

/* A plan that nobody will carry out needs neither a record of originals nor the lock. */
static bool only_looks(const struct options *o)
{
	return o->action == OPTIONS_ONCE && o->mode <= MODE_OBSERVE;
}

static int open_state_directory(struct state *s)
{
	int r;

	if (only_looks(s->options))
		return 0;
	/* A recorded tree has none; the "/" of a host, mounted into a container, does. */
	if (strcmp(s->options->root, "/") != 0 && fs_exists(s->root_fd, STATE_DIRECTORY) == 0)
		return 0;
	r = state_open_directory(s->root_fd, &s->state_fd);
	if (r < 0) {
		log_err("state.directory",
			"cannot open /run/colod, where the original values are kept: %s. Run colod "
			"as root, or look only: colod --once --mode observe",
			strerror(-r));
		return r;
	}
	/* Two agents would each take the other's values for originals. */
	r = lock_take(s->state_fd, LOCK_WAIT_MS, &s->lock_fd);
	if (r == -EBUSY)
		log_err("state.lock", "another colod is running (it holds /run/colod/lock): two "
				      "agents would undo each other. See: systemctl status colod");
	else if (r < 0)
		log_err("state.lock", "cannot lock /run/colod/lock: %s", strerror(-r));
	return r;
}

static int start_stages(struct state *s)
{
	const char *why = NULL;
	int r = discover_new(s->root_fd, s->options->switched_off, &s->discover, &why);

	if (r < 0) {
		log_err("discover.start", "%s", why ? why : strerror(-r));
		return r;
	}
	/* A recorded tree is another machine: its pods are not this node's. */
	if (strcmp(s->options->root, "/") == 0)
		r = discover_allow_kubelet(s->discover);
	if (r < 0)
		log_warning("discover.kubelet", "the kubelet cannot be asked: %s", strerror(-r));
	r = observe_new(s->root_fd, discover_cgroup_fd(s->discover), &s->observe);
	if (r < 0) {
		log_err("observe.start", "cannot start observing: %s", strerror(-r));
		return r;
	}
	r = apply_new(discover_cgroup_fd(s->discover), s->state_fd, &s->apply);
	if (r == 0 && s->state_fd >= 0)
		apply_use_units(s->apply, s->root_fd, s->state_fd);
	if (r >= 0) {
		apply_use_processes(s->apply, s->root_fd);
		apply_on_event(s->apply, account_event, s);
		units_on_said(apply_units(s->apply), account_property, s);
	} else {
		log_err("apply.start", "cannot read the record of original values: %s",
			strerror(-r));
	}
	return r;
}

/* What the node lacks is known and nobody's mistake: doctor and status show it for good. */
static int level_of(const struct diag *d)
{
	if (d->severity == DIAG_ERROR)
		return LOG_ERR;
	return d->about_node ? LOG_INFO : LOG_WARNING;
}

static void log_diags(const struct diags *diags)
{
	char text[DIAG_FORMAT_SIZE];
	size_t n = diags->n < DIAGS_MAX ? diags->n : DIAGS_MAX;

	for (size_t i = 0; i < n; i++) {
		diag_format(&diags->list[i], text, sizeof(text));
		/* What is wrong has a limit of its own on lines: it is not lost among what is told of every
		 * good policy, even where one is loaded again and again. */
		log_at(level_of(&diags->list[i]),
		       diags->list[i].severity == DIAG_ERROR ? "policy.error" : "policy", "%s",
		       text);
	}
}

static void count_only(void *context, const char *what, const char *file, uint32_t line)
{
	(void)context, (void)what, (void)file, (void)line;
}

static void on_sources(void *context, const struct policy_source *sources, size_t n)
{
	struct state *s = context;

	record_policy(s->record, sources, n);
}

/* Broken files at a start: the policy that was in force before, else none. */
static int fall_back(struct state *s, const char **ret_what)
{
	int r = s->policy ? 0 : policy_store_load(s->root_fd, on_sources, s, &s->policy);

	if (r < 0 && r != -ENOENT)
		log_warning("state.store", "/" POLICY_STORE_FILE " cannot be used: %s",
			    r == -EBADMSG ? "it was cut or changed" : strerror(-r));
	*ret_what = s->policy && s->policy->n_rules > 0 ? "the last good policy stays in force"
							: "there is no good one, observing";
	if (!s->policy) {
		s->policy = policy_none();
		record_policy(s->record, NULL, 0);
	}
	return s->policy ? 0 : -ENOMEM;
}

/* Only what came from the directories outlives this process. */
static void keep_good(struct state *s)
{
	int r;

	if (s->options->n_policy_files > 0 || s->options->action != OPTIONS_RUN || s->state_fd < 0)
		return;
	r = policy_store_save(s->root_fd, s->policy);
	if (r < 0)
		log_warning("state.store",
			    "the policy cannot be kept in /" POLICY_STORE_FILE
			    " (%s): with broken files a later start would only observe",
			    strerror(-r));
}

/* A file that may hold here may be one that forbids what the others allow: until that is known nothing of
 * the new policy is in force, and what was in force stays, so that nothing moves twice. */
static int wait_for_labels(struct state *s, struct policy *policy)
{
	const char *what;
	int r = fall_back(s, &what);

	if (r == 0) {
		s->policy_waits = true;
		(void)snprintf(s->status.policy_state, sizeof(s->status.policy_state),
			       "waiting: %s. Until then %s", policy_waits(policy), what);
		log_notice("state.policy", "policy: %s", s->status.policy_state);
	}
	policy_free(policy);
	return r;
}

static void describe_policy(struct state *s)
{
	(void)snprintf(s->status.policy_digest, sizeof(s->status.policy_digest), "%016llx",
		       (unsigned long long)show_digest(s->policy));
	s->status.policy_unenforced = (uint32_t)show_unenforced(s->policy, count_only, NULL);
	if (s->diags.n_errors > 0)
		return;
	s->status.policy_lacks = 0;
	for (size_t i = 0; i < diag_count(&s->diags); i++)
		s->status.policy_lacks += s->diags.list[i].about_node;
}

struct policy_files_node state_policy_node(const struct state *s)
{
	return (struct policy_files_node){
		.probed = POLICY_PROBE_ALL,
		.capabilities = discover_model(s->discover)->capabilities,
		.labels = s->node_watch.told,
		.labels_why = node_watch_why(&s->node_watch),
	};
}

static int read_files(struct state *s, policy_files_fn fn, struct policy **ret_policy)
{
	const struct policy_files_node on = state_policy_node(s);

	return policy_files_read_to(s->root_fd, s->options->policy_files,
				    s->options->n_policy_files, &on, &s->diags, fn, s, ret_policy);
}

/* Labels that were told are those of the node that the policy before named: where the new one names
 * another, they are forgotten before anything is decided by them. */
static int read_policy(struct state *s, struct policy **ret_policy)
{
	struct policy *policy = NULL;
	int r = s->node_watch.told ? read_files(s, NULL, &policy) : 0;

	if (policy)
		node_watch_policy(&s->node_watch, policy);
	policy_free(policy);
	policy = NULL;
	if (r == 0)
		r = read_files(s, on_sources, &policy);
	if (r < 0)
		return r;
	node_watch_policy(&s->node_watch, policy);
	*ret_policy = policy;
	return 0;
}

int state_load_policy(struct state *s)
{
	struct policy *policy = NULL, *old = NULL;
	const char *what;
	int r;

	if (s->options->n_policy_files == 0)
		policy_watch_loaded(&s->policy_watch, s->root_fd);
	r = read_policy(s, &policy);
	node_watch_read(&s->node_watch);
	log_diags(&s->diags);
	s->policy_waits = false;
	if (r == 0 && policy_waits(policy)) {
		if (wait_for_labels(s, policy) < 0)
			return -ENOMEM;
	} else if (r < 0) {
		if (fall_back(s, &what) < 0)
			return -ENOMEM;
		snprintf(s->status.policy_state, sizeof(s->status.policy_state),
			 "rejected (%zu error%s, see the journal): %s", s->diags.n_errors,
			 s->diags.n_errors == 1 ? "" : "s", what);
	} else {
		snprintf(s->status.policy_state, sizeof(s->status.policy_state), "ok");
		old = s->policy;
		s->policy = policy;
		keep_good(s);
	}
	describe_policy(s);
	/* Discovery borrows the old one until it is told of the new one. */
	discover_set_policy(s->discover, s->policy);
	policy_free(old);
	mode_sources_update(s);
	return r;
}

static void state_freep(struct state **s)
{
	state_free(*s);
}

int state_new(const struct options *options, struct state **ret_state)
{
	_cleanup_(state_freep) struct state *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->options = options;
	s->life = LIFE_NONE;
	s->root_fd = s->state_fd = s->lock_fd = -EBADF;
	r = history_new(&s->history);
	if (r < 0)
		return r;
	r = fs_open_root(options->root, &s->root_fd);
	if (r < 0) {
		log_err("state.root", "cannot open --root %s: %s", options->root, strerror(-r));
		return r;
	}
	r = open_state_directory(s);
	if (r < 0)
		return r;
	/* Only who holds the lock may write there. */
	if (s->lock_fd >= 0)
		history_open(s->history, s->root_fd);
	r = start_stages(s);
	if (r < 0)
		return r;
	baseline_store_start(s, clock_now_us());
	lend_store_start(s, clock_now_us());
	orders_start(s);
	control_load(s);
	mode_sources_read_kernel(s);
	/* A recorded tree is another machine's, and one pass does not wait for an answer. */
	node_watch_start(&s->node_watch, s->root_fd,
			 strcmp(options->root, "/") == 0 && options->action == OPTIONS_RUN);
	s->record = record_open(options);
	r = state_load_policy(s);
	if (r == -ENOMEM)
		return r;
	*ret_state = TAKE_PTR(s);
	return 0;
}

void state_free(struct state *s)
{
	if (!s)
		return;
	plan_free(&s->plan);
	changes_free(&s->changes);
	changes_free(&s->last_changes);
	scores_free(&s->scores);
	seconds_free(&s->seconds);
	sli_free(&s->slis);
	free(s->controllers_said);
	account_facts_free(&s->account_facts);
	account_losses_free(&s->losses);
	incidents_stop(s);
	policy_free(s->policy);
	node_watch_stop(&s->node_watch);
	workers_stop(s);
	evictor_free(s, s->evictor);
	s->evictor = NULL;
	apply_free(s->apply);
	observe_free(s->observe);
	discover_free(s->discover);
	baseline_store_stop(s);
	lend_store_stop(s);
	history_free(s->history);
	life_free(&s->life);
	record_close(s->record);
	cleanup_close_fd(s->lock_fd);
	cleanup_close_fd(s->state_fd);
	cleanup_close_fd(s->root_fd);
	free(s);
}

struct snapshot state_snapshot(const struct state *s)
{
	return (struct snapshot){
		.model = discover_model(s->discover),
		.samples = observe_samples(s->observe),
		.policy = s->policy,
		.plan = &s->plan,
		.changes = &s->last_changes,
		.scores = &s->scores,
		.baselines = baseline_store_get(s->baseline_store),
		.culprits = &s->culprits,
		.culprit_trials = &s->culprit_trials,
		.calibration = &s->calibration,
		.slis = &s->slis,
		.lend = lend_store_sums(s->lend_store),
		.incidents = &s->incidents,
		.losses = &s->losses,
		.net = net_shown(s),
		.ladders = &s->ladders,
		.floor_cpu = &s->floor_cpu,
		.disk_uses = &observe_samples(s->observe)->uses,
		.status = &s->status,
		.history = s->history,
		.diags = &s->diags,
	};
}
