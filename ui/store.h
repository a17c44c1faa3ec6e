/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h - the rows the screens show, with what they add up to: sums by
 * class, findings, hosts. Belongs to the screen's thread; filled from
 * audit/view.h. Knows no curses.
 */
#ifndef UI_STORE_H
#define UI_STORE_H

#include "audit/view.h"

struct store_host {
	struct addr addr;
	uint64_t flows, bytes;
	uint64_t by_verdict[VERDICTS];
	uint64_t findings; /* of any flow so far */
	uint8_t role;
	bool listed; /* the role stands in the policy */
	char name[VIEW_NAME];
};

struct store_sums {
	uint64_t flows, bytes, packets, lost;
	uint64_t by_class[CLASSES][VERDICTS];
	uint64_t class_bytes[CLASSES];
	uint64_t by_verdict[VERDICTS];
	uint64_t findings[FINDINGS];
	uint64_t inferred, one_way, mid_stream;
	int64_t first, last; /* 0, 0: no flow */
};

struct store;

struct store *store_new(void); /* NULL without memory */
void store_free(struct store *s);

/* Takes a row over; returns false without memory. What its hosts are now is
 * told by store_touched(). */
bool store_put(struct store *s, const struct view_row *r) MUST_CHECK;
void store_certs(struct store *s, const struct view_cert *c, size_t n);
/* Hosts that the last store_put() changed; returns how many (0 to 4). */
unsigned store_touched(const struct store *s, uint32_t out[4]);
/* Takes the tags over from another store, by first packet. */
void store_keep_tags(struct store *s, const struct store *from);

size_t store_count(const struct store *s);
const struct view_row *store_row(const struct store *s, uint32_t slot);
/* The flow that begins with this packet; false: not there. */
bool store_find(const struct store *s, uint64_t first_packet, uint32_t *slot);
const struct store_sums *store_sums(const struct store *s);

size_t store_host_count(const struct store *s);
const struct store_host *store_host(const struct store *s, uint32_t i);
bool store_host_of(const struct store *s, const struct addr *a, uint32_t *i);
size_t store_cert_count(const struct store *s);
const struct view_cert *store_cert(const struct store *s, uint32_t i);

void store_tag(struct store *s, uint32_t slot, bool on);
bool store_is_tagged(const struct store *s, uint32_t slot);
size_t store_tags(const struct store *s);

/* The worst of its verdicts: violation, undetermined, exempt, compliant, out
 * of scope. */
enum verdict store_worst(const uint64_t by_verdict[VERDICTS]);

#endif
