/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fuzz targets without a fuzzer: every file in tests/corpus/NAME, its
 * beginnings, and nothing at all. What once was found stays found, without
 * clang; a target that is not named here is not linked.
 */
#include <dirent.h>

#include "core/base.h"
#include "tests/support.h"

#define TARGETS(X)       \
	X(audit_read)    \
	X(cert)          \
	X(cert_chain)    \
	X(decode)        \
	X(dtls)          \
	X(framed)        \
	X(http)          \
	X(keylog)        \
	X(ms_turn)       \
	X(path)          \
	X(policy)        \
	X(rdp)           \
	X(rtcp)          \
	X(rtp)           \
	X(sdp)           \
	X(sip)           \
	X(source)        \
	X(stream)        \
	X(stun)          \
	X(tls)           \
	X(tls_decrypt)   \
	X(tls_handshake) \
	X(tls_record)    \
	X(turn)          \
	X(websocket)     \
	X(xmpp)          \
	X(zrtp)

#define DECLARE(name) int fuzz_##name(const uint8_t *p, size_t n);
TARGETS(DECLARE)

struct target {
	const char *name;
	int (*run)(const uint8_t *p, size_t n);
};

#define ROW(name) { #name, fuzz_##name },
static const struct target targets[] = { TARGETS(ROW) };

enum { BEGINNINGS = 8, FILE_MOST = 64 * 1024 };

static void
run_piece(const struct target *t, const uint8_t *bytes, size_t n)
{
	uint8_t *p = malloc(n > 0 ? n : 1);

	assert_non_null(p);
	if (n > 0)
		memcpy(p, bytes, n);
	assert_int_equal(t->run(p, n), 0);
	free(p);
}

static void
run_file(const struct target *t, const char *path)
{
	uint8_t *bytes = malloc(FILE_MOST);
	FILE *f = fopen(path, "rb");

	assert_non_null(bytes);
	assert_non_null(f);
	size_t n = fread(bytes, 1, FILE_MOST, f);

	fclose(f);
	/* Who aborts says no more. */
	printf("%s\n", path);
	fflush(stdout);
	for (size_t i = 0; i < BEGINNINGS; i++)
		run_piece(t, bytes, n * i / BEGINNINGS);
	run_piece(t, bytes, n);
	free(bytes);
}

static size_t
run_folder(const struct target *t)
{
	char folder[64], path[512];
	struct dirent *e;
	size_t n = 0;

	(void)snprintf(folder, sizeof(folder), "tests/corpus/%s", t->name);
	DIR *d = opendir(folder);

	while (d != NULL && (e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		run_file(t, path);
		n++;
	}
	if (d != NULL)
		closedir(d);
	return n;
}

static void
test_corpus(void **state)
{
	size_t files = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(targets); i++) {
		run_piece(&targets[i], NULL, 0);
		files += run_folder(&targets[i]);
	}
	assert_true(files > 0);
}

/* Every folder has a target, every target's source stands above. */
static void
test_names(void **state)
{
	static const char *const folders[] = { "tests/corpus", "tests/fuzz" };

	(void)state;
	for (size_t i = 0; i < COUNT(folders); i++) {
		DIR *d = opendir(folders[i]);
		struct dirent *e;

		assert_non_null(d);
		while ((e = readdir(d)) != NULL) {
			char name[300];
			size_t k = 0;

			if (i == 0 && e->d_name[0] != '.')
				(void)snprintf(name, sizeof(name), "%s",
				    e->d_name);
			else if (i == 0 ||
			    sscanf(e->d_name, "fuzz_%255[a-z0-9_].c", name) !=
				1 ||
			    strstr(e->d_name, ".c") == NULL)
				continue;
			while (k < COUNT(targets) &&
			    strcmp(targets[k].name, name) != 0)
				k++;
			if (k == COUNT(targets))
				fail_msg("%s/%s: no such target in t_corpus.c",
				    folders[i], e->d_name);
		}
		closedir(d);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_corpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
