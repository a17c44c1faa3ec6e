/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support.h"

#include "core/text.h"

#define S slice_text

static void
compares(void **state)
{
	(void)state;
	assert_true(text_same(S("Content-Length"), "CONTENT-length"));
	assert_false(text_same(S("Content-Lengt"), "Content-Length"));
	assert_false(text_same(S("@[`{"), "`{@["));
	assert_true(text_same(slice_of(NULL, 0), ""));
	assert_true(text_begins(S("sips:a@b"), "SIPS:"));
	assert_false(text_begins(S("sip"), "sip:"));
	assert_true(text_begins(S("x"), ""));
	assert_true(text_begins_exact(S("SIP/2.0 200"), "SIP/2.0"));
	assert_false(text_begins_exact(S("sip/2.0 200"), "SIP/2.0"));
	assert_true(text_has(S("NTLM, Negotiate"), "negotiate"));
	assert_true(text_has(S("abc"), "c"));
	assert_true(text_has(S("abc"), ""));
	assert_false(text_has(S("abc"), "abcd"));
	assert_false(text_has(S(""), "a"));
	assert_false(text_has(S("abab"), "aba "));
}

static void
trims(void **state)
{
	(void)state;
	assert_true(slice_is(text_trim(S(" \t a b\r\n")), "a b"));
	assert_true(slice_is(text_trim(S("a")), "a"));
	assert_int_equal(text_trim(S(" \r\n\t ")).n, 0);
	assert_int_equal(text_trim(slice_of(NULL, 0)).n, 0);
}

static void
lines(void **state)
{
	struct slice rest = S("a\r\n\nb\r\r\nc");
	struct slice line;

	(void)state;
	assert_true(text_line(&rest, &line));
	assert_true(slice_is(line, "a"));
	assert_true(text_line(&rest, &line));
	assert_true(slice_is(line, ""));
	assert_true(text_line(&rest, &line));
	assert_true(slice_is(line, "b\r"));
	assert_false(text_line(&rest, &line));
	assert_true(slice_is(rest, "c"));
	rest = S("\n");
	assert_true(text_line(&rest, &line));
	assert_int_equal(line.n, 0);
	assert_false(text_line(&rest, &line));
}

static void
try_line(struct slice piece, bool is_whole, void *ctx)
{
	struct slice line;

	(void)ctx;
	assert_int_equal(text_line(&piece, &line), is_whole);
}

static void
splits(void **state)
{
	struct slice rest = S("a::b:");
	struct slice head;

	(void)state;
	assert_true(text_split(&rest, ':', &head));
	assert_true(slice_is(head, "a"));
	assert_true(text_split(&rest, ':', &head));
	assert_true(slice_is(head, ""));
	assert_true(text_split(&rest, ':', &head));
	assert_true(slice_is(head, "b"));
	assert_false(text_split(&rest, ':', &head));
	rest = S("abc");
	assert_true(text_split(&rest, ':', &head));
	assert_true(slice_is(head, "abc"));
	assert_int_equal(rest.n, 0);
}

static void
words(void **state)
{
	struct slice rest = S("  INVITE \tsip:a@b\r ");
	struct slice word;

	(void)state;
	assert_true(text_word(&rest, &word));
	assert_true(slice_is(word, "INVITE"));
	assert_true(text_word(&rest, &word));
	assert_true(slice_is(word, "sip:a@b\r"));
	assert_false(text_word(&rest, &word));
	assert_int_equal(rest.n, 0);
}

struct param {
	const char *name;
	const char *value;
};

static void
check_params(const char *text, char sep, const struct param *want, size_t n)
{
	struct slice rest = S(text);
	struct slice name;
	struct slice value;

	for (size_t i = 0; i < n; i++) {
		assert_true(text_param(&rest, sep, &name, &value));
		assert_true(slice_is(name, want[i].name));
		assert_true(slice_is(value, want[i].value));
	}
	assert_false(text_param(&rest, sep, &name, &value));
	assert_int_equal(rest.n, 0);
}

static void
params(void **state)
{
	static const struct param digest[] = {
		{ "realm", "SIP, \\\"Communications\\\" = Service" },
		{ "targetname", "fe.contoso.com" },
		{ "version", "4" },
		{ "stale", "" },
		{ "nonce", "" },
	};
	static const struct param spaced[] = { { "a", "1" }, { "b", "" },
		{ "quoted", "" }, { "c", "x=y" } };
	static const struct param slash[] = { { "a", "b\\\\" }, { "c", "d" } };
	static const struct param open[] = { { "a", "b,c" } };
	static const struct param escape[] = { { "a", "b\\\"" } };

	(void)state;
	check_params(
	    "realm=\"SIP, \\\"Communications\\\" = Service\", "
	    "targetname=\"fe.contoso.com\",version=4, stale,nonce=\"\"",
	    ',', digest, COUNT(digest));
	check_params(";; a = 1 ;b=; ;\"quoted\";c=x=y;", ';', spaced,
	    COUNT(spaced));
	check_params("a=\"b\\\\\",c=d", ',', slash, COUNT(slash));
	check_params("a=\"b,c", ',', open, COUNT(open));
	check_params("a=\"b\\\"", ',', escape, COUNT(escape));
	check_params(" ,, ", ',', NULL, 0);
	check_params("", ',', NULL, 0);
}

static void
try_params(struct slice piece, bool is_whole, void *ctx)
{
	struct slice name;
	struct slice value;
	size_t turns = 0;

	(void)is_whole;
	(void)ctx;
	while (text_param(&piece, ';', &name, &value))
		assert_true(++turns < 10);
}

static void
pieces(void **state)
{
	(void)state;
	each_prefix(S("tls 1\r\n"), try_line, NULL);
	each_prefix(S("a=\"\\\"x\\\\\";b;c=\"\\"), try_params, NULL);
}

static void
numbers(void **state)
{
	uint64_t v;

	(void)state;
	assert_true(text_u64(S("0"), &v) && v == 0);
	assert_true(text_u64(S("00070"), &v) && v == 70);
	assert_true(text_u64(S("18446744073709551615"), &v));
	assert_true(v == UINT64_MAX);
	assert_false(text_u64(S("18446744073709551616"), &v));
	assert_false(text_u64(S("99999999999999999999"), &v));
	assert_false(text_u64(S(""), &v));
	assert_false(text_u64(S("-1"), &v));
	assert_false(text_u64(S("1 "), &v));
	assert_false(text_u64(S("1a"), &v));
	assert_true(text_hex64(S("dEaDbeef"), &v) && v == 0xdeadbeef);
	assert_true(text_hex64(S("00ffffffffffffffff"), &v));
	assert_true(v == UINT64_MAX);
	assert_false(text_hex64(S("10000000000000000"), &v));
	assert_false(text_hex64(S(""), &v));
	assert_false(text_hex64(S("0x1"), &v));
	assert_false(text_hex64(S("g"), &v));
}

static void
check_base64(const char *text, const char *want)
{
	uint8_t to[16];
	size_t n = 99;

	assert_true(text_base64(S(text), to, sizeof(to), &n));
	assert_int_equal(n, strlen(want));
	assert_memory_equal(to, want, n);
}

/* RFC 4648 section 10 */
static void
base64(void **state)
{
	uint8_t to[4] = { 9, 9, 9, 9 };
	size_t n;

	(void)state;
	check_base64("", "");
	check_base64("Zg==", "f");
	check_base64("Zm8=", "fo");
	check_base64("Zm9v", "foo");
	check_base64("Zm9vYg==", "foob");
	check_base64("Zm9vYmE=", "fooba");
	check_base64("Zm9vYmFy", "foobar");
	check_base64("Zg", "f");
	check_base64("Zm8", "fo");
	check_base64("+/+/", "\xfb\xff\xbf");
	assert_true(text_base64(S("Zm9vYmFy"), to, 3, &n));
	assert_int_equal(n, 3);
	assert_memory_equal(to, "foo\x09", 4);
	assert_false(text_base64(S("Zm9v!mFy"), to, sizeof(to), &n));
	assert_false(text_base64(S("Zm9vY"), to, sizeof(to), &n));
	assert_false(text_base64(S("Zm=v"), to, sizeof(to), &n));
	assert_false(text_base64(S("Z==="), to, sizeof(to), &n));
	assert_false(text_base64(S("===="), to, sizeof(to), &n));
	assert_false(text_base64(S("Zm8=\n"), to, sizeof(to), &n));
	assert_false(text_base64(S("-_-_"), to, sizeof(to), &n));
}

static void
try_utf8(struct slice piece, bool is_whole, void *ctx)
{
	(void)ctx;
	assert_int_equal(text_utf8(piece, NULL), is_whole ? piece.n : 0);
}

static void
utf8(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		uint32_t codepoint;
	} good[] = {
		{ "ab", 1, 'a' },
		{ "\x7f", 1, 0x7f },
		{ "\xc2\x80", 2, 0x80 },
		{ "\xdf\xbf", 2, 0x7ff },
		{ "\xe0\xa0\x80", 3, 0x800 },
		{ "\xed\x9f\xbf", 3, 0xd7ff },
		{ "\xee\x80\x80", 3, 0xe000 },
		{ "\xef\xbf\xbf", 3, 0xffff },
		{ "\xf0\x90\x80\x80", 4, 0x10000 },
		{ "\xf4\x8f\xbf\xbf", 4, 0x10ffff },
	};
	static const char *const bad[] = { "", "\x80", "\xbf", "\xc0\x80",
		"\xc1\xbf", "\xc2", "\xc2x", "\xe0\x9f\xbf", "\xed\xa0\x80",
		"\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
		"\xf8\x88\x80\x80\x80", "\xff", "\xe2\x82" };
	uint32_t c;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		assert_int_equal(text_utf8(S(good[i].bytes), &c), good[i].n);
		assert_int_equal(c, good[i].codepoint);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(text_utf8(S(bad[i]), &c), 0);
	assert_int_equal(text_utf8(slice_of("", 1), &c), 1);
	assert_int_equal(c, 0);
	each_prefix(S("\xf0\x9f\x98\x80"), try_utf8, NULL);
}

static void
puts_what_fits(void **state)
{
	char to[4];

	(void)state;
	text_put(to, sizeof(to), "");
	assert_string_equal(to, "");
	text_put(to, sizeof(to), "abc");
	assert_string_equal(to, "abc");
	text_put(to, sizeof(to), "abcd");
	assert_string_equal(to, "abc");
	text_put(to, 1, "abcd");
	assert_string_equal(to, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compares),
		cmocka_unit_test(trims),
		cmocka_unit_test(lines),
		cmocka_unit_test(splits),
		cmocka_unit_test(words),
		cmocka_unit_test(params),
		cmocka_unit_test(pieces),
		cmocka_unit_test(numbers),
		cmocka_unit_test(base64),
		cmocka_unit_test(utf8),
		cmocka_unit_test(puts_what_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
