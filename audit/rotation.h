/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rotation.h - when a period of a run ends: by the clock, at multiples of its
 * length since midnight UTC, or by what was captured. Belongs to the reader.
 */
#ifndef AUDIT_ROTATION_H
#define AUDIT_ROTATION_H

#include "core/slice.h"

struct rotation {
	/* one of them, or neither: then never */
	int64_t every;  /* ns */
	uint64_t bytes; /* of packets, as the wire carried them */

	int64_t start;  /* of the period at hand; 0: nothing came yet */
	int64_t before; /* start of the period that ended last */
	int64_t next;   /* the one at hand ends */
	uint64_t seen;  /* bytes in it */
};

/* A packet comes. True: the period ends before it, and r->start is now that
 * of the next. */
bool rotation_packet(struct rotation *r, int64_t time, uint64_t bytes);
/* No packet came for a while; `now` is the wall clock. */
bool rotation_idle(struct rotation *r, int64_t now);
/* It ends for another reason. */
void rotation_begin(struct rotation *r, int64_t start);

#endif
