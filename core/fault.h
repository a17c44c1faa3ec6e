/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault.h - one sentence for the user. Set-up code fills it and returns what
 * fail() returns; packet code has no sentences.
 */
#ifndef CORE_FAULT_H
#define CORE_FAULT_H

#include "core/base.h"

struct fault {
	char text[512];
};

/*
 * Writes the sentence (no trailing dot, cut where too long); always false.
 * f->text may be among the arguments, so that a caller can add to it.
 */
bool fail(struct fault *f, const char *fmt, ...) PRINTF(2, 3);

#endif
