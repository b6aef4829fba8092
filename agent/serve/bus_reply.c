// SPDX-License-Identifier: LGPL-2.1-or-later
// See bus_reply.h.
#include "agent/serve/bus_reply.h"

#include <errno.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/base/sealed.h"
#include "agent/base/sys.h"

int bus_reply_json(sd_bus_message *call, const char *name, cJSON *json)
{
	_cleanup_close_ int fd = -EBADF;
	_cleanup_free_ char *text = json ? cJSON_PrintUnformatted(json) : NULL;
	int r;

	cJSON_Delete(json);
	if (!text)
		return -ENOMEM;
	r = sealed_new(name, text, strlen(text), &fd);
	return r < 0 ? r : sys_bus(sd_bus_reply_method_return(call, "h", fd));
}
