// SPDX-License-Identifier: LGPL-2.1-or-later
// coloctl incidents [show N | plot N]: asks for what it needs, and nothing else.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/ctl/client.h"
#include "agent/ctl/ctl.h"
#include "agent/ctl/incident_plot.h"
#include "agent/ctl/incident_show.h"
#include "agent/ctl/json_out.h"
#include "agent/ctl/verbs.h"

static void delete_doc(cJSON **doc)
{
	cJSON_Delete(*doc);
}

static int read_id(const char *word, uint64_t *ret_id)
{
	size_t len = word ? strspn(word, "0123456789") : 0;

	if (!word)
		return verbs_usage("which incident? For example: coloctl incidents show 7. List "
				   "them: coloctl incidents",
				   "", "");
	if (len == 0 || len > 18 || word[len])
		return verbs_usage("an incident is a whole number, not '", word,
				   "'. List them: coloctl incidents");
	*ret_id = strtoull(word, NULL, 10);
	return CTL_OK;
}

static int put_json(const struct ctl *ctl, const cJSON *doc)
{
	return json_out(doc, ctl->term.out) < 0 ? CTL_FAILED : CTL_OK;
}

static int say_plot(const struct ctl *ctl, int error)
{
	if (error == -ENODATA)
		(void)fprintf(ctl->err, "coloctl: this incident has no samples, so that there is "
					"nothing to draw\n");
	else if (error < 0)
		(void)fprintf(ctl->err, "coloctl: cannot write the plot: %s\n", strerror(-error));
	return error < 0 ? CTL_FAILED : CTL_OK;
}

static int plot_to_file(const cJSON *doc, const char *path)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_close_ int fd = -EBADF;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int r;

	if (!out)
		return -ENOMEM;
	r = incident_plot(doc, out);
	if (fclose(out) != 0 && r == 0)
		r = -ENOMEM;
	if (r < 0)
		return r;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	return fd < 0 ? -errno : fs_write_all(fd, text, len);
}

static int list(struct ctl *ctl)
{
	_cleanup_(delete_doc) cJSON *whole = cJSON_CreateObject();
	cJSON *doc = NULL;
	int r = client_incidents(ctl->err, &doc);

	if (r != CTL_OK)
		return r;
	if (!whole || !cJSON_AddItemToObject(whole, "incidents", doc)) {
		cJSON_Delete(doc);
		return CTL_FAILED;
	}
	ctl->doc = whole;
	return ctl->json ? put_json(ctl, doc) : incident_show_all(ctl);
}

static int one(struct ctl *ctl, uint64_t id, bool plots)
{
	_cleanup_(delete_doc) cJSON *whole = cJSON_CreateObject();
	cJSON *doc = NULL;
	int r = client_incident(ctl->err, id, &doc);

	if (r != CTL_OK)
		return r;
	if (!whole || !cJSON_AddItemToObject(whole, "incident", doc)) {
		cJSON_Delete(doc);
		return CTL_FAILED;
	}
	ctl->doc = whole;
	if (ctl->json)
		return put_json(ctl, doc);
	if (!plots)
		return incident_show_one(ctl);
	return say_plot(ctl, ctl->output ? plot_to_file(doc, ctl->output)
					 : incident_plot(doc, ctl->term.out));
}

int verb_incidents(const struct ctl *ctl)
{
	struct ctl own = *ctl;
	const char *what = ctl->args[0];
	bool plots = what && strcmp(what, "plot") == 0;
	uint64_t id = 0;
	int r;

	if (ctl->output && !plots)
		return verbs_usage("--output goes with incidents plot", "", "");
	if (!what)
		return list(&own);
	if (!plots && strcmp(what, "show") != 0)
		return verbs_usage("incidents takes show N or plot N, not '", what, "'");
	r = read_id(ctl->args[1], &id);
	return r == CTL_OK ? one(&own, id, plots) : r;
}
