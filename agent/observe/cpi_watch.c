// SPDX-License-Identifier: LGPL-2.1-or-later
// See cpi_watch.h.
#include "agent/observe/cpi_watch.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/base/log.h"
#include "agent/observe/pod_files.h"
#include "policy/decide.h"
#include "policy/ring.h"
#include "policy/sli.h"

/* A cgroup or CPU that has just gone is soon gone from the model, too. */
#define RETRY_US 10000000
#define FAILED_TRIES 5

static void drop(struct cpi_pod *p)
{
	cpi_files_close(&p->files);
	*p = (struct cpi_pod){0};
}

static void forget(const struct cpi_pod *p, struct samples *samples)
{
	if (ring_of(samples, p->slot, p->serial))
		samples->pods[p->slot]->cpi = (struct pod_cpi){0};
}

void cpi_watch_close(struct cpi_watch *w)
{
	for (size_t i = 0; i < CPI_WATCH_PODS; i++)
		drop(&w->pods[i]);
}

static void turn_off(struct cpi_watch *w, const char *why)
{
	log_warning("observe.cpi", "no sli of cpi is measured: %s. See: coloctl doctor (perf)",
		    why);
	cpi_watch_close(w);
	w->off = true;
}

/* --- who ----------------------------------------------------------------------------------------- */

static struct cpi_pod *find(struct cpi_watch *w, uint64_t serial)
{
	for (size_t i = 0; i < CPI_WATCH_PODS; i++)
		if (w->pods[i].serial == serial)
			return &w->pods[i];
	return NULL;
}

/* Who is counted already stays before its equals. Returns how many there are to be counted. */
static size_t choose(struct cpi_watch *w, const struct model *model, const struct plan *plan,
		     const struct policy *policy, size_t most, const struct pod **chosen)
{
	size_t n = 0;

	for (int rank = 0; rank < 2 * LEVEL_COUNT; rank++) {
		for (size_t i = 0; i < model->n_pods; i++) {
			const struct pod *pod = model->pods[i];

			if ((int)plan_assignment(plan, pod)->level != rank / 2 ||
			    (find(w, pod->serial) == NULL) != (rank % 2 == 1) ||
			    !sli_is_about(policy, SLI_CPI, plan, pod))
				continue;
			if (n < most)
				chosen[n] = pod;
			n++;
		}
	}
	return n;
}

static void take(struct cpi_watch *w, const struct pod **chosen, size_t n, struct samples *samples)
{
	for (size_t i = 0; i < CPI_WATCH_PODS; i++) {
		bool stays = w->pods[i].serial == 0;

		for (size_t k = 0; k < n; k++)
			stays |= chosen[k]->serial == w->pods[i].serial;
		if (stays)
			continue;
		forget(&w->pods[i], samples);
		drop(&w->pods[i]);
	}
	for (size_t k = 0; k < n; k++)
		if (!find(w, chosen[k]->serial))
			*find(w, 0) = (struct cpi_pod){.serial = chosen[k]->serial,
						       .slot = chosen[k]->slot};
}

static void say_full(struct cpi_watch *w, const struct model *model, size_t n, size_t most)
{
	if (n <= most || w->said_full)
		return;
	w->said_full = true;
	log_warning(
		"observe.cpi",
		"%zu of %zu pods that an sli of cpi is about are not measured, the lowest levels "
		"first: here there is room for %zu, with %zu descriptors each (at most %d pods and "
		"%d descriptors). Let fewer of them match",
		n - most, n, most, cpi_files_n_fds(&model->node), CPI_WATCH_PODS, CPI_WATCH_FDS);
}

static bool asks(const struct policy *policy)
{
	for (size_t i = 0; policy && i < policy->n_slis; i++)
		if (policy->slis[i].sign == SLI_CPI)
			return true;
	return false;
}

void cpi_watch_choose(struct cpi_watch *w, const struct model *model, const struct plan *plan,
		      const struct policy *policy, struct samples *samples, size_t max_fds)
{
	const char *why_not = sli_why_not(SLI_CPI, model);
	size_t n_fds = cpi_files_n_fds(&model->node);
	const struct pod *chosen[CPI_WATCH_PODS];
	size_t n, most;

	if (!asks(policy)) {
		if (w->asked)
			cpi_watch_close(w);
		w->asked = w->off = w->said_full = w->said_pod = false;
		return;
	}
	w->asked = true;
	if (w->off || n_fds == 0)
		return;
	if (why_not) {
		turn_off(w, why_not);
		return;
	}
	most = (max_fds < CPI_WATCH_FDS ? max_fds : CPI_WATCH_FDS) / n_fds;
	most = most < CPI_WATCH_PODS ? most : CPI_WATCH_PODS;
	n = choose(w, model, plan, policy, most, chosen);
	take(w, chosen, n < most ? n : most, samples);
	say_full(w, model, n, most);
}

/* --- what they do -------------------------------------------------------------------------------- */

static void say_pod(struct cpi_watch *w, const struct pod *pod, int error)
{
	if (w->said_pod)
		return;
	w->said_pod = true;
	log_warning(
		"observe.cpi",
		"cpi of %s is not measured: its counters could not be opened (%s); other pods with "
		"such a fault are not named",
		pod->cgroup->path, strerror(-error));
}

/* What says that there is no such thing may mean the pod alone: its cgroup has just gone. */
static bool is_of_all(struct cpi_watch *w, int error, const struct model *model)
{
	if (error == -EACCES || error == -EPERM || error == -EINVAL || error == -ENOSYS)
		return true;
	return (error == -ENOENT || error == -EOPNOTSUPP) &&
	       cpi_files_probe(w->events, model->node.cpus[0].id) < 0;
}

static void open_pod(struct cpi_watch *w, struct cpi_pod *p, int cgroup_fd,
		     const struct model *model, const struct pod *pod, int64_t now_us)
{
	_cleanup_close_ int dir_fd = -EBADF;
	int r = pod_files_enter(cgroup_fd, pod->cgroup, &dir_fd);

	if (r == 0)
		r = cpi_files_open(&p->files, w->events, dir_fd, &model->node, now_us);
	if (r == 0) {
		p->n_failed = 0;
		return;
	}
	if (dir_fd >= 0 && is_of_all(w, r, model)) {
		turn_off(w, r == -EACCES || r == -EPERM
				    ? "the kernel does not let colod count cycles of a cgroup"
				    : "the kernel cannot count cycles of a cgroup");
		return;
	}
	p->retry_us = now_us + RETRY_US;
	p->failed = !kept_file_is_absent(r) || ++p->n_failed == FAILED_TRIES;
	if (p->failed)
		say_pod(w, pod, r);
}

static void read_pod(struct cpi_watch *w, struct cpi_pod *p, struct kept_reader *reader,
		     int cgroup_fd, const struct model *model, struct samples *samples,
		     int64_t now_us)
{
	const struct pod *pod = model_pod(model, p->serial);

	/* Its history may be another's by now. */
	if (!pod || !ring_of(samples, p->slot, p->serial)) {
		drop(p);
		return;
	}
	if (p->files.cpus && !cpi_files_cover(&p->files, &model->node)) {
		cpi_files_close(&p->files);
		forget(p, samples);
	}
	if (p->files.cpus)
		(void)cpi_files_read(&p->files, reader, now_us, &samples->pods[p->slot]->cpi);
	else if (!p->failed && now_us >= p->retry_us)
		open_pod(w, p, cgroup_fd, model, pod, now_us);
}

void cpi_watch_read(struct cpi_watch *w, struct kept_reader *reader, int cgroup_fd,
		    const struct model *model, struct samples *samples, int64_t now_us)
{
	for (size_t i = 0; i < CPI_WATCH_PODS; i++)
		if (w->pods[i].serial != 0)
			read_pod(w, &w->pods[i], reader, cgroup_fd, model, samples, now_us);
}
