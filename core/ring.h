/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ring.h - a bounded queue of pointers between threads, with wake-up.
 *
 * Any number of writers, one reader. A pointer that was put belongs to the
 * reader; NULL cannot be put. ring_put() waits while the ring is full.
 * ring_close() lets the reader drain what is there; then ring_get() gives NULL.
 *
 * Waking costs a system call and a change of threads. A patient ring lets its
 * reader sleep until so many pointers are there, or ring_nudge() says that no
 * more will come soon.
 */
#ifndef CORE_RING_H
#define CORE_RING_H

#include "core/base.h"

struct ring;

struct ring *ring_new(size_t slots);
void ring_free(struct ring *r);
void ring_patient(struct ring *r, size_t items); /* 1 at first */
void ring_nudge(struct ring *r);
bool ring_put(struct ring *r, void *p) MUST_CHECK; /* false: closed */
void *ring_get(struct ring *r);                    /* waits */
void *ring_try(struct ring *r);                    /* NULL: empty now */
void ring_close(struct ring *r);

#endif
