/* SPDX-License-Identifier: Apache-2.0 */
/*
 * room.h - lists on the heap that grow by doubling. The caller owns the list;
 * `list` is the address of its pointer, `room` what fits, in elements of `size`
 * bytes. False: no memory, and all stays as it was.
 */
#ifndef CORE_ROOM_H
#define CORE_ROOM_H

#include "core/base.h"

/* Room for one behind `count`. */
bool room_for_one(void **list, size_t count, size_t *room,
    size_t size) MUST_CHECK;
/* Room for `want` in all; what is new is zeroed. */
bool room_zeroed(void **list, size_t want, size_t *room,
    size_t size) MUST_CHECK;

#endif
