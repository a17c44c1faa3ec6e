/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support.h"

#include "ui/filter.h"

static struct view_row
row(void)
{
	static const uint8_t a[4] = { 10, 1, 2, 3 }, b[4] = { 192, 0, 2, 7 };
	struct view_row r = {
		.src = { addr_v4(a), 50000 },
		.dst = { addr_v4(b), 5061 },
		.proto = 6,
		.number = 12,
		.class = CLASS_AV_MEDIA,
		.verdict = VERDICT_VIOLATION,
		.observed = PROTECTION_NONE,
		.certainty = CERTAINTY_PROVEN,
		.src_role = ROLE_CLIENT,
		.dest_role = ROLE_EDGE,
		.severity = SEVERITY_HIGH,
		.server_cert = 0xa1b2c3d4,
		.findings = UINT64_C(1) << FINDING_CERT_EXPIRED |
		    UINT64_C(1) << FINDING_TLS_WEAK_CIPHER,
		.app = "sip",
		.name = "Pool.Contoso.com",
		.why = "SIP REGISTER readable over TCP",
	};

	return r;
}

static bool
passes(const char *text)
{
	struct view_row r = row();
	struct filter f;
	struct filter_fault fault;

	assert_true(filter_parse(text, &f, &fault));
	return filter_match(&f, &r, false);
}

static void
matches(void **state)
{
	static const char *const yes[] = { "", "  ", "verdict:violation",
		"verdict:viol", "verdict:compliant,violation", "class:av-media",
		"class:av*", "class:*media", "host:10.1.0.0/16",
		"host:192.0.2.1-192.0.2.9", "src:10.1.2.3", "dst:192.0.2.7",
		"port:5061", "port:5060-5069", "port:1,50000", "sni:contoso",
		"sni:pool.*", "sni:*.COM", "finding:certificate.*",
		"finding:expired", "finding:tls.weak-cipher", "role:edge",
		"role:client", "proto:tcp", "app:sip", "observed:none",
		"certainty:proven", "severity:high", "cert:a1b2",
		"cert:A1B2C3D4", "flow:12", "flow:10-20", "register",
		"\"over tcp\"", "10.1.2", "5061", "contoso", "weak-cipher",
		"!verdict:compliant", "!is:tagged",
		"verdict:violation class:av-media contoso",
		"!sni:fabrikam !udp" };
	static const char *const no[] = { "verdict:compliant",
		"!verdict:violation", "class:server-to-server",
		"host:10.2.0.0/16", "src:192.0.2.7", "port:5062",
		"sni:fabrikam", "sni:contoso*", "finding:certificate.revoked",
		"role:gateway", "proto:udp", "app:rtp", "severity:low",
		"cert:a1b3", "flow:13", "is:tagged", "is:inferred", "invite",
		"verdict:violation !contoso", "10.1.3" };

	(void)state;
	for (size_t i = 0; i < COUNT(yes); i++) {
		if (!passes(yes[i]))
			fail_msg("'%s' should pass", yes[i]);
	}
	for (size_t i = 0; i < COUNT(no); i++) {
		if (passes(no[i]))
			fail_msg("'%s' should not pass", no[i]);
	}
}

static void
tagged(void **state)
{
	struct view_row r = row();
	struct filter f;
	struct filter_fault fault;

	(void)state;
	assert_true(filter_parse("is:tagged", &f, &fault));
	assert_true(filter_match(&f, &r, true));
	assert_false(filter_match(&f, &r, false));
}

static void
tells_what_is_wrong(void **state)
{
	static const struct {
		const char *text, *says;
		size_t at;
		bool unfinished;
	} cases[] = {
		{ "verdct:violation", "did you mean 'verdict:'?", 0, false },
		{ "a verdict:violatoin", "did you mean 'violation'?", 2,
		    false },
		{ "class:nothing-like-it", "no class is called", 0, false },
		{ "host:10.1", "no address", 0, true },
		{ "host:10.1 x", "no address", 0, false },
		{ "verdict:", "needs a value", 0, true },
		{ "port:70000", "no port", 0, true },
		{ "port:x", "no number", 0, false },
		{ "port:9-5", "no port", 0, true },
		{ "x !", "needs a word", 2, true },
		{ "cert:xyz", "SHA-256", 0, false },
	};
	struct filter f;
	struct filter_fault fault;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_false(filter_parse(cases[i].text, &f, &fault));
		if (strstr(fault.text, cases[i].says) == NULL)
			fail_msg("'%s' says: %s", cases[i].text, fault.text);
		assert_int_equal(fault.at, cases[i].at);
		assert_int_equal(fault.unfinished, cases[i].unfinished);
	}
}

static void
bounded(void **state)
{
	char text[4096];
	struct filter f;
	struct filter_fault fault;

	(void)state;
	/* More words, alternatives, characters than there is room for. */
	memset(text, 0, sizeof(text));
	for (size_t i = 0; i < 40; i++)
		strcat(text, "a ");
	assert_false(filter_parse(text, &f, &fault));
	assert_false(filter_parse("port:1,2,3,4,5,6,7,8,9", &f, &fault));
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_true(filter_parse(text, &f, &fault));
	memcpy(text, "sni:", 4);
	assert_true(filter_parse(text, &f, &fault));
	memcpy(text, "zzz:", 4);
	assert_false(filter_parse(text, &f, &fault));
}

/* No prefix of a filter may do more than be wrong. */
static void
try_piece(struct slice piece, bool is_whole, void *ctx)
{
	char text[FILTER_LINE];
	struct filter f;
	struct filter_fault fault;
	bool good;

	(void)ctx;
	memcpy(text, piece.p, piece.n);
	text[piece.n] = '\0';
	good = filter_parse(text, &f, &fault);
	if (is_whole)
		assert_true(good);
	if (!good)
		assert_true(fault.text[0] != '\0');
}

static void
prefixes(void **state)
{
	static const char whole[] =
	    "!verdict:violation,exempt class:av* host:10.0.0.0/8 "
	    "src:2001:db8::1-2001:db8::9 port:1-9 finding:tls.* \"a b\" *c*";

	(void)state;
	each_prefix(slice_text(whole), try_piece, NULL);
}

static void
completes(void **state)
{
	static const struct {
		const char *before, *after, *hints;
	} cases[] = {
		{ "ver", "verdict:", "" },
		{ "!ver", "!verdict:", "" },
		{ "verdict:v", "verdict:violation ", "" },
		{ "x class:av", "x class:av-media ", "" },
		{ "class:address-book-download,desktop-",
		    "class:address-book-download,desktop-",
		    "desktop-media  desktop-signalling" },
		{ "finding:certificate.n", "finding:certificate.n",
		    "certificate.not-yet-valid" },
		{ "finding:cert", "finding:certificate.", NULL },
		{ "zzz", "zzz", "" },
		{ "", "", "verdict:  class:" },
		{ "cert", "cert", "certainty:  cert:" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[FILTER_LINE] = "", hints[512];

		strcpy(text, cases[i].before);
		size_t at =
		    filter_complete(text, strlen(text), hints, sizeof(hints));

		assert_string_equal(text, cases[i].after);
		assert_int_equal(at, strlen(text));
		if (cases[i].hints != NULL &&
		    strncmp(hints, cases[i].hints, strlen(cases[i].hints)) != 0)
			fail_msg("'%s' hints: %s", cases[i].before, hints);
	}
}

static void
completes_inside(void **state)
{
	char text[FILTER_LINE] = "verdict:vio port:1", hints[64];
	char full[FILTER_LINE];

	(void)state;
	assert_int_equal(filter_complete(text, 11, hints, sizeof(hints)), 18);
	assert_string_equal(text, "verdict:violation  port:1");
	/* There is no room: nothing happens. */
	memset(full, 'a', sizeof(full) - 1);
	memcpy(full + sizeof(full) - 5, " ver", 5);
	assert_int_equal(
	    filter_complete(full, sizeof(full) - 1, hints, sizeof(hints)),
	    sizeof(full) - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches),
		cmocka_unit_test(tagged),
		cmocka_unit_test(tells_what_is_wrong),
		cmocka_unit_test(bounded),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(completes),
		cmocka_unit_test(completes_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
