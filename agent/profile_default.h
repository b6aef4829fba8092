// SPDX-License-Identifier: LGPL-2.1-or-later
// The shipped default profile, built into the agent: what a node without any policy file gets
// (in mode observe), so that a first look needs no installation.
#pragma once

extern const char profile_default_begin[];
extern const char profile_default_end[];
