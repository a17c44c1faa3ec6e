/* SPDX-License-Identifier: Apache-2.0 */
#include "core/room.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM_FIRST = 64 };

static bool
grow(void **list, size_t more, size_t *room, size_t size)
{
	/* Asked first: a sanitizer's reallocarray() ends the process instead.
	 */
	if (size != 0 && more > SIZE_MAX / size)
		return false;
	void *bigger = realloc(*list, more * size);

	if (bigger == NULL)
		return false;
	*list = bigger;
	*room = more;
	return true;
}

bool
room_for_one(void **list, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return true;
	return grow(list, *room == 0 ? ROOM_FIRST : *room * 2, room, size);
}

bool
room_zeroed(void **list, size_t want, size_t *room, size_t size)
{
	size_t had = *room, more = had == 0 ? ROOM_FIRST : had;

	if (want <= had)
		return true;
	while (more < want)
		more *= 2;
	if (!grow(list, more, room, size))
		return false;
	memset((char *)*list + had * size, 0, (more - had) * size);
	return true;
}
