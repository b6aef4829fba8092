// SPDX-License-Identifier: LGPL-2.1-or-later
// See who.h. Expects UTF-8, as discovery lets no other name through.
#include "policy/who.h"

#include <string.h>

void who_copy(char to[REASON_WHO_SIZE], const char *name)
{
	size_t n = strlen(name);

	if (n > REASON_WHO_SIZE - 1) {
		n = REASON_WHO_SIZE - 1;
		while (n > 0 && ((unsigned char)name[n] & 0xc0) == 0x80)
			n--;
	}
	memcpy(to, name, n);
	to[n] = '\0';
}

void who_set(struct reason *reason, const char *name)
{
	who_copy(reason->who, name);
}

void who_set_pod(struct reason *reason, const struct model *model, uint32_t pod)
{
	who_set(reason, pod < model->n_pods ? model->pods[pod]->name : "");
}
