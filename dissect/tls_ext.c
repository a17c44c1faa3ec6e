/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_ext.c - extensions of hellos, one row each.
 *
 * Spec: RFC 8446 4.2, RFC 6066 3 (server_name), RFC 7301 (ALPN), RFC 8422
 * 5.1 (groups, point formats), RFC 5077 3.2 (ticket), RFC 5764 4.1.1
 * (use_srtp), RFC 7366 (encrypt-then-MAC), RFC 7627 (extended master secret).
 * Learns nothing: fills a struct tls_hello.
 */
#include "dissect/tls.h"

/* RFC 6066 3: the first name of type host_name. */
static bool
take_sni(struct cursor c, struct tls_hello *h)
{
	struct cursor list, name;
	uint8_t type;

	h->has_sni = true;
	if (cur_left(&c) == 0) /* a server only says that it used it */
		return true;
	if (!cur_vec16(&c, &list))
		return false;
	while (cur_left(&list) > 0) {
		if (!cur_u8(&list, &type) || !cur_vec16(&list, &name))
			return false;
		if (type == 0 && h->sni.p == NULL)
			h->sni = cur_rest(&name);
	}
	return true;
}

static bool
take_list16(struct cursor c, struct slice *to)
{
	struct cursor list;

	if (!cur_vec16(&c, &list))
		return false;
	*to = cur_rest(&list);
	return true;
}

static bool
take_groups(struct cursor c, struct tls_hello *h)
{
	return take_list16(c, &h->groups);
}

static bool
take_schemes(struct cursor c, struct tls_hello *h)
{
	return take_list16(c, &h->schemes);
}

static bool
take_alpn(struct cursor c, struct tls_hello *h)
{
	return take_list16(c, &h->alpn);
}

static bool
take_srtp(struct cursor c, struct tls_hello *h)
{
	return take_list16(c, &h->srtp);
}

static bool
take_points(struct cursor c, struct tls_hello *h)
{
	struct cursor list;

	if (!cur_vec8(&c, &list))
		return false;
	h->points = cur_rest(&list);
	return true;
}

static bool
take_ticket(struct cursor c, struct tls_hello *h)
{
	h->ticket = cur_rest(&c);
	return true;
}

static bool
take_versions(struct cursor c, struct tls_hello *h)
{
	struct cursor list;

	if (!cur_vec8(&c, &list))
		return false;
	h->versions = cur_rest(&list);
	return true;
}

static bool
take_version(struct cursor c, struct tls_hello *h)
{
	return cur_u16(&c, &h->chosen_version);
}

static bool
take_share(struct cursor c, struct tls_hello *h)
{
	return cur_u16(&c, &h->key_group);
}

static bool
take_identities(struct cursor c, struct tls_hello *h)
{
	h->psk = true;
	return take_list16(c, &h->identities);
}

static bool
take_psk(struct cursor c, struct tls_hello *h)
{
	(void)c;
	h->psk = true;
	return true;
}

static bool
take_early(struct cursor c, struct tls_hello *h)
{
	(void)c;
	h->early_data = true;
	return true;
}

static bool
take_post_auth(struct cursor c, struct tls_hello *h)
{
	(void)c;
	h->post_auth = true;
	return true;
}

static bool
take_alps(struct cursor c, struct tls_hello *h)
{
	(void)c;
	h->alps = true;
	return true;
}

static bool
take_extended_master(struct cursor c, struct tls_hello *h)
{
	(void)c;
	h->extended_master = true;
	return true;
}

static bool
take_encrypt_then_mac(struct cursor c, struct tls_hello *h)
{
	(void)c;
	h->encrypt_then_mac = true;
	return true;
}

enum { IN_CLIENT = 1, IN_SERVER = 2, IN_ENCRYPTED = 4, IN_ANY = 7 };

/* By type. */
static const struct extension {
	uint16_t type;
	uint8_t where;
	bool (*take)(struct cursor c, struct tls_hello *h);
} table[] = {
	{ 0, IN_ANY, take_sni }, { 10, IN_CLIENT, take_groups },
	{ 11, IN_CLIENT, take_points }, { 13, IN_CLIENT, take_schemes },
	{ 14, IN_ANY, take_srtp }, { 16, IN_ANY, take_alpn },
	{ 22, IN_ANY, take_encrypt_then_mac },
	{ 23, IN_ANY, take_extended_master }, { 35, IN_ANY, take_ticket },
	{ 41, IN_CLIENT, take_identities }, { 41, IN_SERVER, take_psk },
	{ 42, IN_ANY, take_early }, { 43, IN_CLIENT, take_versions },
	{ 43, IN_SERVER, take_version }, { 49, IN_CLIENT, take_post_auth },
	{ 51, IN_SERVER, take_share },
	{ 0x4469, IN_ANY, take_alps }, /* application settings, draft */
	{ 0x44cd, IN_ANY, take_alps }, /* the same, newer number */
	{ 0x7550, IN_ANY, take_alps }, /* Channel ID */
};

static bool
take(uint16_t type, enum tls_hello_kind kind, struct cursor body,
    struct tls_hello *h)
{
	for (size_t i = 0; i < COUNT(table) && table[i].type <= type; i++) {
		if (table[i].type == type && table[i].where & 1U << kind)
			return table[i].take(body, h);
	}
	return true;
}

bool
tls_extensions(struct cursor c, enum tls_hello_kind kind, struct tls_hello *h)
{
	struct cursor body;
	uint16_t type;

	while (cur_left(&c) > 0) {
		if (!cur_u16(&c, &type) || !cur_vec16(&c, &body))
			return false;
		if (h->extension_count < COUNT(h->extensions))
			h->extensions[h->extension_count++] = type;
		/* One that contradicts its specification says nothing; the
		 * others still do. */
		(void)take(type, kind, body, h);
	}
	return true;
}
