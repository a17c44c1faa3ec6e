/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect/media_test.h"

#include "tests/media.h"

enum { FREE_MOST = 1024 };

/* The bound of the tests of modes: 16 C(n,k) base^(1-k). */
static long double
mode_bound(unsigned base, unsigned n, unsigned k)
{
	long double p = 16.0L * base;

	for (unsigned i = 0; i < k; i++)
		p *= (long double)(n - i) / (i + 1) / base;
	return p;
}

static void
check_mode(unsigned base, unsigned n, unsigned least)
{
	if (least == 0) {
		assert_true(mode_bound(base, n, n) >= 2e-7L);
		return;
	}
	assert_true(least <= n);
	assert_true(mode_bound(base, n, least) < 2e-7L);
	assert_true(mode_bound(base, n, least - 1) >= 2e-7L);
}

static void
test_mode_tables(void **state)
{
	(void)state;
	for (unsigned n = 1; n <= MEDIA_TEST_MOST; n++) {
		check_mode(256, n, media_least_bytes(n));
		check_mode(16, n, media_least_nibbles(n));
	}
	assert_int_equal(media_least_bytes(0), 0);
	assert_int_equal(media_least_bytes(MEDIA_TEST_MOST + 1), 0);
	assert_int_equal(media_least_nibbles(MEDIA_TEST_MOST + 1), 0);
}

/* P(X >= k) of a binomial with p = 1/256. */
static long double
binomial_tail(unsigned long n, unsigned k)
{
	long double term = 1;
	long double sum = 0;

	for (unsigned i = 0; i < k; i++)
		term *= (long double)(n - i) / (i + 1) / 256;
	for (unsigned long i = k; i < n; i++)
		term *= 255.0L / 256;
	for (unsigned long i = k; i <= n && term > sum * 1e-18L; i++) {
		sum += term;
		term *= (long double)(n - i) / (i + 1) / 255;
	}
	return sum;
}

static void
test_repeat_table(void **state)
{
	(void)state;
	for (unsigned long n = 1; n < MEDIA_TRIALS_MOST; n++) {
		unsigned k = media_least_repeats(n);

		if (k == media_least_repeats(n + 1))
			continue;
		assert_int_equal(media_least_repeats(n + 1), k + 1);
		assert_true(k > n || binomial_tail(n, k) < 2e-7L);
		assert_true(binomial_tail(n + 1, k) >= 2e-7L);
	}
	assert_true(media_least_repeats(MEDIA_TRIALS_MOST) > 0);
	assert_int_equal(media_least_repeats(MEDIA_TRIALS_MOST * 2), 0);
}

/* The rows that were measured with. */
static void
test_known_rows(void **state)
{
	static const struct row {
		unsigned n, a, a2, d;
	} rows[] = {
		{ 3, 0, 0, 7 },
		{ 5, 5, 0, 8 },
		{ 8, 6, 8, 10 },
		{ 10, 6, 9, 11 },
		{ 15, 6, 11, 13 },
		{ 20, 7, 12, 15 },
		{ 30, 7, 15, 18 },
		{ 50, 8, 19, 23 },
		{ 75, 9, 24, 29 },
		{ 100, 10, 29, 35 },
		{ 200, 13, 46, 55 },
	};
	static const unsigned e[][2] = { { 100, 7 }, { 500, 13 }, { 1000, 18 },
		{ 2000, 27 }, { 5000, 47 }, { 10000, 76 } };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *r = &rows[i];

		assert_int_equal(media_least_bytes(r->n), r->a);
		assert_int_equal(media_least_nibbles(r->n), r->a2);
		assert_int_equal(media_least_repeats(32UL * (r->n - 1)), r->d);
	}
	for (size_t i = 0; i < COUNT(e); i++)
		assert_int_equal(media_least_repeats(e[i][0]), e[i][1]);
}

/* Writes payload number i; returns its length. */
typedef size_t source(uint64_t *seed, unsigned i, uint8_t *p);

static struct media_verdict
run(source *make, uint64_t *seed, unsigned packets)
{
	struct media_test *t = media_test_new();
	struct media_verdict v;
	uint8_t p[FREE_MOST];

	assert_non_null(t);
	for (unsigned i = 0; i < packets && !media_test_over(t); i++) {
		size_t n = make(seed, i, p);

		media_test_add(t, slice_of(p, n), (uint32_t)n);
	}
	media_test_verdict(t, &v);
	media_test_free(t);
	return v;
}

static size_t
random_short(uint64_t *seed, unsigned i, uint8_t *p)
{
	size_t n = 14 + (*seed + i) % 40;

	dice_fill(seed, p, n);
	return n;
}

static size_t
random_voice(uint64_t *seed, unsigned i, uint8_t *p)
{
	(void)i;
	dice_fill(seed, p, 170);
	return 170;
}

static size_t
random_tiny(uint64_t *seed, unsigned i, uint8_t *p)
{
	(void)i;
	dice_fill(seed, p, 6);
	return 6;
}

/* SRTP with a constant MKI octet in front of a tag of ten. */
static size_t
random_with_mki(uint64_t *seed, unsigned i, uint8_t *p)
{
	(void)i;
	dice_fill(seed, p, 31);
	p[20] = 1;
	return 31;
}

/* What may follow the ciphertext: octets of tag, of MKI, and of tag again. */
struct trailer {
	size_t before, constant, after;
	bool counts; /* the constant is a counter */
};

static const struct trailer trailers[] = {
	{ 0, 4, 10, false }, /* RFC 3711: MKI, then the tag of 80 bits */
	{ 0, 4, 4, false },
	{ 0, 1, 4, false },
	{ 0, 8, 10, false },
	{ 16, 4, 0, false }, /* RFC 7714: the tag of GCM comes first */
	{ 16, 1, 0, false },
	{ 16, 4, 0, true }, /* a nonce that is sent along */
	{ 0, 16, 10, false },
	{ 0, 16, 4, false },
	{ 16, 16, 0, false },
	{ 0, 128, 10, false },
	{ 0, 128, 4, false },
	{ 16, 128, 0, false },
};

/* Protected media of `size` octets or some more. */
static void
with_trailer(const struct trailer *k, size_t size, uint64_t *seed,
    struct media_verdict *v)
{
	struct media_test *t = media_test_new();
	uint32_t count = (uint32_t)dice(seed);
	uint8_t p[FREE_MOST];

	assert_non_null(t);
	for (unsigned i = 0; i < MEDIA_TEST_MOST; i++) {
		size_t n = size + (size % 2) * (dice(seed) % 8);
		size_t all = n + k->before + k->constant + k->after;

		dice_fill(seed, p, all);
		memset(p + n + k->before, 0, k->constant);
		p[n + k->before + k->constant - 1] = 1;
		count += k->counts;
		for (size_t b = 0; b < 4 && k->counts; b++)
			p[n + k->before + b] = (uint8_t)(count >> (24 - 8 * b));
		media_test_add(t, slice_of(p, all), (uint32_t)all);
	}
	media_test_verdict(t, v);
	media_test_free(t);
}

/* Of every length down to one octet, where the trailer is nearly all. */
static void
test_constant_trailers(void **state)
{
	uint64_t seed = 77;

	(void)state;
	for (size_t k = 0; k < COUNT(trailers); k++) {
		for (size_t size = 1; size < 180; size++) {
			struct media_verdict v;

			with_trailer(&trailers[k], size, &seed, &v);
			assert_int_not_equal(v.result, RESULT_CLEAR);
		}
	}
}

/* A frame so short that all but its first octet might be a trailer: that one
 * octet gives it away, constant ones behind it do not. */
static void
test_first_octet_is_media(void **state)
{
	uint64_t seed = 5;

	(void)state;
	for (int constant_first = 0; constant_first < 2; constant_first++) {
		struct media_test *t = media_test_new();
		struct media_verdict v;
		uint8_t p[14];

		for (unsigned i = 0; i < 100; i++) {
			dice_fill(&seed, p, sizeof(p));
			p[constant_first ? 0 : 3] = 0xf0;
			media_test_add(t, slice_of(p, sizeof(p)), sizeof(p));
		}
		media_test_verdict(t, &v);
		assert_int_equal(v.result,
		    constant_first ? RESULT_CLEAR : RESULT_RANDOM);
		media_test_free(t);
	}
}

/* Four looks (3, 5, 8 and 10 packets) at each of 50000 streams. */
static void
test_no_false_alarm(void **state)
{
	uint64_t seed = 0x9e3779b97f4a7c15;

	(void)state;
	for (unsigned i = 0; i < 50000; i++) {
		struct media_verdict v = run(random_short, &seed, 10);

		assert_int_equal(v.result, RESULT_OPEN);
		assert_int_equal(v.test, 0);
		assert_true(v.wanted >= 90);
	}
}

static void
test_random_is_told(void **state)
{
	uint64_t seed = 4711;

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		struct media_verdict v = run(random_voice, &seed, 1000);

		assert_int_equal(v.result, RESULT_RANDOM);
		assert_int_equal(v.packets, MEDIA_TEST_ENOUGH);
		/* All but the end of the first, and what repeats by chance. */
		assert_in_range(v.octets, 170 * MEDIA_TEST_ENOUGH - 200,
		    170 * MEDIA_TEST_ENOUGH - 144);
		assert_int_equal(v.wanted, 0);
		assert_true(v.z > -6 && v.z < 7);
	}
}

static void
test_constant_mki_is_not_clear(void **state)
{
	uint64_t seed = 12;

	(void)state;
	for (unsigned i = 0; i < 200; i++)
		assert_int_equal(run(random_with_mki, &seed, 200).result,
		    RESULT_RANDOM);
}

static void
test_too_few_octets(void **state)
{
	uint64_t seed = 99;
	struct media_verdict v = run(random_tiny, &seed, 120);

	(void)state;
	assert_int_equal(v.result, RESULT_OPEN);
	assert_in_range(v.octets, 700, 715);
	assert_in_range(v.wanted, 46, 60);
	assert_int_equal(run(random_tiny, &seed, 200).result, RESULT_RANDOM);
}

/* G.711 silence */
static size_t
silence(uint64_t *seed, unsigned i, uint8_t *p)
{
	(void)seed;
	(void)i;
	memset(p, 0xff, 160);
	return 160;
}

/* Opus: the first octet stays, the rest is as good as random. */
static size_t
opus_like(uint64_t *seed, unsigned i, uint8_t *p)
{
	size_t n = 40 + i * 7 % 30;

	dice_fill(seed, p, n);
	p[0] = 0x78;
	return n;
}

/* GSM full rate: the first nibble is the signature. */
static size_t
gsm_like(uint64_t *seed, unsigned i, uint8_t *p)
{
	(void)i;
	dice_fill(seed, p, 33);
	p[0] = 0xd0 | (p[0] & 15);
	return 33;
}

/* Neighbours are equal more often than chance, nothing else is odd. */
static size_t
smooth(uint64_t *seed, unsigned i, uint8_t *p)
{
	(void)i;
	dice_fill(seed, p, 160);
	for (size_t at = 4; at < 160; at += 8)
		p[at] = p[at - 1];
	return 160;
}

/* What stood there in the packet before stands there again. */
static size_t
sticky(uint64_t *seed, unsigned i, uint8_t *p)
{
	uint64_t same = 77 + i / 2;

	dice_fill(seed, p, 60);
	dice_fill(&same, p + 16, 12);
	return 60;
}

/* Only some values are used: nothing but the histogram shows it. */
static size_t
skewed(uint64_t *seed, unsigned i, uint8_t *p)
{
	(void)i;
	dice_fill(seed, p, 500);
	for (size_t at = 0; at < 500; at++)
		p[at] = (uint8_t)(p[at] % 190);
	return 500;
}

static void
check_clear(source *make, char test, unsigned most)
{
	uint64_t seed = 5;
	struct media_verdict v = run(make, &seed, 200);

	assert_int_equal(v.result, RESULT_CLEAR);
	assert_true(v.packets <= most);
	if (test != 0)
		assert_int_equal(v.test, test);
}

static void
test_clear_is_found(void **state)
{
	(void)state;
	check_clear(silence, 0, 3);
	check_clear(opus_like, 'A', 5);
	check_clear(gsm_like, '2', 8);
	check_clear(smooth, 'E', 10);
	check_clear(sticky, 'D', 10);
	check_clear(skewed, 'B', 3);
}

static void
test_length_rule(void **state)
{
	static const uint8_t tags[] = { 0, 4, 10, 11, 16 };
	uint8_t share;

	(void)state;
	for (size_t i = 0; i < COUNT(tags); i++) {
		struct length_rule pcm = { 0 };
		struct length_rule l16 = { 0 };
		struct length_rule g729 = { 0 };

		for (unsigned n = 0; n < 20; n++) {
			length_rule_add(&pcm, 0, 160u + tags[i], 160);
			length_rule_add(&l16, 11, 640u + tags[i], 320);
			length_rule_add(&g729, 18, 20u + tags[i], 160);
		}
		assert_int_equal(length_rule_tag(&pcm, &share), tags[i]);
		assert_int_equal(share, 100);
		assert_int_equal(length_rule_tag(&l16, &share), tags[i]);
		assert_int_equal(length_rule_tag(&g729, &share), tags[i]);
	}
}

static void
test_length_rule_silent(void **state)
{
	struct length_rule l = { 0 };
	uint8_t share;

	(void)state;
	assert_int_equal(length_rule_tag(&l, &share), MEDIA_TAG_NONE);
	assert_int_equal(share, 0);
	for (unsigned n = 0; n < 20; n++)
		length_rule_add(&l, 96, 60 + n * 13 % 50, 960);
	assert_int_equal(length_rule_tag(&l, &share), MEDIA_TAG_NONE);
	/* same time stamp: a frame of video in several packets */
	l = (struct length_rule){ 0 };
	for (unsigned n = 0; n < 20; n++)
		length_rule_add(&l, 96, 10, 0);
	assert_int_equal(length_rule_tag(&l, &share), MEDIA_TAG_NONE);
	/* one in five disagrees */
	l = (struct length_rule){ 0 };
	for (unsigned n = 0; n < 20; n++)
		length_rule_add(&l, 0, n % 5 ? 170 : 100, 160);
	assert_int_equal(length_rule_tag(&l, &share), MEDIA_TAG_NONE);
	assert_int_equal(share, 80);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mode_tables),
		cmocka_unit_test(test_repeat_table),
		cmocka_unit_test(test_known_rows),
		cmocka_unit_test(test_no_false_alarm),
		cmocka_unit_test(test_random_is_told),
		cmocka_unit_test(test_constant_mki_is_not_clear),
		cmocka_unit_test(test_constant_trailers),
		cmocka_unit_test(test_first_octet_is_media),
		cmocka_unit_test(test_too_few_octets),
		cmocka_unit_test(test_clear_is_found),
		cmocka_unit_test(test_length_rule),
		cmocka_unit_test(test_length_rule_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
