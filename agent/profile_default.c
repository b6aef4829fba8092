// SPDX-License-Identifier: LGPL-2.1-or-later
// See profile_default.h. The file itself is the source, so the two cannot drift apart.
#include "agent/profile_default.h"

__asm__(".section .rodata\n"
	".global profile_default_begin\n"
	"profile_default_begin:\n"
	".incbin \"policy/profiles/default.yaml\"\n"
	".global profile_default_end\n"
	"profile_default_end:\n"
	".byte 0\n"
	".previous\n");
