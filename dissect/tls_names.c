/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_names.c - the tables of tls_names.def.
 *
 * Spec: IANA "TLS Parameters" (RFC 8447); RFC 8446 4.2.7, 4.2.3, 6; RFC 5246
 * 6.2.3; RFC 5764 4.1.2; RFC 8701; NIST SP 800-52 r2.
 */
#include "dissect/tls_names.h"

static const struct tls_suite suites[] = {
#define SUITE(i, n, k, a, c, b, m, h, f)  \
	{ .id = (i),                      \
		.kex = TLS_KEX_##k,       \
		.auth = TLS_AUTH_##a,     \
		.cipher = TLS_CIPHER_##c, \
		.mode = TLS_MODE_##m,     \
		.hash = TLS_HASH_##h,     \
		.flags = (f),             \
		.bits = (b),              \
		.name = #n },
#include "dissect/tls_names.def"
};

static const struct tls_group groups[] = {
#define GROUP(i, n, b, k, f) \
	{ .id = (i), .bits = (b), .kind = (k), .flags = (f), .name = #n },
#include "dissect/tls_names.def"
};

static const struct tls_scheme schemes[] = {
#define SCHEME(i, n, f) { .id = (i), .flags = (f), .name = #n },
#include "dissect/tls_names.def"
};

static const struct name alerts[] = {
#define ALERT(i, n) { i, #n },
#include "dissect/tls_names.def"
};

static const struct name versions[] = {
#define VERSION(i, n) { i, n },
#include "dissect/tls_names.def"
};

static const struct name profiles[] = {
#define PROFILE(i, n) { i, #n },
#include "dissect/tls_names.def"
};

/* Every table begins its rows with the 16-bit number and is sorted by it. */
static const void *
row_of(const void *table, size_t count, size_t size, uint16_t id)
{
	const uint8_t *base = table;
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		uint16_t here;

		memcpy(&here, base + middle * size, sizeof(here));
		if (here == id)
			return base + middle * size;
		if (here < id)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const struct tls_suite *
tls_suite_of(uint16_t id)
{
	return row_of(suites, COUNT(suites), sizeof(suites[0]), id);
}

const struct tls_group *
tls_group_of(uint16_t id)
{
	return row_of(groups, COUNT(groups), sizeof(groups[0]), id);
}

const struct tls_scheme *
tls_scheme_of(uint16_t id)
{
	return row_of(schemes, COUNT(schemes), sizeof(schemes[0]), id);
}

const struct tls_suite *
tls_suite_at(size_t i)
{
	return i < COUNT(suites) ? &suites[i] : NULL;
}

const struct tls_group *
tls_group_at(size_t i)
{
	return i < COUNT(groups) ? &groups[i] : NULL;
}

const struct tls_scheme *
tls_scheme_at(size_t i)
{
	return i < COUNT(schemes) ? &schemes[i] : NULL;
}

const char *
tls_suite_name(uint16_t id)
{
	const struct tls_suite *s = tls_suite_of(id);

	return s ? s->name : NULL;
}

const char *
tls_group_name(uint16_t id)
{
	const struct tls_group *g = tls_group_of(id);

	return g ? g->name : NULL;
}

const char *
tls_scheme_name(uint16_t id)
{
	const struct tls_scheme *s = tls_scheme_of(id);

	return s ? s->name : NULL;
}

const char *
tls_alert_name(uint8_t description)
{
	return name_of(alerts, COUNT(alerts), description);
}

const char *
tls_version_name(uint16_t version)
{
	return name_of(versions, COUNT(versions), tls_version_final(version));
}

const char *
tls_srtp_name(uint16_t profile)
{
	return name_of(profiles, COUNT(profiles), profile);
}

static unsigned
hash_size(unsigned hash)
{
	static const uint8_t sizes[] = {
		[TLS_HASH_NONE] = 0,
		[TLS_HASH_MD5] = 16,
		[TLS_HASH_SHA1] = 20,
		[TLS_HASH_SHA256] = 32,
		[TLS_HASH_SHA384] = 48,
		[TLS_HASH_SHA512] = 64,
		[TLS_HASH_SM3] = 32,
		[TLS_HASH_GOST] = 32,
	};

	return sizes[hash];
}

unsigned
tls_suite_hash_size(uint16_t id)
{
	const struct tls_suite *s = tls_suite_of(id);

	return s && s->flags & SUITE_TLS13 ? hash_size(s->hash) : 32;
}

unsigned
tls_suite_tag_size(uint16_t id)
{
	const struct tls_suite *s = tls_suite_of(id);

	if (s == NULL)
		return 16;
	if (s->mode == TLS_MODE_NONE) /* RFC 9150: an HMAC is the tag */
		return hash_size(s->hash);
	return s->mode == TLS_MODE_CCM_8 ? 8 : 16;
}

unsigned
tls_suite_overhead(uint16_t id)
{
	const struct tls_suite *s = tls_suite_of(id);

	if (s == NULL)
		return 24;
	switch ((enum tls_mode)s->mode) {
	case TLS_MODE_NONE:
	case TLS_MODE_STREAM:
		return hash_size(s->hash);
	case TLS_MODE_CBC:
		return (s->bits == 128 || s->bits == 256 ? 32 : 16) +
		    hash_size(s->hash);
	case TLS_MODE_GCM:
	case TLS_MODE_CCM:
		return 24;
	case TLS_MODE_POLY1305:
	case TLS_MODE_CCM_8:
	case TLS_MODE_MGM:
	case TLS_MODE_AEGIS:
		return 16;
	}
	return 24;
}

bool
tls_is_grease(uint16_t v)
{
	return (v & 0x0f0f) == 0x0a0a && v >> 8 == (v & 0xff);
}

uint16_t
tls_version_final(uint16_t version)
{
	return version >> 8 == 0x7f ? 0x0304 : version;
}
