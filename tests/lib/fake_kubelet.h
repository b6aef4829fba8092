// SPDX-License-Identifier: LGPL-2.1-or-later
// A kubelet, or an API server, to talk to: a real TLS server on the loopback address that does what
// the files of its folder say. They are read anew for each question, so that a test, or a script in
// a guest, steers it by writing them:
//
//   pods.json        what /pods answers          api.json, api-NAME.json   the list, and its page NAME
//   node.json        what /api/v1/nodes/NAME answers
//   token            who may ask; without it, everybody
//   mode, api-mode   one word: ok (no file: the same), slow, cut, hang, redirect, garbage, length-less,
//                    a status such as 403, or big, huge: padded to 20 MB, to more than 64 MiB
//   log              written: one line "STATUS METHOD URL" for each question
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fake_kubelet;

/* `port` 0: any. `cert` and `key` are paths of PEM files. NULL where it cannot start. */
struct fake_kubelet *fake_kubelet_start(const char *dir, uint16_t port, const char *cert,
					const char *key);
/* Lets go of questions that hang; accepts NULL. */
void fake_kubelet_stop(struct fake_kubelet *k);
uint16_t fake_kubelet_port(const struct fake_kubelet *k);

/* Questions so far whose URL begins so; those that hang are counted when they come. */
size_t fake_kubelet_asked(struct fake_kubelet *k, const char *url);

/* Makes CA.pem, CA.key and, signed by it, NAME.pem, NAME.key in `dir` with openssl, for these names
 * ("DNS:node-1,IP:127.0.0.1"). An existing CA is used. False, and why on stderr. */
bool fake_kubelet_certificate(const char *dir, const char *ca, const char *name,
			      const char *alt_names);
