/* SPDX-License-Identifier: Apache-2.0 */
/*
 * support.h - what cmocka lacks: prefix sweeps, temporary files, numbers in no
 * order that are the same each time.
 */
#ifndef TESTS_SUPPORT_H
#define TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Before cmocka, whose macro is called fail() too. */
#include "core/fault.h"

#include <cmocka.h>

#include "core/slice.h"

/* Marsaglia, "Xorshift RNGs", with his seed. */
#define ANY_SEED UINT64_C(88172645463325252)

static inline uint64_t
any_of(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/*
 * Calls `try_piece` with every shorter piece of `whole`, longest last, each in
 * heap memory of its own size so that a sanitizer sees one byte too many.
 * `is_whole` tells the last call.
 */
static inline void
each_prefix(struct slice whole,
    void (*try_piece)(struct slice piece, bool is_whole, void *ctx), void *ctx)
{
	for (size_t n = 0; n <= whole.n; n++) {
		uint8_t *p = malloc(n ? n : 1);

		assert_non_null(p);
		if (n > 0)
			memcpy(p, whole.p, n);
		try_piece(slice_of(p, n), n == whole.n, ctx);
		free(p);
	}
}

/* A new file with these bytes; the path goes to `path` (size >= 32). */
static inline void
temp_file(char *path, const void *bytes, size_t n)
{
	strcpy(path, "/tmp/spanward-test-XXXXXX");
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), (ssize_t)n);
	close(fd);
}

#endif
