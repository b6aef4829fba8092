// SPDX-License-Identifier: LGPL-2.1-or-later
// See control.h.
#include "agent/control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "agent/base/boot_id.h"
#include "agent/base/cleanup.h"
#include "agent/base/clock.h"
#include "agent/base/fs.h"
#include "agent/base/log.h"
#include "agent/base/messages.h"
#include "agent/base/sys.h"
#include "agent/evictor.h"
#include "policy/mode.h"
#include "policy/names.h"

#define FILE_NAME "control"
#define FILE_NEW "control.new"

static void set_damaged(struct state *s, const char *what)
{
	s->control.damaged = true;
	log_err("control.read",
		"/run/colod/control, which says what coloctl mode and coloctl pause have lowered, "
		"%s: colod only observes until somebody says: coloctl resume",
		what);
}

/* Nothing is known of what it says, and nothing says that it is damaged: tried again in each pass. */
static void set_unread(struct state *s, int error)
{
	if (!s->control_unread)
		log_err("control.read",
			"/run/colod/control, which says what coloctl mode and coloctl pause have "
			"lowered, cannot be read (%s): colod only observes until it can be",
			strerror(-error));
	s->control_unread = true;
}

void control_load(struct state *s)
{
	char text[CONTROL_TEXT_SIZE], boot_id[BOOT_ID_SIZE];
	int r;

	if (s->state_fd < 0)
		return;
	r = fs_read(s->state_fd, FILE_NAME, text, sizeof(text), NULL);
	if (r < 0 && r != -ENOENT && r != -EFBIG) {
		set_unread(s, r);
		return;
	}
	s->control_unread = false;
	if (r == -ENOENT)
		return;
	if (r == -EFBIG) {
		set_damaged(s, "is too long");
		return;
	}
	boot_id_read(boot_id, sizeof(boot_id));
	r = control_text_parse(text, boot_id, &s->control);
	if (r == -EBADMSG)
		set_damaged(s, "is damaged");
	/* That of an earlier boot ends with it, like everything below /run. */
	s->control_unsaved = r == -ESTALE;
}

/* What somebody asks will be written over it. */
static void give_up_reading(struct state *s)
{
	s->control.damaged |= s->control_unread;
	s->control_unread = false;
}

static int write_new(const struct state *s)
{
	char text[CONTROL_TEXT_SIZE], boot_id[BOOT_ID_SIZE];
	_cleanup_close_ int fd = -EBADF;
	size_t len;
	ssize_t n;
	int r;

	boot_id_read(boot_id, sizeof(boot_id));
	len = control_text_format(&s->control, boot_id, text);
	r = fs_open(s->state_fd, FILE_NEW, O_WRONLY | O_CREAT | O_TRUNC, &fd);
	if (r < 0)
		return r;
	n = sys_write(fd, text, len);
	if (n != (ssize_t)len)
		return n < 0 ? -errno : -ENOSPC;
	if (sys_renameat(s->state_fd, FILE_NEW, s->state_fd, FILE_NAME) < 0)
		return -errno;
	return 0;
}

/* Written anew and renamed: a reader finds the old record or the new one. */
static int save(struct state *s)
{
	int r = 0;

	if (s->state_fd < 0)
		return 0;
	if (!control_is_empty(&s->control)) {
		r = write_new(s);
		if (r < 0)
			(void)sys_unlinkat(s->state_fd, FILE_NEW, 0);
	} else if (sys_unlinkat(s->state_fd, FILE_NAME, 0) < 0 && errno != ENOENT) {
		r = -errno;
	}
	if (r < 0)
		log_warning("control.write",
			    "/run/colod/control cannot be written (%s): a restart of colod would "
			    "forget the last coloctl mode, pause or resume; trying again",
			    strerror(-r));
	s->control_unsaved = r < 0;
	return r;
}

/* "SetMode by uid 0 (coloctl, pid 4711) at 2026-11-25 16:35:02 UTC" */
static void sentence(const char *what, int64_t wall_us, const struct history_caller *caller,
		     char *buf, size_t size)
{
	time_t seconds = (time_t)(wall_us / 1000000);
	char who[64] = "somebody", when[32] = "";
	struct tm tm;

	if (caller->known)
		(void)snprintf(who, sizeof(who), "uid %u (%s%spid %d)", caller->uid, caller->comm,
			       caller->comm[0] ? ", " : "", caller->pid);
	if (gmtime_r(&seconds, &tm))
		(void)strftime(when, sizeof(when), " at %Y-%m-%d %H:%M:%S UTC", &tm);
	(void)snprintf(buf, size, "%s by %s%s", what, who, when);
}

static void say_mode(struct mode_says *says, enum resource resource, const struct control_say *say)
{
	char why[MODE_WHY_SIZE];

	if (!say->given)
		return;
	sentence("SetMode", say->wall_us, &say->caller, why, sizeof(why));
	mode_say(says, MODE_SOURCE_BUS, resource, say->mode, why);
}

static void say_pause(struct mode_says *says, const struct control_pause *pause)
{
	uint64_t s = pause->seconds;
	char what[64], why[MODE_WHY_SIZE];

	if (s == 0)
		(void)snprintf(what, sizeof(what), "paused until coloctl resume,");
	else if (s % 3600 == 0)
		(void)snprintf(what, sizeof(what), "paused for %llu h",
			       (unsigned long long)s / 3600);
	else if (s % 60 == 0)
		(void)snprintf(what, sizeof(what), "paused for %llu min",
			       (unsigned long long)s / 60);
	else
		(void)snprintf(what, sizeof(what), "paused for %llu s", (unsigned long long)s);
	sentence(what, pause->wall_us, &pause->caller, why, sizeof(why));
	mode_say(says, MODE_SOURCE_PAUSE, RESOURCE_INVALID, MODE_OBSERVE, why);
}

void control_say(struct state *s, int64_t now_us)
{
	struct mode_says *says = &s->status.mode_says;
	struct control *c = &s->control;

	if (c->pause.given && c->pause.until_us > 0 && now_us >= c->pause.until_us) {
		c->pause = (struct control_pause){0};
		s->control_unsaved = true;
	}
	if (s->control_unread)
		control_load(s);
	if (s->control_unsaved)
		(void)save(s);
	say_mode(says, RESOURCE_INVALID, &c->all);
	for (int r = 0; r < RESOURCE_MODES; r++)
		say_mode(says, (enum resource)r, &c->by[r]);
	if (c->pause.given)
		say_pause(says, &c->pause);
	if (c->damaged)
		mode_say(says, MODE_SOURCE_CONTROL, RESOURCE_INVALID, MODE_OBSERVE,
			 "/run/colod/control was damaged, so that what it had lowered is not "
			 "known: coloctl resume ends this");
	else if (s->control_unread)
		mode_say(says, MODE_SOURCE_CONTROL, RESOURCE_INVALID, MODE_OBSERVE,
			 "/run/colod/control cannot be read, so that what it lowers is not known: "
			 "the journal says why; coloctl resume ends this");
	s->status.pause_until_us = c->pause.given ? c->pause.until_us : 0;
}

/* What was asked, beside the record of what it changed: that may be nothing. */
static void record(struct state *s, const char *what, const char *from, const char *to,
		   const struct history_caller *caller)
{
	struct history_record r = HISTORY_RECORD(HISTORY_MODE);
	char who[HISTORY_WHY_SIZE];

	sentence("asked", clock_wall_us(), caller, who, sizeof(who));
	HISTORY_SET(r.what, "%s", what);
	HISTORY_SET(r.from, "%s", from);
	HISTORY_SET(r.to, "%s", to);
	HISTORY_SET(r.why, "%s", who);
	r.caller = *caller;
	messages_tell(s->history, &r);
}

static const char *asked(const struct control_say *say)
{
	return say->given ? names_mode(say->mode) : "-";
}

int control_set_mode(struct state *s, enum resource resource, enum mode mode,
		     const struct history_caller *caller)
{
	bool whole = (int)resource < 0 || resource >= RESOURCE_MODES;
	struct control_say *say = whole ? &s->control.all : &s->control.by[resource];
	const char *from = asked(say);
	char what[32];

	give_up_reading(s);
	(void)snprintf(what, sizeof(what), "SetMode %s", whole ? "all" : names_mode_of(resource));
	*say = (struct control_say){
		.given = mode < MODE_FULL,
		.mode = mode,
		.wall_us = clock_wall_us(),
		.caller = *caller,
	};
	if (!say->given)
		*say = (struct control_say){0};
	for (int r = 0; r < RESOURCE_COUNT; r++)
		if (mode > MODE_PROTECT && (whole || (int)resource == r))
			evictor_trust(s, (enum resource)r);
	record(s, what, from, names_mode(mode), caller);
	return save(s);
}

static const char *paused(const struct control *c, char *buf, size_t size)
{
	if (!c->pause.given)
		(void)snprintf(buf, size, "-");
	else if (c->pause.seconds == 0)
		(void)snprintf(buf, size, "until resumed");
	else
		(void)snprintf(buf, size, "%llu s", (unsigned long long)c->pause.seconds);
	return buf;
}

int control_pause(struct state *s, uint64_t seconds, int64_t now_us,
		  const struct history_caller *caller)
{
	char from[HISTORY_VALUE_SIZE], to[HISTORY_VALUE_SIZE];

	if (seconds > CONTROL_PAUSE_MAX_S)
		return -EINVAL;
	give_up_reading(s);
	(void)paused(&s->control, from, sizeof(from));
	s->control.pause = (struct control_pause){
		.given = true,
		.until_us = seconds ? now_us + (int64_t)seconds * 1000000 : 0,
		.seconds = seconds,
		.wall_us = clock_wall_us(),
		.caller = *caller,
	};
	record(s, "Pause", from, paused(&s->control, to, sizeof(to)), caller);
	return save(s);
}

int control_resume(struct state *s, const struct history_caller *caller)
{
	char from[HISTORY_VALUE_SIZE];

	(void)paused(&s->control, from, sizeof(from));
	s->control.pause = (struct control_pause){0};
	s->control.damaged = false;
	s->control_unread = false;
	record(s, "Pause", from, "-", caller);
	return save(s);
}
