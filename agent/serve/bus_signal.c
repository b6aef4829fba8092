// SPDX-License-Identifier: LGPL-2.1-or-later
// See bus_signal.h. A signal that cannot be sent is lost: the property beside it still tells.
#include "agent/serve/bus_signal.h"

#include <stdio.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/base/history.h"
#include "agent/base/history_numbers.h"
#include "agent/base/messages.h"
#include "agent/base/sys.h"
#include "agent/serve/bus.h"
#include "agent/serve/bus_text.h"
#include "policy/diag.h"
#include "policy/names.h"
#include "policy/reason_text.h"

static void unref_message(sd_bus_message **message)
{
	(void)sd_bus_message_unref(*message);
}

static void emit(sd_bus *sdbus, const char *member, const char *const *text, size_t n)
{
	_cleanup_(unref_message) sd_bus_message *signal = NULL;
	int r = sd_bus_message_new_signal(sdbus, &signal, BUS_PATH, BUS_MANAGER_INTERFACE, member);

	for (size_t i = 0; i < n && r >= 0; i++)
		r = bus_text_append(signal, text[i]);
	if (r >= 0)
		(void)sys_bus(sd_bus_send(sdbus, signal, NULL));
}

void bus_signal_rung(sd_bus *sdbus, const struct snapshot *s, enum resource resource,
		     enum rung from)
{
	const struct ladder *ladder;
	char reason[REASON_TEXT_SIZE];
	const char *text[4];

	if (!s->ladders)
		return;
	ladder = &s->ladders->of[resource];
	text[0] = names_resource(resource);
	text[1] = names_rung(from);
	text[2] = names_rung(ladder->rung);
	text[3] = reason_text(&ladder->reason, s->policy, reason, sizeof(reason));

	emit(sdbus, "RungChanged", text, sizeof(text) / sizeof(text[0]));
}

static int append_numbers(sd_bus_message *signal, const char *at)
{
	struct history_number number;
	int r = sd_bus_message_open_container(signal, 'a', "{sx}");

	while (r >= 0 && *at && history_numbers_next(&at, &number))
		if (number.known)
			r = sd_bus_message_append(signal, "{sx}", number.key, number.value);
	return r < 0 ? r : sd_bus_message_close_container(signal);
}

static void emit_step(sd_bus *sdbus, const struct history_record *record)
{
	_cleanup_(unref_message) sd_bus_message *signal = NULL;
	char text[MESSAGES_TEXT_SIZE];
	const char *const texts[] = {messages_of(record->kind)->name, record->what, record->pod,
				     messages_text(record, text, sizeof(text))};
	int r = sd_bus_message_new_signal(sdbus, &signal, BUS_PATH, BUS_MANAGER_INTERFACE,
					  "StepTold");

	if (r >= 0)
		r = sd_bus_message_append(signal, "t", record->id);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && r >= 0; i++)
		r = bus_text_append(signal, texts[i]);
	if (r >= 0)
		r = append_numbers(signal, record->numbers);
	if (r >= 0)
		(void)sys_bus(sd_bus_send(sdbus, signal, NULL));
}

static void emit_evicted(sd_bus *sdbus, const struct history_record *r)
{
	const char *const text[] = {r->pod, r->what, r->to, r->why};

	emit(sdbus, "Evicted", text, sizeof(text) / sizeof(text[0]));
}

/* One that is not known is 0. */
static uint64_t number_of(const struct history_record *record, const char *key)
{
	const char *at = record->numbers;
	struct history_number number;

	while (*at && history_numbers_next(&at, &number))
		if (number.known && strcmp(number.key, key) == 0)
			return (uint64_t)number.value;
	return 0;
}

static void emit_sli(sd_bus *sdbus, const struct history_record *r)
{
	bool begins = strcmp(r->to, names_sli_verdict(SLI_VIOLATED)) == 0;
	_cleanup_(unref_message) sd_bus_message *signal = NULL;
	int e = sd_bus_message_new_signal(sdbus, &signal, BUS_PATH, BUS_MANAGER_INTERFACE,
					  begins ? "SliViolated" : "SliEnded");

	if (e >= 0)
		e = bus_text_append(signal, r->pod);
	if (e >= 0)
		e = bus_text_append(signal, r->knob);
	if (e >= 0)
		e = sd_bus_message_append(
			signal, "ttx", number_of(r, begins ? "value_permille" : "worst_permille"),
			number_of(r, "bound_permille"), (int64_t)number_of(r, "since_us"));
	if (e >= 0)
		e = bus_text_append(signal, r->why);
	if (e >= 0)
		(void)sys_bus(sd_bus_send(sdbus, signal, NULL));
}

void bus_signal_steps(sd_bus *sdbus, const struct snapshot *s, uint64_t *cursor)
{
	struct history_record r;

	while (s->history && history_next(s->history, cursor, &r)) {
		if (r.kind == HISTORY_RUNG || r.kind == HISTORY_KILL || r.kind == HISTORY_EVICT ||
		    r.kind == HISTORY_EFFECT)
			emit_step(sdbus, &r);
		if (r.kind == HISTORY_EVICT && !r.would)
			emit_evicted(sdbus, &r);
		if (r.kind == HISTORY_SLI)
			emit_sli(sdbus, &r);
	}
}

uint64_t bus_signal_from(const struct snapshot *s)
{
	return s->history ? history_end(s->history) : 0;
}

void bus_signal_policy(sd_bus *sdbus, const struct snapshot *s)
{
	char first[DIAG_FORMAT_SIZE] = "";
	const char *text[] = {s->status->policy_state, first};

	if (strncmp(s->status->policy_state, "rejected", 8) != 0)
		return;
	for (size_t i = 0; s->diags && i < diag_count(s->diags) && !first[0]; i++) {
		const struct diag *d = &s->diags->list[i];

		if (d->severity == DIAG_ERROR)
			(void)snprintf(first, sizeof(first), "%s:%u:%u: %s", d->file, d->line,
				       d->col, d->text);
	}
	emit(sdbus, "PolicyRejected", text, 2);
}
