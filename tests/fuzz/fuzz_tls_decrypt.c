/* SPDX-License-Identifier: Apache-2.0 */
/*
 * First octet: the setup; then one octet of what to do, and for a record the
 * header and a body of 16-bit length.
 */
#include "core/cursor.h"
#include "dissect/tls_decrypt.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

#define ZERO8  "00000000"
#define ZERO32 ZERO8 ZERO8 ZERO8 ZERO8 ZERO8 ZERO8 ZERO8 ZERO8
#define ZERO48 ZERO32 ZERO8 ZERO8 ZERO8 ZERO8

static const char secrets[] =
    "CLIENT_RANDOM " ZERO32 " " ZERO48 "\n"
    "CLIENT_EARLY_TRAFFIC_SECRET " ZERO32 " " ZERO32 "\n"
    "CLIENT_HANDSHAKE_TRAFFIC_SECRET " ZERO32 " " ZERO32 "\n"
    "SERVER_HANDSHAKE_TRAFFIC_SECRET " ZERO32 " " ZERO32 "\n"
    "CLIENT_TRAFFIC_SECRET_0 " ZERO32 " " ZERO32 "\n"
    "SERVER_TRAFFIC_SECRET_0 " ZERO32 " " ZERO32 "\n";

static const struct {
	uint16_t version, suite;
	bool etm;
} setups[] = {
	{ 0x0304, 0x1301, false },
	{ 0x0304, 0x1303, false },
	{ 0x0304, 0x1305, false },
	{ 0x0303, 0xc02f, false },
	{ 0x0303, 0xcca8, false },
	{ 0x0303, 0xc09c, false },
	{ 0x0303, 0x003c, false },
	{ 0x0303, 0x003c, true },
	{ 0x0301, 0x002f, false },
	{ 0x0301, 0x002f, true },
	{ 0x0302, 0x000a, false },
	{ 0x0303, 0x003b, false },
	{ 0x0301, 0x0005, false },
	{ 0xfefd, 0xc02f, false },
	{ 0xfefd, 0x003c, true },
	{ 0xfeff, 0x002f, false },
};

static bool
step(struct tls_decrypt *d, struct cursor *c, size_t header_n)
{
	struct slice header, plain;
	struct cursor body;
	uint8_t what, type;

	if (!cur_u8(c, &what))
		return false;
	enum side side = what & 1 ? TO_CLIENT : TO_SERVER;

	switch (what >> 1 & 7) {
	case 0:
		tls_decrypt_finished(d, side);
		return true;
	case 1:
		tls_decrypt_end_of_early_data(d);
		return true;
	case 2:
		tls_decrypt_key_update(d, side);
		return true;
	case 3:
		tls_decrypt_gap(d, side);
		return true;
	default:
		break;
	}
	if (!cur_take(c, header_n, &header) || !cur_vec16(c, &body))
		return false;
	(void)tls_decrypt_record(d, side, header, cur_rest(&body), &plain,
	    &type);
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const uint8_t random[KEYLOG_RANDOM];
	struct cursor c = cur_of(slice_of(p, n));
	uint8_t choice;

	if (!cur_u8(&c, &choice))
		return 0;
	size_t i = choice % COUNT(setups);
	struct tls_decrypt_setup how = {
		.version = setups[i].version,
		.suite = setups[i].suite,
		.encrypt_then_mac = setups[i].etm,
		.client_random = random,
		.server_random = random,
	};
	struct keylog *k = keylog_new();

	keylog_add(k, slice_text(secrets));
	struct tls_decrypt *d = tls_decrypt_new(k, &how);

	while (d != NULL && step(d, &c, how.version >> 8 == 0xfe ? 13 : 5))
		;
	tls_decrypt_free(d);
	keylog_free(k);
	return 0;
}
