/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard.h - what a command hands over before it confines itself: of its options
 * and policy all files it may still open (capture/confine.h).
 */
#ifndef UI_GUARD_H
#define UI_GUARD_H

#include <stdio.h>

#include "core/fault.h"

struct policy;
struct options;

/*
 * With the interfaces open, before any thread is started and any packet is
 * looked at. Without a policy the words are stored audits to be read. What is
 * to be written is tried again afterwards.
 */
bool guard_enter(const struct options *o, const struct policy *p,
    struct fault *f) MUST_CHECK;

/* Confines this process, which has nothing more to do, and tells how that
 * went. */
void guard_show(FILE *out);

#endif
