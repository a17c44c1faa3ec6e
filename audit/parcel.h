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
#include "core/slab.h"

enum {
	PARCEL_FACTS = 128,   /* a notice with more is kept as it is */
	PARCEL_ZEROED = 2048, /* bytes of facts whose zeroes are left out */
};

struct parcel;

/* Makes parcels and holds them; zeroed but for the first ones. Of one thread,
 * and where it is it stays. */
struct packer {
	/* The number of a copy of a fact's bytes that outlives all parcels, or
	 * 0 for what shall be inside. */
	uint32_t (*keep)(void *ctx, const struct learnt *l);
	void *ctx;
	const struct slice *copies; /* by number; may move and grow */
	uint8_t *table;             /* what is packed stands here first */
	size_t room;
	struct slab slab;
};
void packer_done(struct packer *k); /* and all its parcels */

/* NULL if it has too many facts or bytes, or without memory. */
struct parcel *parcel_new(struct packer *k, const struct notice *n);
/*
 * The same facts, and the flow as `later` has it but for its begin, which the
 * facts are told from. Takes the parcel over, but
 * where the answer is NULL: then there is no memory.
 */
struct parcel *parcel_update(struct packer *k, struct parcel *p,
    const struct notice *later);
void parcel_free(struct packer *k, struct parcel *p); /* NULL is allowed */
size_t parcel_size(const struct parcel *p);
/* For each of them when slab_is_sparse(): where it is from now on. */
struct parcel *parcel_move(struct packer *k, struct parcel *p);

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
