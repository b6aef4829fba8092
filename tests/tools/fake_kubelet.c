// SPDX-License-Identifier: LGPL-2.1-or-later
// tests/lib/fake_kubelet.h as a program, for guests: serves until it is told to end by SIGTERM.
//
//   fake_kubelet serve DIR PORT CERT KEY
//   fake_kubelet certificate DIR CA NAME ALT_NAMES
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/fake_kubelet.h"

static int serve(char **argv)
{
	struct fake_kubelet *k;
	sigset_t ends;
	int signal;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &ends, NULL);
	k = fake_kubelet_start(argv[2], (uint16_t)atoi(argv[3]), argv[4], argv[5]);
	if (!k) {
		(void)fprintf(stderr, "cannot serve on port %s\n", argv[3]);
		return 1;
	}
	(void)sigwait(&ends, &signal);
	fake_kubelet_stop(k);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 6 && strcmp(argv[1], "serve") == 0)
		return serve(argv);
	if (argc == 6 && strcmp(argv[1], "certificate") == 0)
		return fake_kubelet_certificate(argv[2], argv[3], argv[4], argv[5]) ? 0 : 1;
	(void)fputs("usage: fake_kubelet serve DIR PORT CERT KEY\n"
		    "       fake_kubelet certificate DIR CA NAME ALT_NAMES\n",
		    stderr);
	return 2;
}
