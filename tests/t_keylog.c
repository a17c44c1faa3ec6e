/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support.h"

#include <fcntl.h>
#include <pthread.h>

#include "dissect/keylog.h"

#define R1  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define R2  "FF0102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F"
#define S32 "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf"
#define S48 S32 "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf"

static void
random_of(uint8_t first, uint8_t to[KEYLOG_RANDOM])
{
	for (int i = 0; i < KEYLOG_RANDOM; i++)
		to[i] = (uint8_t)i;
	to[0] = first;
}

static size_t
find(const struct keylog *k, uint8_t first, enum keylog_label label)
{
	uint8_t random[KEYLOG_RANDOM], secret[KEYLOG_SECRET_MOST];

	random_of(first, random);
	memset(secret, 0x5a, sizeof(secret));
	size_t n = keylog_find(k, random, label, secret);

	for (size_t i = 0; i < n; i++)
		assert_int_equal(secret[i], 0xa0 + i);
	if (n < sizeof(secret))
		assert_int_equal(secret[n], 0x5a);
	return n;
}

static struct keylog *
log_of(const char *text)
{
	struct keylog *k = keylog_new();

	assert_non_null(k);
	keylog_add(k, slice_text(text));
	return k;
}

static void
labels(void **state)
{
	(void)state;
	struct keylog *k =
	    log_of("# comment\n\n"
		   "CLIENT_RANDOM " R1 " " S48 "\r\n"
		   "CLIENT_EARLY_TRAFFIC_SECRET " R2 " " S32 "\n"
		   "CLIENT_HANDSHAKE_TRAFFIC_SECRET " R2 " " S32 "\n"
		   "SERVER_HANDSHAKE_TRAFFIC_SECRET " R2 " " S48 "\n"
		   "CLIENT_TRAFFIC_SECRET_0 " R2 " " S32 "\n"
		   "CLIENT_TRAFFIC_SECRET_1 " R2 " " S32 "\n"
		   "EXPORTER_SECRET " R2 " " S32 "\n"
		   "SERVER_TRAFFIC_SECRET_0 " R2 " " S32);

	assert_int_equal(keylog_count(k), 6);
	assert_int_equal(keylog_foreign(k), 0);
	assert_int_equal(find(k, 0, KEYLOG_MASTER), 48);
	assert_int_equal(find(k, 0xff, KEYLOG_MASTER), 0);
	assert_int_equal(find(k, 0xff, KEYLOG_CLIENT_EARLY), 32);
	assert_int_equal(find(k, 0xff, KEYLOG_CLIENT_HANDSHAKE), 32);
	assert_int_equal(find(k, 0xff, KEYLOG_SERVER_HANDSHAKE), 48);
	assert_int_equal(find(k, 0xff, KEYLOG_CLIENT_TRAFFIC), 32);
	assert_int_equal(find(k, 0xff, KEYLOG_SERVER_TRAFFIC), 32);
	assert_int_equal(find(k, 1, KEYLOG_SERVER_TRAFFIC), 0);
	keylog_free(k);
}

static void
foreign_lines(void **state)
{
	static const char *const lines[] = {
		"nonsense",
		"CLIENT_RANDOM " R1,
		"CLIENT_RANDOM " R1 " " S32,      /* too short */
		"CLIENT_RANDOM " R1 " " S48 "00", /* too long */
		"CLIENT_RANDOM " R1 "00 " S48,    /* random too long */
		"CLIENT_RANDOM 0" R1 " " S48,     /* half an octet */
		"CLIENT_RANDOM " R1 " " S48 " x", /* something more */
		"CLIENT_RANDOM " R1 " g" S48,     /* no digit */
		"client_random " R1 " " S48,      /* labels have one case */
		"SERVER_TRAFFIC_SECRET_0 " R1 " ",
		"\x01\xff",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct keylog *k = log_of(lines[i]);

		assert_int_equal(keylog_foreign(k), 1);
		assert_int_equal(keylog_count(k), 0);
		keylog_free(k);
	}
}

static void
said_twice(void **state)
{
	(void)state;
	/* The last word counts, and a secret is one secret. */
	struct keylog *k = log_of("CLIENT_TRAFFIC_SECRET_0 " R1 " " S48 "\n"
				  "CLIENT_TRAFFIC_SECRET_0 " R1 " " S32 "\n");

	assert_int_equal(keylog_count(k), 1);
	assert_int_equal(find(k, 0, KEYLOG_CLIENT_TRAFFIC), 32);
	keylog_free(k);
}

static void
many(void **state)
{
	struct keylog *k = keylog_new();
	uint8_t random[KEYLOG_RANDOM] = { 0 }, secret[KEYLOG_SECRET_MOST];
	char line[200];

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		snprintf(line, sizeof(line),
		    "CLIENT_RANDOM %08x%056x %08x%088x\n", i, 0, i, 0);
		keylog_add(k, slice_text(line));
	}
	assert_int_equal(keylog_count(k), 3000);
	for (unsigned i = 0; i < 3000; i++) {
		random[2] = (uint8_t)(i >> 8);
		random[3] = (uint8_t)i;
		assert_int_equal(keylog_find(k, random, KEYLOG_MASTER, secret),
		    48);
		assert_int_equal(secret[2] << 8 | secret[3], i);
	}
	keylog_free(k);
}

static void
append(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_APPEND);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void
followed(void **state)
{
	char path[64];
	struct fault f = { 0 };
	struct keylog *k = keylog_new();
	static const char first[] = "CLIENT_RANDOM " R1 " ";

	(void)state;
	temp_file(path, first, sizeof(first) - 1);
	assert_true(keylog_open(k, path, &f));
	assert_int_equal(keylog_count(k), 0);
	append(path, S32);
	keylog_follow(k);
	assert_int_equal(keylog_count(k), 0);
	append(path, "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf\nCLIENT_");
	keylog_follow(k);
	assert_int_equal(find(k, 0, KEYLOG_MASTER), 48);
	assert_int_equal(keylog_count(k), 1);
	append(path, "TRAFFIC_SECRET_0 " R2 " " S32 "\n");
	keylog_follow(k);
	keylog_follow(k);
	assert_int_equal(find(k, 0xff, KEYLOG_CLIENT_TRAFFIC), 32);
	assert_int_equal(keylog_foreign(k), 0);

	/* Begun anew: what was read stays. */
	assert_int_equal(truncate(path, 0), 0);
	keylog_follow(k);
	append(path, "SERVER_TRAFFIC_SECRET_0 " R2 " " S48 "\n");
	keylog_follow(k);
	assert_int_equal(keylog_count(k), 3);
	keylog_free(k);
	unlink(path);
}

static void
last_line_without_end(void **state)
{
	static const char text[] = "CLIENT_RANDOM " R1 " " S48;
	char path[64];
	struct fault f;
	struct keylog *k = keylog_new();

	(void)state;
	temp_file(path, text, sizeof(text) - 1);
	assert_true(keylog_open(k, path, &f));
	assert_int_equal(find(k, 0, KEYLOG_MASTER), 48);
	keylog_follow(k);
	append(path, "\n");
	keylog_follow(k);
	assert_int_equal(keylog_count(k), 1);
	assert_int_equal(keylog_foreign(k), 0);
	keylog_free(k);
	unlink(path);
}

static void
long_line(void **state)
{
	char path[64];
	char *text = malloc(100000);
	struct fault f;
	struct keylog *k = keylog_new();

	(void)state;
	memset(text, 'A', 100000);
	temp_file(path, text, 100000);
	assert_true(keylog_open(k, path, &f));
	append(path, "\nCLIENT_RANDOM " R1 " " S48 "\n");
	keylog_follow(k);
	assert_int_equal(keylog_foreign(k), 1);
	assert_int_equal(find(k, 0, KEYLOG_MASTER), 48);
	keylog_free(k);
	unlink(path);
	free(text);
}

static void
unreadable(void **state)
{
	struct fault f = { 0 };
	struct keylog *k = keylog_new();

	(void)state;
	assert_false(keylog_open(k, "/nowhere/keys", &f));
	assert_non_null(strstr(f.text, "/nowhere/keys: "));
	f.text[0] = '\0';
	assert_false(keylog_open(k, "/tmp", &f));
	assert_non_null(strstr(f.text, "/tmp: "));
	keylog_free(k);
	keylog_free(NULL);
}

static void *
reader(void *ctx)
{
	const struct keylog *k = ctx;

	while (find(k, 0xff, KEYLOG_MASTER) == 0)
		(void)keylog_count(k);
	return NULL;
}

static void
read_while_written(void **state)
{
	struct keylog *k = keylog_new();
	pthread_t t[2];
	char line[200];

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&t[i], NULL, reader, k), 0);
	for (unsigned i = 0; i < 2000; i++) {
		snprintf(line, sizeof(line),
		    "CLIENT_RANDOM %08x%056x %08x%088x\n", i, 1, i, 0);
		keylog_add(k, slice_text(line));
	}
	keylog_add(k, slice_text("CLIENT_RANDOM " R2 " " S48));
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	keylog_free(k);
}

static void
try_piece(struct slice piece, bool is_whole, void *ctx)
{
	struct keylog *k = keylog_new();

	(void)ctx;
	keylog_add(k, piece);
	assert_int_equal(find(k, 0, KEYLOG_MASTER), is_whole ? 48 : 0);
	keylog_free(k);
}

static void
prefixes(void **state)
{
	(void)state;
	each_prefix(slice_text("CLIENT_RANDOM " R1 " " S48), try_piece, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels),
		cmocka_unit_test(foreign_lines),
		cmocka_unit_test(said_twice),
		cmocka_unit_test(many),
		cmocka_unit_test(followed),
		cmocka_unit_test(last_line_without_end),
		cmocka_unit_test(long_line),
		cmocka_unit_test(unreadable),
		cmocka_unit_test(read_while_written),
		cmocka_unit_test(prefixes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
