/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parcel.h - a notice in as few bytes as will do, for the hundreds of thousands
 * that are kept to the end.
 *
 * Numbers are as long as they are large, packets and times are differences to
 * those before, and bytes that many flows have in common stay where they are.
 * Never leaves the process.
 */
#ifndef AUDIT_PARCEL_H
#define AUDIT_PARCEL_H

#include "audit/notice.h"

enum {
	PARCEL_FACTS = 128,   /* a notice with more is kept as it is */
	PARCEL_ZEROED = 2048, /* bytes of facts whose zeroes are left out */
};

struct parcel;

/* Makes parcels; zeroed but for `keep` and `ctx`. Of one thread. */
struct packer {
	/* A copy of a fact's bytes that outlives all parcels, or NULL for
	 * what shall be inside. */
	const uint8_t *(*keep)(void *ctx, const struct learnt *l);
	void *ctx;
	uint8_t *table; /* what is packed stands here first */
	size_t room;
};
void packer_done(struct packer *k);

/* NULL if it has too many facts, or without memory. */
struct parcel *parcel_new(struct packer *k, const struct notice *n);
/*
 * The same facts, and the flow as `later` has it but for its begin, which the
 * facts are told from. Takes the parcel over, but
 * where the answer is NULL: then there is no memory.
 */
struct parcel *parcel_update(struct packer *k, struct parcel *p,
    const struct notice *later);
void parcel_free(struct parcel *p);
size_t parcel_size(const struct parcel *p);

/* Where parcels are opened; too large to be cleared. */
struct unpacked {
	struct notice notice;
	struct learnt facts[PARCEL_FACTS];
	uint8_t ids[PARCEL_FACTS];
	_Alignas(8) uint8_t zeroed[PARCEL_ZEROED];
};

/* Holds as long as the parcel does and `to` is not used again; of the head
 * there are no facts, nor scopes. */
const struct notice *parcel_head(const struct parcel *p, struct unpacked *to);
const struct notice *parcel_open(const struct parcel *p, struct unpacked *to);

#endif
