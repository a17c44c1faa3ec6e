/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support.h"

#include "core/buf.h"

static void
grows(void **state)
{
	struct buf b;
	char want[3001];

	(void)state;
	buf_init(&b);
	assert_true(buf_ok(&b));
	assert_int_equal(buf_slice(&b).n, 0);
	for (size_t i = 0; i < 3000; i++) {
		want[i] = (char)('a' + i % 26);
		buf_char(&b, want[i]);
		assert_int_equal(b.p[b.n], '\0');
	}
	want[3000] = '\0';
	assert_true(buf_ok(&b));
	assert_int_equal(b.n, 3000);
	assert_string_equal(b.p, want);
	buf_clear(&b);
	assert_int_equal(b.n, 0);
	assert_string_equal(b.p, "");
	buf_add(&b, "x\0y", 3);
	buf_text(&b, "");
	buf_text(&b, "z");
	buf_add(&b, NULL, 0);
	assert_int_equal(b.n, 4);
	assert_memory_equal(b.p, "x\0yz", 5);
	buf_done(&b);
	assert_null(b.p);
}

/* Each length, so that the NUL falls on every edge of the room. */
static void
prints_every_length(void **state)
{
	char text[301];

	(void)state;
	memset(text, 'q', sizeof(text));
	for (int n = 0; n <= 300; n++) {
		struct buf b;

		buf_init(&b);
		buf_text(&b, ">");
		buf_printf(&b, "%.*s%d", n, text, 7);
		assert_true(buf_ok(&b));
		assert_int_equal(b.n, n + 2);
		assert_int_equal(strlen(b.p), n + 2);
		assert_int_equal(b.p[n + 1], '7');
		buf_done(&b);
	}
}

static void
hex(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b);
	buf_hex(&b, slice_of("\x00\x0f\xa5\xff", 4));
	assert_string_equal(b.p, "000fa5ff");
	buf_hex(&b, slice_of(NULL, 0));
	assert_int_equal(b.n, 8);
	buf_done(&b);
}

static void
failure_sticks(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b);
	buf_text(&b, "kept");
	buf_add(&b, "x", SIZE_MAX);
	assert_false(buf_ok(&b));
	buf_text(&b, "lost");
	buf_char(&b, 'l');
	buf_printf(&b, "%d", 1);
	buf_hex(&b, slice_text("l"));
	buf_safe(&b, slice_text("l"));
	assert_false(buf_ok(&b));
	assert_string_equal(b.p, "kept");
	buf_clear(&b);
	assert_true(buf_ok(&b));
	buf_text(&b, "again");
	assert_string_equal(b.p, "again");
	buf_done(&b);
}

static void
check_safe(const char *text, size_t n, const char *want)
{
	struct buf b;

	buf_init(&b);
	buf_safe(&b, slice_of(text, n));
	assert_true(buf_ok(&b));
	assert_string_equal(b.p, want);
	buf_done(&b);
}

static void
makes_text_safe(void **state)
{
	static const char *const table[][2] = {
		{ "plain \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80",
		    "plain \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80" },
		{ "\x1b[31m\r\n\t\x1f\x7f",
		    "\\x1b[31m\\x0d\\x0a\\x09\\x1f\\x7f" },
		{ "\xc2\x80\xc2\x9b\xc2\x9f", "\\u{0080}\\u{009b}\\u{009f}" },
		{ "\xc2\xa0", "\xc2\xa0" },
		{ "\xff\xc0\x80z", "\\xff\\xc0\\x80z" },
		{ "a\xe2\x82", "a\\xe2\\x82" },
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },
		{ "\xd8\x9c", "\\u{061c}" },
		{ "\xef\xbb\xbf", "\\u{feff}" },
		{ "\xf3\xa0\x81\x81", "\\u{e0041}" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		check_safe(table[i][0], strlen(table[i][0]), table[i][1]);
	check_safe("a\0b", 3, "a\\x00b");
}

static size_t
encode(uint32_t c, char to[4])
{
	to[0] = (char)(0xe0 | c >> 12);
	to[1] = (char)(0x80 | (c >> 6 & 0x3f));
	to[2] = (char)(0x80 | (c & 0x3f));
	return 3;
}

static void
hides_no_format_character(void **state)
{
	static const uint32_t edges[][2] = {
		{ 0x200b, 0x200f },
		{ 0x2028, 0x202e },
		{ 0x2060, 0x206f },
	};
	char text[4];
	char want[16];

	(void)state;
	for (uint32_t c = 0x2000; c < 0x2100; c++) {
		size_t n = encode(c, text);
		bool bad = false;

		for (size_t i = 0; i < COUNT(edges); i++)
			bad |= c >= edges[i][0] && c <= edges[i][1];
		snprintf(want, sizeof(want), "\\u{%04x}", (unsigned)c);
		text[n] = '\0';
		check_safe(text, n, bad ? want : text);
	}
}

static void
try_safe(struct slice piece, bool is_whole, void *ctx)
{
	struct buf b;

	(void)is_whole;
	(void)ctx;
	buf_init(&b);
	buf_safe(&b, piece);
	assert_true(buf_ok(&b));
	for (size_t i = 0; i < b.n; i++)
		assert_true((uint8_t)b.p[i] >= 0x20);
	buf_done(&b);
}

static void
safe_pieces(void **state)
{
	(void)state;
	each_prefix(slice_text("a\xf0\x9f\x98\x80\xe2\x80\xae\x1b\xc2"),
	    try_safe, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows),
		cmocka_unit_test(prints_every_length),
		cmocka_unit_test(hex),
		cmocka_unit_test(failure_sticks),
		cmocka_unit_test(makes_text_safe),
		cmocka_unit_test(hides_no_format_character),
		cmocka_unit_test(safe_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
