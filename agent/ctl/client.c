// SPDX-License-Identifier: LGPL-2.1-or-later
// See client.h.
#include "agent/ctl/client.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/utf8.h"
#include "agent/ctl/ctl.h"
#include "agent/ctl/doc.h"
#include "agent/ctl/incident_doc.h"
#include "policy/kernel_text.h"
#include "policy/read.h"

#define TIMEOUT_US 5000000
/* A little longer than colod gives polkit, and than it gives it to ask somebody for a password. */
#define POLKIT_TIMEOUT_US 25000000
#define ASKED_TIMEOUT_US 125000000
/* ... and than it waits for whoever was asked to evict. */
#define EVICT_TIMEOUT_US 12000000
#define DOCUMENT_MAX_BYTES (256 * 1024 * 1024)
#define SCHEMA 1

static void unref_bus(sd_bus **bus)
{
	(void)sd_bus_flush_close_unref(*bus);
}

static void unref_message(sd_bus_message **message)
{
	(void)sd_bus_message_unref(*message);
}

/* The unit does not start with colod=off, and systemctl says nothing about it. */
static bool is_switched_off(void)
{
	_cleanup_close_ int fd = -EBADF;
	char line[16384], word[16];
	const char *at = line;

	if (fs_open_root("/", &fd) < 0 || fs_read(fd, "proc/cmdline", line, sizeof(line), NULL) < 0)
		return false;
	while (kernel_text_option(&at, "colod", word, sizeof(word))) {
		if (strcmp(word, "off") == 0)
			return true;
	}
	return false;
}

static int not_running(FILE *err)
{
	(void)fprintf(err, "coloctl: colod is not running%s\n",
		      is_switched_off() ? ": colod=off is on the kernel command line. It starts "
					  "after a boot without it"
					: ". Start it: systemctl start colod");
	return CTL_NOT_RUNNING;
}

static int denied(FILE *err)
{
	if (geteuid() == 0)
		(void)fprintf(err, "coloctl: the bus does not let root ask colod: its policy file "
				   "io.colod.Agent1.conf is not installed. Put it into "
				   "/usr/share/dbus-1/system.d, then: systemctl reload dbus\n");
	else
		(void)fprintf(err, "coloctl: you may not ask colod: only root and members of group "
				   "colod may. Use sudo, or: sudo usermod -aG colod $USER, and log "
				   "in again\n");
	return CTL_DENIED;
}

static int no_bus(FILE *err, int error)
{
	if (error == -EACCES || error == -EPERM)
		return denied(err);
	(void)fprintf(err,
		      "coloctl: no system bus (%s). Start it: systemctl start dbus. Without a bus, "
		      "`colod --once --mode observe` shows the plan\n",
		      strerror(-error));
	return CTL_NOT_RUNNING;
}

static int call_failed(FILE *err, const sd_bus_error *error, int r)
{
	if (sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
	    sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
		return not_running(err);
	if (sd_bus_error_has_name(error, SD_BUS_ERROR_ACCESS_DENIED))
		return denied(err);
	if (sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY) || r == -ETIMEDOUT)
		(void)fprintf(err, "coloctl: colod runs but did not answer in time. Look at: "
				   "journalctl -u colod\n");
	else
		(void)fprintf(err,
			      "coloctl: colod did not answer: %s. Look at: journalctl -u colod\n",
			      strerror(-r));
	return CTL_FAILED;
}

static int too_old(FILE *err)
{
	(void)fprintf(err, "coloctl: this is coloctl " COLOD_VERSION ", and the running colod is "
			   "older. Restart it: systemctl restart colod\n");
	return CTL_FAILED;
}

/* By pread: the offset belongs to everybody who holds this memory file. */
static int read_all(int fd, char **ret_text, size_t *ret_len)
{
	_cleanup_free_ char *text = NULL;
	struct stat st;
	size_t len = 0;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size <= 0 || st.st_size > DOCUMENT_MAX_BYTES)
		return -EFBIG;
	text = malloc((size_t)st.st_size);
	if (!text)
		return -ENOMEM;
	while (len < (size_t)st.st_size) {
		ssize_t n = pread(fd, text + len, (size_t)st.st_size - len, (off_t)len);

		if (n < 0)
			return -errno;
		if (n == 0)
			return -EIO;
		len += (size_t)n;
	}
	*ret_text = TAKE_PTR(text);
	*ret_len = len;
	return 0;
}

static int parse(FILE *err, int fd, cJSON **ret_doc)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	int r = read_all(fd, &text, &len);
	cJSON *doc = r < 0 ? NULL : cJSON_ParseWithLength(text, len);

	if (!doc) {
		(void)fprintf(err, "coloctl: the snapshot from colod cannot be read%s%s\n",
			      r < 0 ? ": " : "", r < 0 ? strerror(-r) : "");
		return CTL_FAILED;
	}
	if (doc_count(doc, "schema") != SCHEMA) {
		(void)fprintf(err, "coloctl: this is coloctl " COLOD_VERSION ", and the running "
				   "colod speaks another version. Restart it: systemctl restart "
				   "colod\n");
		cJSON_Delete(doc);
		return CTL_FAILED;
	}
	*ret_doc = doc;
	return CTL_OK;
}

/* The file that a method answers with, which belongs to the reply; it takes over `call`. */
static int ask(FILE *err, sd_bus *bus, sd_bus_message *call, sd_bus_message **ret_reply,
	       int *ret_fd)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(unref_message) sd_bus_message *owned = call;
	int r = sd_bus_call(bus, owned, TIMEOUT_US, &error, ret_reply);

	if (sd_bus_error_has_name(&error, "io.colod.Agent1.Error.NoSuchPod")) {
		(void)fprintf(err, "coloctl: %s any more\n", error.message);
		return CTL_NO_POD;
	}
	if (sd_bus_error_has_name(&error, "io.colod.Agent1.Error.NoSuchIncident")) {
		(void)fprintf(err, "coloctl: %s. List them: coloctl incidents\n", error.message);
		return CTL_NO_POD;
	}
	if (sd_bus_error_has_name(&error, SD_BUS_ERROR_INVALID_ARGS)) {
		(void)fprintf(err, "coloctl: %s\n", error.message);
		return CTL_USAGE;
	}
	if (sd_bus_error_has_name(&error, SD_BUS_ERROR_UNKNOWN_METHOD))
		return too_old(err);
	if (sd_bus_error_has_name(&error, "io.colod.Agent1.Error.NothingYet")) {
		(void)fprintf(err, "coloctl: %s\n", error.message);
		return CTL_FAILED;
	}
	if (r >= 0)
		r = sd_bus_message_read(*ret_reply, "h", ret_fd);
	return r < 0 ? call_failed(err, &error, r) : CTL_OK;
}

/* The document that a method answers with; it takes over `call`. */
static int fetch(FILE *err, sd_bus *bus, sd_bus_message *call, cJSON **ret_doc)
{
	_cleanup_(unref_message) sd_bus_message *reply = NULL;
	int fd, r = ask(err, bus, call, &reply, &fd);

	return r == CTL_OK ? parse(err, fd, ret_doc) : r;
}

static int new_call(sd_bus *bus, const char *member, sd_bus_message **ret_call)
{
	return sd_bus_message_new_method_call(bus, ret_call, "io.colod.Agent1", "/io/colod/Agent1",
					      "io.colod.Agent1.Manager", member);
}

int client_fetch(FILE *err, cJSON **ret_doc)
{
	_cleanup_(unref_bus) sd_bus *bus = NULL;
	sd_bus_message *call = NULL;
	int r = sd_bus_open_system(&bus);

	if (r < 0)
		return no_bus(err, r);
	r = new_call(bus, "Dump", &call);
	if (r < 0)
		return call_failed(err, NULL, r);
	return fetch(err, bus, call, ret_doc);
}

int client_history(FILE *err, const struct client_filter *f, cJSON **ret_doc)
{
	_cleanup_(unref_bus) sd_bus *bus = NULL;
	sd_bus_message *call = NULL;
	int r = sd_bus_open_system(&bus);

	if (r < 0)
		return no_bus(err, r);
	r = new_call(bus, "History", &call);
	if (r >= 0)
		r = sd_bus_message_append(call, "tssu", f->since_us, f->kinds, f->of, f->max);
	if (r < 0) {
		(void)sd_bus_message_unref(call);
		return call_failed(err, NULL, r);
	}
	return fetch(err, bus, call, ret_doc);
}

/* Opens the bus and begins a call of the manager. */
static int begin(FILE *err, const char *member, sd_bus **ret_bus, sd_bus_message **ret_call)
{
	int r = sd_bus_open_system(ret_bus);

	if (r < 0)
		return no_bus(err, r);
	r = new_call(*ret_bus, member, ret_call);
	return r < 0 ? call_failed(err, NULL, r) : CTL_OK;
}

int client_incidents(FILE *err, cJSON **ret_doc)
{
	_cleanup_(unref_bus) sd_bus *bus = NULL;
	sd_bus_message *call = NULL;
	int r = begin(err, "GetIncidents", &bus, &call);

	return r == CTL_OK ? fetch(err, bus, call, ret_doc) : r;
}

int client_incident(FILE *err, uint64_t id, cJSON **ret_doc)
{
	_cleanup_(unref_bus) sd_bus *bus = NULL;
	_cleanup_(unref_message) sd_bus_message *reply = NULL;
	_cleanup_free_ char *text = NULL;
	sd_bus_message *call = NULL;
	size_t len = 0;
	int fd, r = begin(err, "GetIncident", &bus, &call);

	if (r != CTL_OK)
		return r;
	r = sd_bus_message_append(call, "t", id);
	if (r < 0) {
		(void)sd_bus_message_unref(call);
		return call_failed(err, NULL, r);
	}
	r = ask(err, bus, call, &reply, &fd);
	if (r != CTL_OK)
		return r;
	r = read_all(fd, &text, &len);
	if (r == 0)
		r = incident_doc_parse(text, len, ret_doc);
	if (r < 0)
		(void)fprintf(err, "coloctl: this incident cannot be read: %s\n",
			      r == -EBADMSG  ? "its file was cut or changed"
			      : r == -EPROTO ? "another version of colod wrote it"
					     : strerror(-r));
	return r < 0 ? CTL_FAILED : CTL_OK;
}

int client_policy_why(FILE *err, const char *pod, cJSON **ret_doc)
{
	_cleanup_(unref_bus) sd_bus *bus = NULL;
	sd_bus_message *call = NULL;
	int r = begin(err, "PolicyWhy", &bus, &call);

	if (r != CTL_OK)
		return r;
	r = sd_bus_message_append(call, "s", pod);
	if (r < 0) {
		(void)sd_bus_message_unref(call);
		return call_failed(err, NULL, r);
	}
	return fetch(err, bus, call, ret_doc);
}

static int append_files(sd_bus_message *call, const struct policy_source *sources, size_t n)
{
	int r = sd_bus_message_open_container(call, 'a', "(ss)");

	for (size_t i = 0; i < n && r >= 0; i++) {
		/* The reader takes no file with a NUL in it. */
		_cleanup_free_ char *text = strndup(sources[i].text, sources[i].len);
		_cleanup_free_ char *name = strdup(sources[i].name);

		if (!text || !name)
			return -ENOMEM;
		r = sd_bus_message_append(call, "(ss)", utf8_scrub(name), text);
	}
	return r < 0 ? r : sd_bus_message_close_container(call);
}

int client_plan_policy(FILE *err, const struct policy_source *sources, size_t n, cJSON **ret_doc)
{
	_cleanup_(unref_bus) sd_bus *bus = NULL;
	sd_bus_message *call = NULL;
	int r = begin(err, "PlanPolicy", &bus, &call);

	if (r != CTL_OK)
		return r;
	r = append_files(call, sources, n);
	if (r < 0) {
		(void)sd_bus_message_unref(call);
		return call_failed(err, NULL, r);
	}
	return fetch(err, bus, call, ret_doc);
}

/* A refusal of something that root may, and whom polkit allows it. */
static int change_failed(FILE *err, const sd_bus_error *error, int r)
{
	if (sd_bus_error_has_name(error, "io.colod.Agent1.Error.NotAllowed") ||
	    sd_bus_error_has_name(error, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED)) {
		(void)fprintf(err, "coloctl: %s\n", error->message);
		return CTL_DENIED;
	}
	if (sd_bus_error_has_name(error, SD_BUS_ERROR_UNKNOWN_METHOD))
		return too_old(err);
	if (sd_bus_error_has_name(error, "io.colod.Agent1.Error.NoSuchPod") ||
	    sd_bus_error_has_name(error, "io.colod.Agent1.Error.AmbiguousPod")) {
		(void)fprintf(err, "coloctl: %s. List them: coloctl pods\n", error->message);
		return CTL_NO_POD;
	}
	if (sd_bus_error_has_name(error, "io.colod.Agent1.Error.Refused")) {
		(void)fprintf(err, "coloctl: refused: %s\n", error->message);
		return CTL_FAILED;
	}
	if (sd_bus_error_has_name(error, "io.colod.Agent1.Error.PolicyRejected") ||
	    sd_bus_error_has_name(error, "io.colod.Agent1.Error.NothingYet") ||
	    sd_bus_error_has_name(error, SD_BUS_ERROR_LIMITS_EXCEEDED) ||
	    sd_bus_error_has_name(error, SD_BUS_ERROR_INVALID_ARGS)) {
		(void)fprintf(err, "coloctl: %s\n", error->message);
		return CTL_FAILED;
	}
	return call_failed(err, error, r);
}

static int read_answer(sd_bus_message *reply, void *answer)
{
	struct client_answer *ret_answer = answer;
	const char *mode, *why, *note;
	int r = sd_bus_message_read(reply, "sss", &mode, &why, &note);

	if (r < 0)
		return r;
	(void)snprintf(ret_answer->mode, sizeof(ret_answer->mode), "%s", mode);
	(void)snprintf(ret_answer->why, sizeof(ret_answer->why), "%s", why);
	(void)snprintf(ret_answer->note, sizeof(ret_answer->note), "%s", note);
	return 0;
}

/* Who sits at a terminal may be asked for a password; a script gets its no at once. */
static int call_change(sd_bus *bus, sd_bus_message *call, sd_bus_error *error,
		       sd_bus_message **ret_reply)
{
	bool asks = geteuid() != 0 && isatty(STDIN_FILENO);
	uint64_t timeout_us = geteuid() == 0 ? TIMEOUT_US : POLKIT_TIMEOUT_US;

	if (strcmp(sd_bus_message_get_member(call), "Evict") == 0)
		timeout_us += EVICT_TIMEOUT_US;
	(void)sd_bus_message_set_allow_interactive_authorization(call, asks);
	return sd_bus_call(bus, call, asks ? ASKED_TIMEOUT_US : timeout_us, error, ret_reply);
}

/* Asks for a change, and reads the reply into `answer`. */
static int change(FILE *err, const char *member, const char *types, va_list args,
		  int (*read)(sd_bus_message *reply, void *answer), void *answer)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(unref_bus) sd_bus *bus = NULL;
	_cleanup_(unref_message) sd_bus_message *call = NULL, *reply = NULL;
	int r = begin(err, member, &bus, &call);

	if (r != CTL_OK)
		return r;
	r = sd_bus_message_appendv(call, types, args);
	if (r >= 0)
		r = call_change(bus, call, &error, &reply);
	if (r >= 0)
		r = read(reply, answer);
	return r < 0 ? change_failed(err, &error, r) : CTL_OK;
}

int client_change(FILE *err, struct client_answer *ret_answer, const char *member,
		  const char *types, ...)
{
	va_list args;
	int r;

	va_start(args, types);
	r = change(err, member, types, args, read_answer, ret_answer);
	va_end(args);
	return r;
}

static int read_order(sd_bus_message *reply, void *ret_answer)
{
	struct client_order answer = {0};
	const char *text = "";
	int r;

	if (sd_bus_message_has_signature(reply, "u")) {
		r = sd_bus_message_read(reply, "u", &answer.ended);
	} else if (sd_bus_message_has_signature(reply, "s")) {
		r = sd_bus_message_read(reply, "s", &text);
	} else {
		r = sd_bus_message_read(reply, "ts", &answer.until_us, &text);
	}
	if (r < 0)
		return r;
	(void)snprintf(answer.text, sizeof(answer.text), "%s", text);
	*(struct client_order *)ret_answer = answer;
	return 0;
}

int client_order(FILE *err, struct client_order *ret_answer, const char *member, const char *types,
		 ...)
{
	va_list args;
	int r;

	va_start(args, types);
	r = change(err, member, types, args, read_order, ret_answer);
	va_end(args);
	return r;
}

int client_reload(FILE *err)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(unref_bus) sd_bus *bus = NULL;
	_cleanup_(unref_message) sd_bus_message *call = NULL;
	int r = begin(err, "Reload", &bus, &call);

	if (r != CTL_OK)
		return r;
	r = call_change(bus, call, &error, NULL);
	return r < 0 ? change_failed(err, &error, r) : CTL_OK;
}
