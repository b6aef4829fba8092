// SPDX-License-Identifier: LGPL-2.1-or-later
// The text of an incident as colod keeps and hands it out: two lines of JSON, and a checksum.
#pragma once

#include <cjson/cJSON.h>
#include <stddef.h>

/* {"schema":1,"summary":…,"scene":…}, which the caller deletes. -EBADMSG: it was cut or changed; -EPROTO: it is of another version;
 * -ENOMEM. */
int incident_doc_parse(const char *text, size_t len, cJSON **ret_doc);
