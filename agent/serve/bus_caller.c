// SPDX-License-Identifier: LGPL-2.1-or-later
// See bus_caller.h. The name comes last and may be missing: the sender may be gone already.
#include "agent/serve/bus_caller.h"

#include <stdio.h>
#include <sys/types.h>

#include "agent/base/cleanup.h"
#include "agent/base/sys.h"

static void unref_creds(sd_bus_creds **creds)
{
	(void)sd_bus_creds_unref(*creds);
}

void bus_caller_of(sd_bus_message *call, struct history_caller *ret_caller)
{
	_cleanup_(unref_creds) sd_bus_creds *creds = NULL;
	const uint64_t mask = SD_BUS_CREDS_EUID | SD_BUS_CREDS_PID | SD_BUS_CREDS_COMM |
			      SD_BUS_CREDS_AUGMENT;
	const char *comm;
	uid_t uid;
	pid_t pid;

	*ret_caller = (struct history_caller){0};
	if (sys_bus(sd_bus_query_sender_creds(call, mask, &creds)) < 0 ||
	    sd_bus_creds_get_euid(creds, &uid) < 0 || sd_bus_creds_get_pid(creds, &pid) < 0)
		return;
	ret_caller->known = true;
	ret_caller->uid = uid;
	ret_caller->pid = pid;
	if (sd_bus_creds_get_comm(creds, &comm) >= 0)
		(void)snprintf(ret_caller->comm, sizeof(ret_caller->comm), "%s", comm);
}
