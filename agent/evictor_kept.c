// SPDX-License-Identifier: LGPL-2.1-or-later
// What the next agent has to know, and what the last one left. See evictor_state.h and evict_file.h.
#include <errno.h>
#include <string.h>

#include "agent/base/log.h"
#include "agent/base/messages.h"
#include "agent/evict_record.h"
#include "agent/evictor_state.h"
#include "agent/orders.h"

/* The pods of a start are known by their cgroups, before anybody has told what they are. */
static const struct pod *pod_at(const struct model *model, const struct evict_file_pending *f)
{
	for (size_t i = 0; i < model->n_pods; i++) {
		const struct pod *pod = model->pods[i];

		if (pod->cgroup && pod->cgroup->inode == f->inode &&
		    strcmp(pod->cgroup->path, f->path) == 0)
			return pod;
	}
	return NULL;
}

static const char *who_of(const struct evict_file_pending *f, char buf[static MANUAL_WHO_SIZE])
{
	buf[0] = '\0';
	if (f->pending.ordered)
		orders_who(&f->caller, buf);
	return buf;
}

static void tell_gone(struct state *s, const struct evict_file_pending *f)
{
	struct history_record record;
	char who[MANUAL_WHO_SIZE];

	evict_record_adopted(f->path, NULL, &f->pending, who_of(f, who), &f->caller, &record);
	HISTORY_SET(record.to, "gone");
	messages_tell(s->history, &record);
}

/* Whether it was taken up is not known: it is asked again, and its UID, or its being there, makes that safe. It counts from
 * when it was asked: its pod may go for that before it can be asked again. */
static void ask_again(struct state *s, struct evict_pending *p)
{
	if (p->stage != EVICT_STAGE_ASKED && p->stage != EVICT_STAGE_AGAIN)
		return;
	if (p->stage == EVICT_STAGE_ASKED && !p->counted) {
		evict_count(&s->evictor->evict, p->asked_us);
		p->counted = true;
	}
	p->stage = EVICT_STAGE_AGAIN;
	p->until_us = s->status.pass_us;
}

static void adopt(struct state *s, const struct evict_file_pending *f)
{
	struct evictor *e = s->evictor;
	const struct pod *pod = pod_at(discover_model(s->discover), f);
	struct evictor_name *name = evictor_name_of(e, 0);
	struct evict_pending pending = f->pending;

	if (!pod)
		evict_adopt_gone(&e->evict, &pending, s->status.pass_us);
	if (!pod || !name) {
		tell_gone(s, f);
		return;
	}
	pending.serial = pod->serial;
	ask_again(s, &pending);
	evict_adopt(&e->evict, &pending);
	*name = (struct evictor_name){.serial = pod->serial, .inode = f->inode};
	memcpy(name->path, f->path, sizeof(name->path));
	evict_record_adopted(f->path, pod, &pending, who_of(f, name->who), &f->caller,
			     &name->record);
}

void evictor_kept_take_over(struct state *s)
{
	struct evictor *e = s->evictor;
	struct evict_file *f = &e->file;
	int r;

	if (e->taken_over)
		return;
	e->taken_over = true;
	if (s->state_fd < 0)
		return;
	r = evict_file_load(s->state_fd, f);
	if (r == -ENOENT)
		return;
	if (r < 0 && r != -ESTALE) {
		/* Whatever it was: as if somebody had been evicted just now, and with the taint up. */
		log_warning(
			"evict.file",
			"/run/colod/evictions cannot be read (%s): the next eviction waits as if "
			"there had been one just now",
			r == -EBADMSG ? "it is damaged" : strerror(-r));
		*f = (struct evict_file){.taint_up = true};
		evict_count(&e->evict, s->status.pass_us);
	}
	for (uint32_t i = 0; i < f->n_times; i++)
		evict_count(&e->evict, f->times_us[i]);
	memcpy(e->evict.returns, f->returns, f->n_returns * sizeof(f->returns[0]));
	e->evict.taint_until_us = f->taint_until_us;
	e->taint_up = e->taint_asked = f->taint_up;
	for (size_t i = 0; i < f->n_pending; i++)
		adopt(s, &f->pending[i]);
	e->changed = true;
}

static void fill(struct evictor *e)
{
	struct evict_file *f = &e->file;

	*f = (struct evict_file){
		.n_times = e->evict.n_times,
		.taint_until_us = e->evict.taint_until_us,
		.taint_up = e->taint_up,
	};
	memcpy(f->times_us, e->evict.times_us, sizeof(f->times_us));
	for (size_t i = 0; i < EVICT_PENDING; i++) {
		const struct evict_pending *p = &e->evict.pending[i];
		const struct evictor_name *name;

		if (p->stage == EVICT_STAGE_NONE)
			continue;
		name = evictor_name_of(e, p->serial);
		if (!name)
			continue;
		f->pending[f->n_pending].pending = *p;
		f->pending[f->n_pending].inode = name->inode;
		f->pending[f->n_pending].caller = name->record.caller;
		memcpy(f->pending[f->n_pending++].path, name->path, sizeof(name->path));
	}
	for (size_t i = 0; i < EVICT_RETURNS; i++)
		if (e->evict.returns[i].until_us > 0)
			f->returns[f->n_returns++] = e->evict.returns[i];
}

int evictor_kept_save(struct state *s)
{
	struct evictor *e = s->evictor;
	int r;

	if (s->state_fd < 0)
		return 0;
	fill(e);
	r = evict_file_save(s->state_fd, &e->file);
	if (r < 0 && !e->unsaved_said)
		log_warning(
			"evict.file",
			"/run/colod/evictions cannot be written (%s): nobody is evicted until it "
			"can be, make room in /run",
			strerror(-r));
	e->unsaved_said = r < 0;
	e->changed = r < 0;
	return r;
}
