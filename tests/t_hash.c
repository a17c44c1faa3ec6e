/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support.h"

#include "core/hash.h"

/*
 * SipHash-1-3 of the bytes 00, 01, 02, ... in every length from 0 to 63 under
 * the key 00 .. 0f; the message and key of the reference vectors.
 */
static const uint64_t vectors[] = { 0xabac0158050fc4dc, 0xc9f49bf37d57ca93,
	0x82cb9b024dc7d44d, 0x8bf80ab8e7ddf7fb, 0xcf75576088d38328,
	0xdef9d52f49533b67, 0xc50d2b50c59f22a7, 0xd3927d989bb11140,
	0x369095118d299a8e, 0x25a48eb36c063de4, 0x79de85ee92ff097f,
	0x70c118c1f94dc352, 0x78a384b157b4d9a2, 0x306f760c1229ffa7,
	0x605aa111c0f95d34, 0xd320d86d2a519956, 0xcc4fdd1a7d908b66,
	0x9cf2689063dbd80c, 0x8ffc389cb473e63e, 0xf21f9de58d297d1c,
	0xc0dc2f46a6cce040, 0xb992abfe2b45f844, 0x7ffe7b9ba320872e,
	0x525a0e7fdae6c123, 0xf464aeb267349c8c, 0x45cd5928705b0979,
	0x3a3e35e3ca9913a5, 0xa91dc74e4ade3b35, 0xfb0bed02ef6cd00d,
	0x88d93cb44ab1e1f4, 0x540f11d643c5e663, 0x2370dd1f8c21d1bc,
	0x81157b6c16a7b60d, 0x4d54b9e57a8ff9bf, 0x759f12781f2a753e,
	0xcea1a3bebf186b91, 0x2cf508d3ada26206, 0xb6101c2da3c33057,
	0xb3f47496ae3a36a1, 0x626b57547b108392, 0xc1d2363299e41531,
	0x667cc1923f1ad944, 0x65704ffec8138825, 0x24f280d1c28949a6,
	0xc2ca1cedfaf8876b, 0xc2164bfc9f042196, 0xa16e9c9368b1d623,
	0x49fb169c8b5114fd, 0x9f3143f8df074c46, 0xc6fdaf2412cc86b3,
	0x7eaf49d10a52098f, 0x1cf313559d292f9a, 0xc44a30dda2f41f12,
	0x36fae98943a71ed0, 0x318fb34c73f0bce6, 0xa27abf3670a7e980,
	0xb4bcc0db243c6d75, 0x23f8d852fdb71513, 0x8f035f4da67d8a08,
	0xd89cd0e5b7e8f148, 0xf6f4e6bcf7a644ee, 0xaec59ad80f1837f2,
	0xc3b2f6154b6694e0, 0x9d199062b7bbb3a8 };

static void
matches_vectors(void **state)
{
	uint8_t in[COUNT(vectors)];

	(void)state;
	hash_seed(UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908));
	for (size_t n = 0; n < COUNT(vectors); n++) {
		in[n] = (uint8_t)n;
		assert_true(hash_bytes(in, n) == vectors[n]);
	}
	hash_seed(0, 0);
	assert_true(hash_bytes(NULL, 0) == UINT64_C(0xd1fba762150c532c));
}

/* Lengths around and above a byte under another key; values of OpenSSL's MAC.
 */
static void
matches_long_vectors(void **state)
{
	static const struct {
		size_t n;
		uint64_t hash;
	} table[] = {
		{ 64, UINT64_C(0x265401fc1beb46ba) },
		{ 255, UINT64_C(0x1ae5ebb8d6a97932) },
		{ 256, UINT64_C(0xd039d45955cea81d) },
		{ 257, UINT64_C(0x108a45c5c15f13b7) },
		{ 600, UINT64_C(0x63e72a04893e714e) },
	};
	uint8_t in[600];

	(void)state;
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i * 151 + 7);
	hash_seed(UINT64_C(0x06050403fe0201ff), UINT64_C(0x8efd0c0b0a090807));
	for (size_t i = 0; i < COUNT(table); i++)
		assert_true(hash_bytes(in, table[i].n) == table[i].hash);
}

static void
words_are_bytes(void **state)
{
	uint64_t w[5] = { 1, UINT64_MAX, UINT64_C(0x0123456789abcdef), 0, 42 };

	(void)state;
	hash_seed(3, 4);
	for (size_t n = 0; n <= COUNT(w); n++)
		assert_true(hash_words(w, n) == hash_bytes(w, n * 8));
}

/* Runs first: nobody has called hash_seed() yet. */
static void
key_is_drawn(void **state)
{
	uint64_t drawn = hash_bytes("a", 1);

	(void)state;
	hash_seed(0, 0);
	assert_true(hash_bytes("a", 1) != drawn);
}

static void
try_piece(struct slice piece, bool is_whole, void *ctx)
{
	(void)is_whole;
	(void)ctx;
	assert_true(hash_bytes(piece.p, piece.n) == vectors[piece.n]);
}

static void
reads_only_its_bytes(void **state)
{
	uint8_t in[40];

	(void)state;
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)i;
	hash_seed(UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908));
	each_prefix(slice_of(in, sizeof(in)), try_piece, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(key_is_drawn),
		cmocka_unit_test(words_are_bytes),
		cmocka_unit_test(matches_vectors),
		cmocka_unit_test(matches_long_vectors),
		cmocka_unit_test(reads_only_its_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
