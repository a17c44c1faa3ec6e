/* SPDX-License-Identifier: Apache-2.0 */
#include "core/hash.h"

#include <endian.h>
#include <string.h>
#include <sys/random.h>

#include "core/clock.h"

struct sip {
	uint64_t v0;
	uint64_t v1;
	uint64_t v2;
	uint64_t v3;
};

/* Written before there are threads, by draw_key() and hash_seed() only. */
static uint64_t hash_key[2];

/* Before main(): no thread, no sandbox that might deny it. */
__attribute__((constructor)) static void
draw_key(void)
{
	if (getrandom(hash_key, sizeof(hash_key), 0) == sizeof(hash_key))
		return;
	/* An old kernel; hard to guess from afar is better than fixed. */
	hash_key[0] = (uint64_t)clock_now();
	hash_key[1] = (uint64_t)clock_monotonic() ^ (uintptr_t)&hash_key;
}

void
hash_seed(uint64_t k0, uint64_t k1)
{
	hash_key[0] = k0;
	hash_key[1] = k1;
}

static uint64_t
rotate(uint64_t v, unsigned bits)
{
	return v << bits | v >> (64 - bits);
}

static void
mix(struct sip *s)
{
	s->v0 += s->v1;
	s->v1 = rotate(s->v1, 13) ^ s->v0;
	s->v0 = rotate(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = rotate(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = rotate(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = rotate(s->v1, 17) ^ s->v2;
	s->v2 = rotate(s->v2, 32);
}

static void
take_word(struct sip *s, uint64_t word)
{
	s->v3 ^= word;
	mix(s);
	s->v0 ^= word;
}

/* n < 8 bytes, the first the lowest. */
static uint64_t
word_of(const uint8_t *p, size_t n)
{
	uint64_t word = 0;

	for (size_t i = n; i > 0; i--)
		word = word << 8 | p[i - 1];
	return word;
}

static struct sip
begin(void)
{
	return (struct sip){
		hash_key[0] ^ UINT64_C(0x736f6d6570736575),
		hash_key[1] ^ UINT64_C(0x646f72616e646f6d),
		hash_key[0] ^ UINT64_C(0x6c7967656e657261),
		hash_key[1] ^ UINT64_C(0x7465646279746573),
	};
}

/* `rest` has the last bytes and, in its highest, the length. */
static uint64_t
finish(struct sip *s, uint64_t rest)
{
	take_word(s, rest);
	s->v2 ^= 0xff;
	for (unsigned round = 0; round < 3; round++)
		mix(s);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

/* Aumasson and Bernstein, "SipHash", with one and three rounds. */
uint64_t
hash_bytes(const void *p, size_t n)
{
	const uint8_t *at = p;
	size_t left = n;
	struct sip s = begin();

	for (; left >= 8; left -= 8, at += 8) {
		uint64_t word;

		memcpy(&word, at, sizeof(word));
		take_word(&s, le64toh(word));
	}
	return finish(&s, word_of(at, left) | (uint64_t)n << 56);
}

uint64_t
hash_words(const uint64_t *w, size_t n)
{
	struct sip s = begin();

	for (size_t i = 0; i < n; i++)
		take_word(&s, le64toh(w[i]));
	return finish(&s, (uint64_t)(n * sizeof(*w)) << 56);
}
