/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support.h"

#include "dissect/tls_decrypt.h"
#include "tests/vectors/rfc8448.h"

static struct tls_decrypt *
decrypt_8448(struct keylog *k)
{
	struct tls_decrypt_setup how = {
		.version = 0x0304,
		.suite = 0x1301,
		.client_random = rfc8448_random,
		.server_random = rfc8448_random,
	};

	return tls_decrypt_new(k, &how);
}

static bool
open_whole(struct tls_decrypt *d, enum side side, struct slice record,
    struct slice *plain, uint8_t *type)
{
	return tls_decrypt_record(d, side, slice_head(record, 5),
	    slice_from(record, 5), plain, type);
}

#define WHOLE(a) slice_of(a, sizeof(a))

static void
is_count(struct slice plain, size_t n)
{
	assert_int_equal(plain.n, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(plain.p[i], i);
}

static void
rfc8448(void **state)
{
	struct keylog *k = keylog_new();
	struct slice plain;
	uint8_t type;

	(void)state;
	assert_null(decrypt_8448(k));
	keylog_add(k, slice_text(rfc8448_keylog));
	struct tls_decrypt *d = decrypt_8448(k);

	assert_non_null(d);
	assert_true(open_whole(d, TO_SERVER, WHOLE(rfc8448_client_finished),
	    &plain, &type));
	assert_int_equal(type, 22);
	assert_true(slice_eq(plain, WHOLE(rfc8448_client_finished_plain)));
	/* Once is enough: the number has moved on. */
	assert_false(open_whole(d, TO_SERVER, WHOLE(rfc8448_client_finished),
	    &plain, &type));
	tls_decrypt_finished(d, TO_SERVER);
	assert_true(open_whole(d, TO_SERVER, WHOLE(rfc8448_client_data), &plain,
	    &type));
	assert_int_equal(type, 23);
	is_count(plain, 50);

	/* The server's first record is not here. */
	tls_decrypt_finished(d, TO_CLIENT);
	assert_false(open_whole(d, TO_CLIENT, WHOLE(rfc8448_server_data),
	    &plain, &type));
	tls_decrypt_gap(d, TO_CLIENT);
	assert_true(open_whole(d, TO_CLIENT, WHOLE(rfc8448_server_data), &plain,
	    &type));
	is_count(plain, 50);
	tls_decrypt_free(d);
	keylog_free(k);
}

/* The Finished was not seen, or nobody said so. */
static void
rfc8448_without_finished(void **state)
{
	struct keylog *k = keylog_new();
	struct slice plain;
	uint8_t type;

	(void)state;
	keylog_add(k, slice_text(rfc8448_keylog));
	struct tls_decrypt *d = decrypt_8448(k);

	assert_true(open_whole(d, TO_SERVER, WHOLE(rfc8448_client_data), &plain,
	    &type));
	is_count(plain, 50);
	tls_decrypt_free(d);
	keylog_free(k);
}

/* The secrets come into the key log after the packets. */
static void
rfc8448_late_secret(void **state)
{
	const char *traffic = strstr(rfc8448_keylog, "CLIENT_TRAFFIC");
	struct keylog *k = keylog_new();
	struct slice plain;
	uint8_t type;

	(void)state;
	keylog_add(k,
	    slice_of(rfc8448_keylog, (size_t)(traffic - rfc8448_keylog)));
	struct tls_decrypt *d = decrypt_8448(k);

	tls_decrypt_finished(d, TO_SERVER);
	assert_false(open_whole(d, TO_SERVER, WHOLE(rfc8448_client_data),
	    &plain, &type));
	keylog_add(k, slice_text(traffic));
	assert_true(open_whole(d, TO_SERVER, WHOLE(rfc8448_client_data), &plain,
	    &type));
	tls_decrypt_free(d);
	keylog_free(k);
}

static void
rfc8448_early(void **state)
{
	struct keylog *k = keylog_new();
	struct slice plain;
	uint8_t type;

	(void)state;
	keylog_add(k, slice_text(rfc8448_keylog));
	keylog_add(k, slice_text(rfc8448_early_secret));
	struct tls_decrypt *d = decrypt_8448(k);

	assert_true(
	    open_whole(d, TO_SERVER, WHOLE(rfc8448_early_data), &plain, &type));
	assert_int_equal(type, 23);
	assert_true(slice_is(plain, "ABCDEF"));
	tls_decrypt_end_of_early_data(d);
	assert_true(open_whole(d, TO_SERVER, WHOLE(rfc8448_client_finished),
	    &plain, &type));
	tls_decrypt_free(d);

	/* Refused: skipped until the handshake keys fit. */
	d = decrypt_8448(k);
	tls_decrypt_end_of_early_data(d);
	assert_false(
	    open_whole(d, TO_SERVER, WHOLE(rfc8448_early_data), &plain, &type));
	assert_true(open_whole(d, TO_SERVER, WHOLE(rfc8448_client_finished),
	    &plain, &type));
	tls_decrypt_free(d);
	keylog_free(k);
}

static void
try_record(struct slice piece, bool is_whole, void *ctx)
{
	struct tls_decrypt *d = decrypt_8448(ctx);
	struct slice plain;
	uint8_t type;

	assert_int_equal(open_whole(d, TO_SERVER, piece, &plain, &type),
	    is_whole);
	tls_decrypt_free(d);
}

static void
rfc8448_prefixes(void **state)
{
	struct keylog *k = keylog_new();

	(void)state;
	keylog_add(k, slice_text(rfc8448_keylog));
	each_prefix(WHOLE(rfc8448_client_finished), try_record, k);
	keylog_free(k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc8448),
		cmocka_unit_test(rfc8448_without_finished),
		cmocka_unit_test(rfc8448_late_secret),
		cmocka_unit_test(rfc8448_early),
		cmocka_unit_test(rfc8448_prefixes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
