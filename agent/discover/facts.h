// SPDX-License-Identifier: LGPL-2.1-or-later
// Pod facts from where the policy says, and what is missing of them. Keeps the last good pods file.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "agent/discover/pods.h"
#include "agent/discover/pods_json.h"
#include "colod/policy.h"

#define FACTS_FILE_MAX_BYTES (64u * 1024 * 1024)

/* A zeroed struct knows nothing and has nowhere to ask. */
struct facts {
	int root_fd; /* borrowed */
	enum facts_source source;
	bool configured; /* there is a policy that says where from */
	char *path;	 /* FACTS_FILE; owned */
	struct pods_json *good;
	struct stat read; /* the file as it was when it was last read */
	bool was_read;
	int stat_error;
	char note[256]; /* why facts are not what the policy asks for, "" when they are */
};

/* Where facts come from now; NULL: nobody told. 0 or -ENOMEM. */
int facts_set_policy(struct facts *facts, const struct policy *policy);
void facts_clear(struct facts *facts);

/* Reads the pods file when it changed since it was last read, or always when `ask` is set. One
 * fstatat() otherwise. What cannot be read leaves the last good facts, and a note. True when facts
 * or the note changed. */
bool facts_refresh(struct facts *facts, bool ask);

/* Ties each pod to what is known of it: facts, facts_state, name, container names. The strings
 * belong to `facts`: pods must be tied again after each change. True when some pod changed its
 * facts_state. *ret_unknown (may be NULL) counts the pods still waited for. */
bool facts_bind(const struct facts *facts, struct pods *pods, size_t *ret_unknown);
