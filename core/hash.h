/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hash.h - keyed hash (SipHash-1-3) for tables that see the network, so that
 * a peer cannot choose its bucket. Key drawn once per process; hash_seed()
 * fixes it for tests. Nothing that is reported may depend on a hash value.
 */
#ifndef CORE_HASH_H
#define CORE_HASH_H

#include "core/slice.h"

void hash_seed(uint64_t k0, uint64_t k1);
uint64_t hash_bytes(const void *p, size_t n);
/* The same of words, as they lie in memory: quicker. */
uint64_t hash_words(const uint64_t *w, size_t n);

#endif
