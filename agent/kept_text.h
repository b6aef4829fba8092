// SPDX-License-Identifier: LGPL-2.1-or-later
// A text in /var/lib/colod that outlives the agent, such as what was learned. It is written anew under another name,
// brought to the disk and renamed, by a thread, which a slow disk may hold up for as long as it likes. Its last line is a
// checksum, by which one that is cut or damaged is told from a whole one. What cannot be kept or read is said once in a spell
// and costs only that.
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "policy/record_text.h"

struct kept_text {
	const char *file;  /* below the root */
	const char *fresh; /* its name while it is written */
	const char *
		directory; /* of its own below /var/lib/colod, made where it is missing; NULL: none */
	const char *what;  /* for people: "what is usual for the pods" */
	const char *costs; /* what it costs that it cannot be kept; NULL: that it is learned again */
	const char *thread;	/* the name of it, 15 characters at most */
	struct record_buf text; /* to be saved: filled by the owner while no thread runs */
	/* Called by the thread when it is kept; may be NULL. */
	void (*then)(void *context, int root_fd);
	void *context;
	bool said; /* that it cannot be kept, in this spell */
	/* The thread's, while there is one. */
	int root_fd;
	pthread_t id;
	bool runs;
	bool late; /* it was waited for at a stop, in vain */
	atomic_bool done;
	int result; /* of the last one */
};

/* The names are set; `root_fd` is not kept. 0 or -errno. */
int kept_text_open(struct kept_text *kept, int root_fd);

/* What was saved, without its last line, at most max bytes of it. -ENOENT: nothing; -EBADMSG: it was cut or changed. The text is
 * the caller's to free. */
int kept_text_load(const struct kept_text *kept, size_t max, char **ret_text, size_t *ret_len);

/* What load or the reader of the text said: a warning, but for -ENOENT. */
void kept_text_say_unread(const struct kept_text *kept, int result);

/* Whether the thread is at work still; looks after one that has ended. */
bool kept_text_busy(struct kept_text *kept);

/* Starts a thread that saves kept->text, or says why not. None must run. */
void kept_text_save(struct kept_text *kept);

/* Waits for a thread for 2 s at most, and no second time; kept->result is what came of it. False where the disk holds it for
 * longer. */
bool kept_text_wait(struct kept_text *kept);

/* Waits for a thread as kept_text_wait() does and closes. False where the disk holds it for longer: it still uses *kept, which must stay
 * until the process ends. */
bool kept_text_close(struct kept_text *kept);
