/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ndpi.h - a name for flows that no dissector knows, by libndpi. A label for
 * people, never evidence of protection.
 *
 * One namer per worker: nDPI's module is not thread-safe. Without libndpi
 * (HAVE_NDPI=0) a namer names nothing. A flow's memory is freed as soon as
 * there is an answer.
 */
#ifndef DISSECT_NDPI_H
#define DISSECT_NDPI_H

#include "core/slice.h"

enum { NDPI_NAME_SIZE = 32, NDPI_PACKETS_MOST = 8 };

struct ndpi_namer;

/* What is held of one flow; zeroed at first. */
struct ndpi_handle {
	void *flow;
	uint8_t packets;
	bool over; /* no further packet is wanted */
};

/* NULL without memory, or if library and header do not match. */
struct ndpi_namer *ndpi_namer_new(void);
void ndpi_namer_free(struct ndpi_namer *n); /* handles before it */

/*
 * One packet from its IP header on, with its time in milliseconds. True once,
 * when the name is found (lower case, for instance "rdp"); false while it is
 * not, and for ever after NDPI_PACKETS_MOST packets.
 */
bool ndpi_name(struct ndpi_namer *n, struct ndpi_handle *h,
    struct slice network, uint64_t ms, char name[NDPI_NAME_SIZE]);

void ndpi_forget(struct ndpi_handle *h); /* the flow ends */

#endif
