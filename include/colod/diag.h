// SPDX-License-Identifier: LGPL-2.1-or-later
// A message for a human about a file they wrote. Shown as
//   FILE:LINE:COL: TEXT
//       the source line
//       ^
//   HINT
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIAG_FILE_SIZE 256
#define DIAG_TEXT_SIZE 256
#define DIAG_LINE_SIZE 160

enum diag_severity {
	DIAG_ERROR,
	DIAG_WARNING,
};

struct diag {
	enum diag_severity severity;
	char file[DIAG_FILE_SIZE];
	uint32_t line; /* from 1; 0: the file as a whole */
	uint32_t col;  /* from 1, in bytes */
	char text[DIAG_TEXT_SIZE];
	char source[DIAG_LINE_SIZE]; /* the line itself, of a long one the part around col */
	uint32_t caret;		     /* byte of source to point at, from 1 */
	char hint[DIAG_TEXT_SIZE];   /* what would be accepted, or "" */
	bool about_node;	     /* a warning that another node would not give */
};

/* A bounded list; `n` may exceed what is stored, the rest were counted only. */
#define DIAGS_MAX 64
struct diags {
	struct diag list[DIAGS_MAX];
	size_t n;
	size_t n_errors;
};
