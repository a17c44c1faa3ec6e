/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support.h"

#include "core/cursor.h"

static const uint8_t bytes[] = {
	0x01,                                           /* u8 */
	0x02, 0x03,                                     /* u16 */
	0x04, 0x05, 0x06,                               /* u24 */
	0x07, 0x08, 0x09, 0x0a,                         /* u32 */
	0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10,             /* u48 */
	0xf1, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, /* u64 */
	0x19, 0x1a,                                     /* u16le */
	0x1b, 0x1c, 0x1d, 0x1e,                         /* u32le */
	0x1f, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0xf6, /* u64le */
	0x27, 0x28, 0x29,                               /* take 3 */
	0x2a, 0x2b,                                     /* copy 2 */
	0x01, 0x2c,                                     /* vec8 */
	0x00, 0x02, 0x2d, 0x2e,                         /* vec16 */
	0x00, 0x00, 0x01, 0x2f,                         /* vec24 */
	0x30, 0x31,                                     /* sub 2 */
	0x32,                                           /* skip 1 */
};

struct all {
	uint8_t u8;
	uint16_t u16, u16le;
	uint32_t u24, u32, u32le;
	uint64_t u48, u64, u64le;
	struct slice taken;
	uint8_t copied[2];
	struct cursor v8, v16, v24, sub;
};

static bool
read_all(struct cursor *c, struct all *a)
{
	return cur_u8(c, &a->u8) && cur_u16(c, &a->u16) &&
	    cur_u24(c, &a->u24) && cur_u32(c, &a->u32) && cur_u48(c, &a->u48) &&
	    cur_u64(c, &a->u64) && cur_u16le(c, &a->u16le) &&
	    cur_u32le(c, &a->u32le) && cur_u64le(c, &a->u64le) &&
	    cur_take(c, 3, &a->taken) && cur_copy(c, a->copied, 2) &&
	    cur_vec8(c, &a->v8) && cur_vec16(c, &a->v16) &&
	    cur_vec24(c, &a->v24) && cur_sub(c, 2, &a->sub) && cur_skip(c, 1);
}

static void
reads_in_order(void **state)
{
	struct cursor c = cur_of(slice_of(bytes, sizeof(bytes)));
	struct all a;

	(void)state;
	assert_true(read_all(&c, &a));
	assert_int_equal(cur_left(&c), 0);
	assert_int_equal(a.u8, 0x01);
	assert_int_equal(a.u16, 0x0203);
	assert_int_equal(a.u24, 0x040506);
	assert_int_equal(a.u32, 0x0708090a);
	assert_true(a.u48 == UINT64_C(0x0b0c0d0e0f10));
	assert_true(a.u64 == UINT64_C(0xf112131415161718));
	assert_int_equal(a.u16le, 0x1a19);
	assert_int_equal(a.u32le, 0x1e1d1c1b);
	assert_true(a.u64le == UINT64_C(0xf62524232221201f));
	assert_true(slice_is(a.taken, "\x27\x28\x29"));
	assert_memory_equal(a.copied, "\x2a\x2b", 2);
	assert_true(slice_is(cur_rest(&a.v8), "\x2c"));
	assert_true(slice_is(cur_rest(&a.v16), "\x2d\x2e"));
	assert_true(slice_is(cur_rest(&a.v24), "\x2f"));
	assert_true(slice_is(cur_rest(&a.sub), "\x30\x31"));
}

static void
try_piece(struct slice piece, bool is_whole, void *ctx)
{
	struct cursor c = cur_of(piece);
	struct all a;

	(void)ctx;
	assert_int_equal(read_all(&c, &a), is_whole);
}

static void
fails_on_every_prefix(void **state)
{
	(void)state;
	each_prefix(slice_of(bytes, sizeof(bytes)), try_piece, NULL);
}

/* Each read of n bytes finds n-1 and must not move. */
static void
failure_does_not_move(void **state)
{
	const uint8_t *at = bytes;
	struct all a;

	(void)state;
	for (size_t n = 0; n < 8; n++) {
		struct cursor c = cur_of(slice_of(at, n));
		bool read = n < 1 && cur_u8(&c, &a.u8);

		read |= n < 2 && (cur_u16(&c, &a.u16) || cur_u16le(&c, &a.u16));
		read |= n < 3 && cur_u24(&c, &a.u24);
		read |= n < 4 && (cur_u32(&c, &a.u32) || cur_u32le(&c, &a.u32));
		read |= n < 6 && cur_u48(&c, &a.u48);
		read |= cur_u64(&c, &a.u64) || cur_u64le(&c, &a.u64);
		read |= cur_skip(&c, n + 1) || cur_take(&c, n + 1, &a.taken);
		read |= cur_sub(&c, n + 1, &a.sub);
		read |= cur_copy(&c, &a, SIZE_MAX) || cur_skip(&c, SIZE_MAX);
		assert_false(read);
		assert_ptr_equal(c.at, at);
		assert_int_equal(cur_left(&c), n);
	}
}

static void
short_vector_does_not_move(void **state)
{
	static const uint8_t v[] = { 0, 0, 2, 0xaa };
	struct cursor c = cur_of(slice_of(v, sizeof(v)));
	struct cursor block;

	(void)state;
	assert_false(cur_vec24(&c, &block));
	assert_ptr_equal(c.at, v);
	c = cur_of(slice_of(v + 1, 3));
	assert_false(cur_vec16(&c, &block));
	assert_ptr_equal(c.at, v + 1);
	c = cur_of(slice_of(v + 2, 2));
	assert_false(cur_vec8(&c, &block));
	assert_ptr_equal(c.at, v + 2);
	c = cur_of(slice_of(v, 2));
	assert_true(cur_vec16(&c, &block));
	assert_int_equal(cur_left(&block), 0);
	assert_int_equal(cur_left(&c), 0);
}

static void
nothing_to_read(void **state)
{
	struct cursor c = cur_of(slice_of(NULL, 0));
	struct cursor block;
	struct slice s;
	uint8_t v;

	(void)state;
	assert_int_equal(cur_left(&c), 0);
	assert_int_equal(cur_rest(&c).n, 0);
	assert_false(cur_u8(&c, &v));
	assert_true(cur_take(&c, 0, &s));
	assert_true(cur_skip(&c, 0));
	assert_true(cur_copy(&c, &v, 0));
	assert_true(cur_sub(&c, 0, &block));
	assert_int_equal(cur_left(&block), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_in_order),
		cmocka_unit_test(fails_on_every_prefix),
		cmocka_unit_test(failure_does_not_move),
		cmocka_unit_test(short_vector_does_not_move),
		cmocka_unit_test(nothing_to_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
