// SPDX-License-Identifier: LGPL-2.1-or-later
// tests/lib/fake_apiserver.h as a program, for guests: serves until it is told to end by SIGTERM. Certificates:
// fake_kubelet certificate.
//
//   fake_apiserver DIR PORT CERT KEY
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/lib/fake_apiserver.h"

int main(int argc, char **argv)
{
	struct fake_apiserver *k;
	sigset_t ends;
	int signal;

	if (argc != 5) {
		(void)fputs("usage: fake_apiserver DIR PORT CERT KEY\n", stderr);
		return 2;
	}
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &ends, NULL);
	k = fake_apiserver_start(argv[1], (uint16_t)atoi(argv[2]), argv[3], argv[4]);
	if (!k) {
		(void)fprintf(stderr, "cannot serve on port %s\n", argv[2]);
		return 1;
	}
	(void)sigwait(&ends, &signal);
	fake_apiserver_stop(k);
	return 0;
}
