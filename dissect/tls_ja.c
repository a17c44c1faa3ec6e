/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_ja.c - fingerprints of a client hello.
 *
 * Spec: JA3 (Salesforce, 2017): MD5 of "version,suites,extensions,groups,point
 * formats" in decimal; JA4 (FoxIO, 2023): what can be read, then the first
 * twelve digits of SHA-256 of the sorted suites, and of the sorted extensions
 * with the signature schemes. Both leave GREASE (RFC 8701) out.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/buf.h"
#include "core/digest.h"
#include "dissect/tls.h"

enum form_flag { FORM_DATAGRAM = 1, FORM_SNI = 2, FORM_VERSIONS = 4 };

enum { JA4_HASH = 12, JA4_MOST = 99 };

static void
hex(const uint8_t *from, size_t digits, char *to)
{
	static const char set[] = "0123456789abcdef";

	for (size_t i = 0; i < digits; i++)
		to[i] = set[i % 2 ? from[i / 2] & 15 : from[i / 2] >> 4];
	to[digits] = '\0';
}

static void
add_decimal(struct buf *b, unsigned v, bool *first)
{
	if (!*first)
		buf_char(b, '-');
	buf_decimal(b, v);
	*first = false;
}

static void
add_list(struct buf *b, struct slice list)
{
	struct cursor c = cur_of(list);
	bool first = true;
	uint16_t v;

	while (cur_left(&c) > 0 && cur_u16(&c, &v)) {
		if (!tls_is_grease(v))
			add_decimal(b, v, &first);
	}
}

void
tls_ja3(const struct tls_hello *h, char out[JA3_TEXT])
{
	struct cursor points = cur_of(h->points);
	uint8_t sum[64], point;
	bool first = true;
	struct buf b;

	out[0] = '\0';
	buf_init(&b);
	buf_decimal(&b, h->version);
	buf_char(&b, ',');
	add_list(&b, h->suites);
	buf_char(&b, ',');
	for (unsigned i = 0; i < h->extension_count; i++) {
		if (!tls_is_grease(h->extensions[i]))
			add_decimal(&b, h->extensions[i], &first);
	}
	buf_char(&b, ',');
	add_list(&b, h->groups);
	buf_char(&b, ',');
	first = true;
	while (cur_left(&points) > 0 && cur_u8(&points, &point))
		add_decimal(&b, point, &first);
	if (buf_ok(&b) && digest_of(DIGEST_MD5, buf_slice(&b), sum) == 16)
		hex(sum, 32, out);
	buf_done(&b);
}

static const char *
ja4_version(const struct tls_hello *h)
{
	static const struct name names[] = {
		{ 0x0002, "s2" },
		{ 0x0300, "s3" },
		{ 0x0301, "10" },
		{ 0x0302, "11" },
		{ 0x0303, "12" },
		{ 0x0304, "13" },
		{ 0xfefc, "d3" },
		{ 0xfefd, "d2" },
		{ 0xfeff, "d1" },
	};
	struct cursor c = cur_of(h->versions);
	uint16_t best = 0, v;

	while (cur_left(&c) > 0 && cur_u16(&c, &v)) {
		if (tls_is_grease(v))
			continue;
		if (best == 0 || (h->datagram ? v < best : v > best))
			best = v;
	}
	const char *name = name_of(names, COUNT(names),
	    h->versions.p != NULL && best != 0 ? best : h->version);

	return name ? name : "00";
}

static bool
is_alnum(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	    (c >= 'a' && c <= 'z');
}

/* First and last character of the first name; of its hexadecimal form if one
 * of them is neither letter nor digit. */
static void
ja4_alpn(struct slice list, char to[3])
{
	struct cursor c = cur_of(list), name;
	char digits[3];

	memcpy(to, "00", 3);
	if (!cur_vec8(&c, &name) || cur_left(&name) == 0)
		return;
	struct slice s = cur_rest(&name);
	uint8_t a = s.p[0], z = s.p[s.n - 1];

	if (is_alnum(a) && is_alnum(z)) {
		to[0] = (char)a;
		to[1] = (char)z;
		return;
	}
	hex(&a, 2, digits);
	to[0] = digits[0];
	hex(&z, 2, digits);
	to[1] = digits[1];
}

struct list {
	uint16_t *v; /* heap */
	size_t n;
};

/* Room for so many numbers; NULL never reaches list_add(). */
static bool
list_init(struct list *l, size_t most)
{
	l->v = calloc(most + 1, sizeof(*l->v));
	l->n = 0;
	return l->v != NULL;
}

static void
list_add(struct list *l, uint16_t v)
{
	if (!tls_is_grease(v))
		l->v[l->n++] = v;
}

static int
compare(const void *a, const void *b)
{
	uint16_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x > y) - (x < y);
}

static void
list_text(struct buf *b, const struct list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		const uint8_t wire[2] = { (uint8_t)(l->v[i] >> 8),
			(uint8_t)(l->v[i] & 0xff) };

		if (i > 0)
			buf_char(b, ',');
		buf_hex(b, slice_of(wire, sizeof(wire)));
	}
}

static bool
list_take(struct list *l, struct slice from)
{
	struct cursor c = cur_of(from);
	uint16_t v;

	if (!list_init(l, from.n / 2))
		return false;
	while (cur_left(&c) > 0 && cur_u16(&c, &v))
		list_add(l, v);
	return true;
}

/* server_name and ALPN stand in the readable part: they change with the
 * server, not with the client. */
static bool
hashed_extensions(const struct tls_hello *h, struct list *l, unsigned *count)
{
	*count = 0;
	if (!list_init(l, h->extension_count))
		return false;
	for (unsigned i = 0; i < h->extension_count; i++) {
		uint16_t type = h->extensions[i];

		*count += !tls_is_grease(type);
		if (type != 0x0000 && type != 0x0010)
			list_add(l, type);
	}
	qsort(l->v, l->n, sizeof(*l->v), compare);
	return true;
}

static void
ja4_hash(struct buf *b, char to[JA4_HASH + 1])
{
	uint8_t sum[64] = { 0 };

	if (b->n > 0 && digest_of(DIGEST_SHA256, buf_slice(b), sum) == 0)
		memset(sum, 0, sizeof(sum));
	hex(sum, JA4_HASH, to);
}

static unsigned
two_digits(size_t n)
{
	return n < JA4_MOST ? (unsigned)n : JA4_MOST;
}

void
tls_ja4(const struct tls_hello *h, char out[JA4_TEXT])
{
	struct list suites = { NULL, 0 }, types = { NULL, 0 };
	struct list schemes = { NULL, 0 };
	char alpn[3], first[JA4_HASH + 1], second[JA4_HASH + 1];
	unsigned count;
	struct buf b;

	out[0] = '\0';
	buf_init(&b);
	if (!list_take(&suites, h->suites) ||
	    !hashed_extensions(h, &types, &count) ||
	    !list_take(&schemes, h->schemes))
		goto done;
	qsort(suites.v, suites.n, sizeof(*suites.v), compare);
	list_text(&b, &suites);
	ja4_hash(&b, first);
	buf_clear(&b);
	list_text(&b, &types);
	if (schemes.n > 0 && types.n > 0)
		buf_char(&b, '_');
	if (types.n > 0)
		list_text(&b, &schemes);
	ja4_hash(&b, second);
	if (!buf_ok(&b))
		goto done;
	ja4_alpn(h->alpn, alpn);
	snprintf(out, JA4_TEXT, "%c%s%c%02u%02u%s_%s_%s",
	    h->datagram ? 'd' : 't', ja4_version(h), h->has_sni ? 'd' : 'i',
	    two_digits(suites.n), two_digits(count), alpn, first, second);
done:
	free(suites.v);
	free(types.v);
	free(schemes.v);
	buf_done(&b);
}

/* ---- from facts ---- */

static uint8_t *
put_vec8(uint8_t *to, struct slice from)
{
	from = slice_head(from, UINT8_MAX);
	*to++ = (uint8_t)from.n;
	if (from.n > 0)
		memcpy(to, from.p, from.n);
	return to + from.n;
}

/* legacy_version, enum form_flag, and with one length octet each: point
 * formats, supported_versions, the first ALPN name. */
size_t
tls_form_write(const struct tls_hello *h, uint8_t to[TLS_FORM_MOST])
{
	struct cursor alpn = cur_of(h->alpn), name;
	uint8_t *at = to;

	*at++ = (uint8_t)(h->version >> 8);
	*at++ = (uint8_t)h->version;
	*at++ = (uint8_t)((h->datagram ? FORM_DATAGRAM : 0) |
	    (h->has_sni ? FORM_SNI : 0) |
	    (h->versions.p != NULL ? FORM_VERSIONS : 0));
	if (!cur_vec8(&alpn, &name))
		name = cur_of(slice_of(NULL, 0));
	at = put_vec8(at, h->points);
	at = put_vec8(at, h->versions);
	at = put_vec8(at, cur_rest(&name));
	return (size_t)(at - to);
}

static bool
form_read(struct slice form, struct tls_hello *h)
{
	struct cursor c = cur_of(form), points, versions;
	uint8_t flags;

	if (!cur_u16(&c, &h->version) || !cur_u8(&c, &flags) ||
	    !cur_vec8(&c, &points) || !cur_vec8(&c, &versions))
		return false;
	h->datagram = (flags & FORM_DATAGRAM) != 0;
	h->has_sni = (flags & FORM_SNI) != 0;
	h->points = cur_rest(&points);
	if ((flags & FORM_VERSIONS) != 0)
		h->versions = cur_rest(&versions);
	h->alpn = cur_rest(&c);
	return true;
}

/* The list that was learnt of the same hello. */
static struct slice
list_beside(const struct evidence *e, const struct learnt *form, enum fact f)
{
	const struct learnt *l = NULL;

	while ((l = evidence_next(e, f, l)) != NULL) {
		if (l->packet == form->packet && l->scope == form->scope)
			return l->bytes;
	}
	return slice_of(NULL, 0);
}

bool
tls_fingerprints_of(const struct evidence *e, struct tls_fingerprints *out)
{
	const struct learnt *form = evidence_first(e, FACT_TLS_OFFERED_FORM);
	struct tls_hello h = { 0 };

	if (form == NULL || !form_read(form->bytes, &h))
		return false;
	struct cursor types =
	    cur_of(list_beside(e, form, FACT_TLS_OFFERED_EXTENSIONS));

	h.suites = list_beside(e, form, FACT_TLS_OFFERED_SUITES);
	h.groups = list_beside(e, form, FACT_TLS_OFFERED_GROUPS);
	h.schemes = list_beside(e, form, FACT_TLS_OFFERED_SCHEMES);
	while (h.extension_count < TLS_EXTENSIONS_MOST &&
	    cur_u16(&types, &h.extensions[h.extension_count]))
		h.extension_count++;
	tls_ja3(&h, out->ja3);
	tls_ja4(&h, out->ja4);
	return true;
}
