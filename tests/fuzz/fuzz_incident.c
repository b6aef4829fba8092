// SPDX-License-Identifier: LGPL-2.1-or-later
// The file of an incident, as coloctl reads, shows and draws it. The input is what stands before the last line, whose checksum
// is made to fit, and once as it is.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/kept_end.h"
#include "agent/ctl/incident_doc.h"
#include "agent/ctl/incident_plot.h"
#include "agent/ctl/incident_show.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void show(cJSON *incident)
{
	FILE *out = fopen("/dev/null", "w");
	cJSON *doc = cJSON_CreateObject();
	struct ctl ctl = {.err = out, .doc = doc};

	if (!out || !doc)
		abort();
	cJSON_AddItemToObject(doc, "incident", incident);
	term_init(&ctl.term, out);
	(void)incident_show_one(&ctl);
	(void)incident_plot(incident, out);
	cJSON_Delete(doc);
	(void)fclose(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + KEPT_END_LEN + 1);
	cJSON *incident = NULL;

	if (!text)
		return 0;
	memcpy(text, data, size);
	if (incident_doc_parse(text, size, &incident) == 0)
		cJSON_Delete(incident);
	incident = NULL;
	kept_end_of(text, size, text + size);
	if (incident_doc_parse(text, size + KEPT_END_LEN, &incident) == 0)
		show(incident);
	free(text);
	return 0;
}
