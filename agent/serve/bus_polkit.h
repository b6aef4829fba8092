// SPDX-License-Identifier: LGPL-2.1-or-later
// May this caller have something changed? Root may; of everybody else polkit is asked, without waiting for
// its answer: the handler is called a second time when that has come.
//
//	struct history_caller caller;
//	r = bus_polkit_may(polkit, &(struct bus_polkit_ask){call, action, this_handler, userdata}, &caller, error);
//	if (r <= 0)
//		return bus_polkit_later(r);
//	... do it
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "colod/history.h"

/* One for each kind of change; packaging/polkit/io.colod.agent1.policy has their defaults. */
enum bus_action {
	BUS_ACTION_RELOAD,
	BUS_ACTION_SET_MODE,
	BUS_ACTION_SET_LEVEL,
	BUS_ACTION_HOLD, /* squeeze, freeze, thaw */
	BUS_ACTION_EVICT,
	BUS_ACTION_COUNT,
};

/* The name that polkit knows it by. */
const char *bus_polkit_action(enum bus_action action);

/* More are refused. One user alone does not take the place of all others. */
#define BUS_POLKIT_MAX 16
#define BUS_POLKIT_MAX_OF_USER 4
struct bus_polkit_ask {
	sd_bus_message *call;
	enum bus_action action;
	sd_bus_message_handler_t handler;
	void *userdata;
};

/* A question under way; `call` NULL: a free place. */
struct bus_question {
	struct bus_polkit *polkit;
	struct bus_polkit_ask ask; /* holds a reference of its call */
	sd_bus_slot *slot;
	sd_bus_track *caller_track;
	struct history_caller caller;
	uint64_t number;
	bool allowed;
};

struct bus_polkit {
	sd_bus *sdbus; /* borrowed */
	uint64_t asked;
	uint64_t patience_us; /* with polkit; where the caller's user may be asked, the other one */
	uint64_t interactive_us;
	struct bus_question questions[BUS_POLKIT_MAX];
};

/* The struct must not move until bus_polkit_done(), which drops every question unanswered. */
void bus_polkit_init(struct bus_polkit *polkit, sd_bus *sdbus);
void bus_polkit_done(struct bus_polkit *polkit);

/* 1: it may, and *ret_caller says who it is. 0: polkit has been asked; the handler will be called again with
 * the same message, rewound, or an error is sent in its stead. Negative: *error is the answer. */
int bus_polkit_may(struct bus_polkit *polkit, const struct bus_polkit_ask *ask,
		   struct history_caller *ret_caller, sd_bus_error *error);

/* What a handler returns for what is not positive there: that its answer comes later, or the error. */
static inline int bus_polkit_later(int r)
{
	return r == 0 ? 1 : r;
}
