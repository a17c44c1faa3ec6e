/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support.h"

#include <netinet/in.h>
#include <sys/stat.h>

#include "audit/policy.h"
#include "core/clock.h"
#include "core/limits.h"

/* Ours is under test, not the macro of cmocka. */
#undef fail

#define HEAD "spanward-policy: 1\n"

/* --- built-in policies -------------------------------------------------- */

enum { L13 = 1, S15 = 2, S19 = 4, ALL = 7 };
static const char *const products[] = { "lync-2013", "skype-2015",
	"skype-2019" };

struct expected_row {
	unsigned products; /* that have it; the others do not */
	enum role role, caller;
	uint8_t proto;
	uint16_t lo, hi;
	enum traffic_class class;
	enum requirement require;
};

#define ANY     ROLE_UNKNOWN
#define FE      ROLE_FRONT_END
#define DIR     ROLE_DIRECTOR
#define EDGE    ROLE_EDGE
#define MED     ROLE_MEDIATION
#define GW      ROLE_GATEWAY
#define CLIENT  ROLE_CLIENT
#define PARTNER ROLE_PARTNER
#define CHAT    ROLE_PERSISTENT_CHAT
#define UM      ROLE_EXCHANGE_UM
#define SQL     ROLE_SQL
#define PROXY   ROLE_REVERSE_PROXY
#define OWA     ROLE_OFFICE_WEB_APPS
#define TCP     IPPROTO_TCP
#define UDP     IPPROTO_UDP
#define S2S     CLASS_SERVER_TO_SERVER
#define C2S     CLASS_CLIENT_TO_SERVER
#define IM      CLASS_IM_PRESENCE
#define AV      CLASS_AV_MEDIA
#define DESK    CLASS_DESKTOP_MEDIA
#define DESKSIG CLASS_DESKTOP_SIGNALLING
#define WEBCONF CLASS_WEB_CONFERENCING
#define WEB     CLASS_WEB_SERVICES
#define GWSIG   CLASS_GATEWAY_SIGNALLING
#define GWMEDIA CLASS_GATEWAY_MEDIA
#define RELAY   CLASS_RELAY_CONTROL
#define BOOT    CLASS_BOOTSTRAP
#define INFRA   CLASS_INFRASTRUCTURE
#define OTHER   CLASS_OTHER

/* clang-format off */
static const struct expected_row expected_rows[] = {
	{ ALL, ANY, FE, UDP, 1434, 1434, INFRA, REQUIRE_NONE },
	{ ALL, ANY, FE, TCP, 50001, 50003, S2S, REQUIRE_MTLS },
	{ ALL, ANY, CLIENT, UDP, 5060, 5061, C2S, REQUIRE_TLS },
	{ ALL, FE, FE, TCP, 5060, 5060, S2S, REQUIRE_MTLS },
	{ ALL, FE, EDGE, TCP, 5061, 5061, S2S, REQUIRE_MTLS },
	{ ALL, FE, CLIENT, TCP, 5061, 5061, C2S, REQUIRE_TLS },
	{ ALL, FE, DIR, TCP, 444, 444, S2S, REQUIRE_HTTPS },
	{ ALL, FE, FE, TCP, 135, 135, INFRA, REQUIRE_NONE },
	{ ALL, FE, FE, TCP, 5062, 5062, S2S, REQUIRE_MTLS },
	{ ALL, FE, CLIENT, TCP, 8057, 8057, WEBCONF, REQUIRE_TLS },
	{ L13 | S15, FE, CLIENT, TCP, 8058, 8058, WEBCONF, REQUIRE_TLS },
	{ ALL, FE, FE, TCP, 5063, 5063, S2S, REQUIRE_MTLS },
	{ ALL, FE, CLIENT, TCP, 57501, 65535, AV, REQUIRE_SRTP },
	{ ALL, FE, CLIENT, UDP, 57501, 65535, AV, REQUIRE_SRTP },
	{ ALL, FE, UM, TCP, 49152, 57500, AV, REQUIRE_SRTP },
	{ ALL, FE, MED, UDP, 49152, 57500, AV, REQUIRE_SRTP },
	{ ALL, FE, CLIENT, TCP, 49152, 65535, DESK, REQUIRE_SRTP },
	{ S15 | S19, FE, CLIENT, UDP, 49152, 65535, DESK, REQUIRE_SRTP },
	{ ALL, FE, FE, TCP, 5065, 5065, DESKSIG, REQUIRE_MTLS },
	{ ALL, FE, CLIENT, TCP, 80, 80, WEB, REQUIRE_HTTPS },
	{ ALL, FE, CLIENT, TCP, 443, 443, WEB, REQUIRE_HTTPS },
	{ ALL, FE, PROXY, TCP, 8080, 8080, WEB, REQUIRE_HTTPS },
	{ ALL, FE, PROXY, TCP, 4443, 4443, WEB, REQUIRE_HTTPS },
	{ ALL, FE, FE, TCP, 8060, 8060, WEBCONF, REQUIRE_MTLS },
	{ ALL, FE, FE, TCP, 8061, 8061, WEBCONF, REQUIRE_MTLS },
	{ ALL, FE, FE, TCP, 5086, 5086, S2S, REQUIRE_MTLS },
	{ ALL, FE, FE, TCP, 5087, 5087, S2S, REQUIRE_MTLS },
	{ L13, FE, FE, TCP, 5088, 5088, S2S, REQUIRE_MTLS },
	{ L13, FE, FE, TCP, 5089, 5089, S2S, REQUIRE_MTLS },
	{ ALL, FE, FE, TCP, 5064, 5064, S2S, REQUIRE_MTLS },
	{ ALL, FE, FE, TCP, 5072, 5072, S2S, REQUIRE_MTLS },
	{ ALL, FE, FE, TCP, 5073, 5073, S2S, REQUIRE_MTLS },
	{ ALL, FE, FE, TCP, 5075, 5075, S2S, REQUIRE_MTLS },
	{ ALL, FE, FE, TCP, 5076, 5076, S2S, REQUIRE_MTLS },
	{ ALL, FE, FE, TCP, 5071, 5071, S2S, REQUIRE_MTLS },
	{ ALL, FE, FE, TCP, 8404, 8404, S2S, REQUIRE_MTLS },
	{ ALL, FE, GW, TCP, 5066, 5066, GWSIG, REQUIRE_GATEWAY },
	{ ALL, FE, EDGE, TCP, 5080, 5080, S2S, REQUIRE_MTLS },
	{ ALL, FE, EDGE, TCP, 448, 448, INFRA, REQUIRE_NONE },
	{ ALL, FE, FE, TCP, 445, 445, INFRA, REQUIRE_NONE },
	{ ALL, EDGE, FE, TCP, 4443, 4443, S2S, REQUIRE_HTTPS },
	{ ALL, OWA, FE, TCP, 443, 443, WEB, REQUIRE_HTTPS },
	{ ALL, OWA, CLIENT, TCP, 443, 443, WEB, REQUIRE_HTTPS },
	{ ALL, DIR, FE, TCP, 5060, 5060, S2S, REQUIRE_MTLS },
	{ ALL, DIR, EDGE, TCP, 5061, 5061, S2S, REQUIRE_MTLS },
	{ ALL, DIR, CLIENT, TCP, 5061, 5061, C2S, REQUIRE_TLS },
	{ ALL, DIR, FE, TCP, 444, 444, S2S, REQUIRE_HTTPS },
	{ ALL, DIR, CLIENT, TCP, 80, 80, WEB, REQUIRE_HTTPS },
	{ ALL, DIR, CLIENT, TCP, 443, 443, WEB, REQUIRE_HTTPS },
	{ ALL, DIR, PROXY, TCP, 4443, 4443, WEB, REQUIRE_HTTPS },
	{ ALL, DIR, PROXY, TCP, 8080, 8080, WEB, REQUIRE_HTTPS },
	{ ALL, MED, FE, TCP, 5070, 5070, S2S, REQUIRE_MTLS },
	{ ALL, MED, GW, TCP, 5067, 5067, GWSIG, REQUIRE_GATEWAY },
	{ ALL, MED, GW, TCP, 5068, 5068, GWSIG, REQUIRE_GATEWAY },
	{ ALL, MED, GW, TCP, 5081, 5081, GWSIG, REQUIRE_GATEWAY },
	{ ALL, MED, GW, TCP, 5082, 5082, GWSIG, REQUIRE_GATEWAY },
	{ ALL, GW, MED, TCP, 5066, 5066, GWSIG, REQUIRE_GATEWAY },
	{ ALL, GW, MED, TCP, 5067, 5067, GWSIG, REQUIRE_GATEWAY },
	{ ALL, GW, MED, TCP, 5081, 5081, GWSIG, REQUIRE_GATEWAY },
	{ ALL, GW, MED, TCP, 5082, 5082, GWSIG, REQUIRE_GATEWAY },
	{ ALL, MED, FE, TCP, 49152, 57500, AV, REQUIRE_SRTP },
	{ ALL, MED, CLIENT, UDP, 49152, 57500, AV, REQUIRE_SRTP },
	{ ALL, MED, GW, UDP, 49152, 57500, GWMEDIA, REQUIRE_NONE },
	{ ALL, GW, CLIENT, UDP, 1024, 65535, GWMEDIA, REQUIRE_NONE },
	{ L13 | S15, CHAT, FE, TCP, 5041, 5041, S2S, REQUIRE_MTLS },
	{ L13 | S15, CHAT, CHAT, TCP, 881, 881, S2S, REQUIRE_MTLS },
	{ L13 | S15, CHAT, CLIENT, TCP, 443, 443, WEB, REQUIRE_HTTPS },
	{ L13 | S15, CHAT, CHAT, TCP, 8011, 8011, S2S, REQUIRE_MTLS },
	{ ALL, EDGE, CLIENT, TCP, 443, 443, C2S, REQUIRE_TLS },
	{ ALL, EDGE, PARTNER, TCP, 5061, 5061, S2S, REQUIRE_MTLS },
	{ ALL, EDGE, CLIENT, TCP, 5061, 5061, C2S, REQUIRE_TLS },
	{ ALL, EDGE, CLIENT, TCP, 443, 443, WEBCONF, REQUIRE_TLS },
	{ ALL, EDGE, CLIENT, TCP, 444, 444, WEBCONF, REQUIRE_TLS },
	{ ALL, EDGE, PARTNER, TCP, 443, 443, RELAY, REQUIRE_NONE },
	{ ALL, EDGE, CLIENT, TCP, 443, 443, RELAY, REQUIRE_NONE },
	{ ALL, EDGE, CLIENT, UDP, 3478, 3478, RELAY, REQUIRE_NONE },
	{ ALL, EDGE, PARTNER, TCP, 50000, 59999, AV, REQUIRE_SRTP },
	{ ALL, EDGE, PARTNER, UDP, 50000, 59999, AV, REQUIRE_SRTP },
	{ L13 | S15, EDGE, PARTNER, TCP, 5269, 5269, IM, REQUIRE_TLS },
	{ ALL, ANY, EDGE, TCP, 80, 80, BOOT, REQUIRE_NONE },
	{ ALL, ANY, EDGE, TCP, 53, 53, INFRA, REQUIRE_NONE },
	{ ALL, ANY, EDGE, UDP, 53, 53, INFRA, REQUIRE_NONE },
	{ ALL, EDGE, DIR, TCP, 5061, 5061, S2S, REQUIRE_MTLS },
	{ ALL, EDGE, UM, TCP, 5062, 5062, S2S, REQUIRE_MTLS },
	{ ALL, EDGE, FE, TCP, 8057, 8057, WEBCONF, REQUIRE_MTLS },
	{ ALL, EDGE, MED, UDP, 3478, 3478, RELAY, REQUIRE_NONE },
	{ ALL, EDGE, MED, TCP, 443, 443, RELAY, REQUIRE_NONE },
	{ ALL, EDGE, FE, TCP, 50001, 50003, S2S, REQUIRE_MTLS },
	{ L13 | S15, EDGE, FE, TCP, 23456, 23456, IM, REQUIRE_MTLS },
	{ ALL, PROXY, CLIENT, TCP, 443, 443, WEB, REQUIRE_HTTPS },
	{ ALL, PROXY, CLIENT, TCP, 80, 80, WEB, REQUIRE_HTTPS },
	{ ALL, OWA, PROXY, TCP, 443, 443, WEB, REQUIRE_HTTPS },
	{ ALL, CLIENT, CLIENT, TCP, 6891, 6901, OTHER, REQUIRE_NONE },
	{ ALL, CLIENT, FE, TCP, 1024, 65535, AV, REQUIRE_SRTP },
	{ ALL, CLIENT, EDGE, UDP, 1024, 65535, AV, REQUIRE_SRTP },
	{ ALL, CLIENT, CLIENT, TCP, 1024, 65535, DESK, REQUIRE_SRTP },
	{ ALL, ANY, CLIENT, UDP, 67, 68, INFRA, REQUIRE_NONE },
	{ L13, ANY, CLIENT, TCP, 5223, 5223, OTHER, REQUIRE_TLS },
	{ ALL, UM, FE, TCP, 5060, 5060, S2S, REQUIRE_MTLS },
	{ ALL, UM, GW, TCP, 5060, 5060, GWSIG, REQUIRE_GATEWAY },
	{ ALL, UM, FE, TCP, 5061, 5061, S2S, REQUIRE_MTLS },
	{ ALL, UM, FE, TCP, 5062, 5062, S2S, REQUIRE_MTLS },
	{ ALL, UM, FE, TCP, 5063, 5063, S2S, REQUIRE_MTLS },
	{ ALL, UM, FE, TCP, 5065, 5068, S2S, REQUIRE_MTLS },
	{ ALL, UM, GW, TCP, 5065, 5068, GWSIG, REQUIRE_GATEWAY },
	{ ALL, UM, FE, UDP, 1024, 65535, AV, REQUIRE_SRTP },
	{ ALL, UM, GW, UDP, 1024, 65535, GWMEDIA, REQUIRE_NONE },
	{ ALL, SQL, FE, TCP, 1433, 1433, INFRA, REQUIRE_NONE },
	{ ALL, SQL, FE, UDP, 1434, 1434, INFRA, REQUIRE_NONE },
	{ L13 | S15, SQL, SQL, TCP, 5022, 5022, INFRA, REQUIRE_NONE },
	{ L13 | S15, SQL, SQL, TCP, 7022, 7022, INFRA, REQUIRE_NONE },
	{ ALL, ANY, FE, TCP, 445, 445, INFRA, REQUIRE_NONE },
	{ L13 | S15, ANY, FE, TCP, 1801, 1801, INFRA, REQUIRE_NONE },
	{ S15 | S19, MED, GW, TCP, 6001, 6001, GWSIG, REQUIRE_GATEWAY },
	{ S15 | S19, MED, GW, UDP, 49152, 65535, GWMEDIA, REQUIRE_NONE },
};
/* clang-format on */

static struct policy *
load(const char *name)
{
	struct fault f = { "" };
	struct policy *p = policy_load(name, &f);

	if (p == NULL)
		print_error("%s\n", f.text);
	assert_non_null(p);
	return p;
}

static bool
names_caller(const struct policy_service *s, enum role caller)
{
	for (unsigned i = 0; i < s->peer.count; i++) {
		const struct policy_end *e = &s->peer.e[i];

		if (e->kind == END_ROLE && e->role == caller)
			return true;
		if (e->kind == END_SERVER && role_is_server(caller))
			return true;
	}
	return s->peer.count == 0;
}

static bool
has_row(const struct policy *p, const struct expected_row *x)
{
	for (size_t i = 0; i < p->service_count; i++) {
		const struct policy_service *s = &p->services[i];
		enum requirement r =
		    s->has_require ? s->require : p->require[s->class];

		if (s->role == x->role && s->lo == x->lo && s->hi == x->hi &&
		    s->class == x->class && r == x->require &&
		    (s->proto == 0 || s->proto == x->proto) &&
		    names_caller(s, x->caller))
			return true;
	}
	return false;
}

static void
builtins_hold_the_port_table(void **state)
{
	(void)state;
	for (unsigned k = 0; k < COUNT(products); k++) {
		struct policy *p = load(products[k]);

		for (size_t i = 0; i < COUNT(expected_rows); i++) {
			const struct expected_row *x = &expected_rows[i];
			bool wanted = (x->products >> k & 1) != 0;

			if (has_row(p, x) == wanted)
				continue;
			print_error("%s: row %zu, %s port %u: %s\n",
			    products[k], i, role_words[x->role].word, x->lo,
			    wanted ? "missing" : "should not be");
			assert_true(false);
		}
		policy_free(p);
	}
}

/* All rows of each role and of each port, found without the whole table. */
static void
rows_are_in_order(void **state)
{
	struct policy *p = load("lync-2013");

	(void)state;
	assert_int_equal(p->service_from[ROLES], p->service_count);
	for (unsigned r = 0; r < ROLES; r++) {
		for (size_t i = p->service_from[r]; i < p->service_from[r + 1];
		     i++)
			assert_int_equal(p->services[i].role, r);
	}
	for (unsigned port = 0; port <= UINT16_MAX; port++) {
		const struct policy_service *const *rows;
		size_t n = policy_port(p, (uint16_t)port, &rows), want = 0;

		for (size_t i = 0; i < p->service_count; i++)
			want += p->services[i].lo == port &&
			    p->services[i].hi == port;
		assert_int_equal(n, want);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(rows[i]->lo, port);
	}
	policy_free(p);
}

static void
builtins_are_whole(void **state)
{
	(void)state;
	for (size_t k = 0; k < COUNT(products); k++) {
		struct policy *p = load(products[k]);

		assert_string_equal(policy_builtin_name(k), products[k]);
		assert_string_equal(p->name, products[k]);
		assert_string_equal(p->base, products[k]);
		assert_null(p->path);
		assert_string_equal(p->text, policy_builtin_text(p->name));
		assert_non_null(strstr(policy_builtin_about(p->name), "20"));
		for (unsigned c = 0; c < CLASSES; c++) {
			assert_int_equal(p->require[c], class_required[c]);
			assert_string_equal(p->require_policy[c], p->name);
		}
		for (size_t i = 0; i < p->rule_count; i++) {
			assert_non_null(p->rules[i].because);
			assert_string_equal(p->rules[i].policy, "lync-2013");
		}
		for (size_t i = 0; i < p->service_count; i++) {
			assert_non_null(p->services[i].source);
			assert_true(p->services[i].protocol[0] != '\0');
		}
		policy_free(p);
	}
	assert_null(policy_builtin_name(COUNT(products)));
	assert_null(policy_builtin_text("contoso"));
	assert_null(policy_builtin_about("contoso"));
}

static const struct policy_rule *
rule_called(const struct policy *p, const char *id)
{
	for (size_t i = 0; i < p->rule_count; i++) {
		if (strcmp(p->rules[i].id, id) == 0)
			return &p->rules[i];
	}
	return NULL;
}

static void
builtins_have_their_rules(void **state)
{
	static const struct {
		const char *id;
		enum requirement require;
		unsigned products;
	} rules[] = {
		{ "loopback", REQUIRE_NONE, ALL },
		{ "sip-udp-gateway", REQUIRE_MTLS, ALL },
		{ "rdp-own-tls", REQUIRE_TLS, ALL },
		{ "xmpp-dialback", REQUIRE_NONE, L13 | S15 },
		{ "bootstrap-autodiscover", REQUIRE_NONE, ALL },
		{ "bootstrap-certprov", REQUIRE_NONE, ALL },
		{ "bootstrap-device-update", REQUIRE_NONE, ALL },
		{ "bootstrap-crl", REQUIRE_NONE, ALL },
		{ "bootstrap-redirect", REQUIRE_NONE, ALL },
		{ "sql", REQUIRE_NONE, ALL },
		{ "cms-smb", REQUIRE_NONE, ALL },
		{ "backup-smb", REQUIRE_NONE, ALL },
		{ "msmq", REQUIRE_NONE, L13 | S15 },
		{ "dcom", REQUIRE_NONE, ALL },
		{ "bandwidth-policy", REQUIRE_NONE, ALL },
		{ "fabric", REQUIRE_NONE, ALL },
	};

	(void)state;
	for (unsigned k = 0; k < COUNT(products); k++) {
		struct policy *p = load(products[k]);

		for (size_t i = 0; i < COUNT(rules); i++) {
			const struct policy_rule *r =
			    rule_called(p, rules[i].id);

			if ((rules[i].products >> k & 1) == 0) {
				assert_null(r);
				continue;
			}
			assert_non_null(r);
			assert_int_equal(r->require, rules[i].require);
			assert_int_equal(r->exempt,
			    rules[i].require == REQUIRE_NONE);
		}
		policy_free(p);
	}
}

static void
finds_services(void **state)
{
	struct policy *p = load("lync-2013");
	const struct policy_service *s;

	(void)state;
	s = policy_service(p, FE, CLIENT, TCP, 5061);
	assert_int_equal(s->class, C2S);
	s = policy_service(p, FE, MED, TCP, 5061);
	assert_int_equal(s->class, S2S);
	/* A caller that is not known fits what names others. */
	s = policy_service(p, FE, ROLE_UNKNOWN, TCP, 5061);
	assert_int_equal(s->class, S2S);
	/* One that is known does not. */
	assert_null(policy_service(p, FE, GW, TCP, 5061));
	/* The exact role goes before any role, which serves the rest. */
	s = policy_service(p, EDGE, FE, TCP, 50002);
	assert_string_equal(s->service,
	    "Centralized Logging Service of the Edge");
	s = policy_service(p, SQL, FE, TCP, 50002);
	assert_string_equal(s->service, "Centralized Logging Service agent");
	/* The side of the Mediation Server. */
	s = policy_service(p, MED, GW, UDP, 50000);
	assert_int_equal(s->class, GWMEDIA);
	s = policy_service(p, MED, FE, UDP, 50000);
	assert_int_equal(s->class, AV);
	s = policy_service(p, MED, GW, UDP, 5060);
	assert_int_equal(s->class, GWSIG);
	assert_null(policy_service(p, FE, FE, UDP, 5061));
	assert_null(policy_service(p, FE, FE, TCP, 1));
	policy_free(p);
}

/* --- files -------------------------------------------------------------- */

struct folder {
	char path[64];
};

static int
make_folder(void **state)
{
	static struct folder f;

	strcpy(f.path, "/tmp/spanward-policy-XXXXXX");
	*state = &f;
	return mkdtemp(f.path) == NULL;
}

static int
remove_folder(void **state)
{
	struct folder *f = *state;
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", f->path);
	return system(command);
}

static const char *
write_policy(struct folder *f, const char *name, const char *text,
    char path[128])
{
	snprintf(path, 128, "%s/%s", f->path, name);
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
	return path;
}

static struct policy *
load_text(struct folder *f, const char *text)
{
	char path[128];

	return load(write_policy(f, "p.yaml", text, path));
}

struct mistake {
	const char *text;
	const char *sentence; /* after the path */
};

#define RULE(text) HEAD "rules:\n  - id: a\n    " text "\n    require: none\n"
#define ROLES_ARE                                                      \
	"it is one of unknown, front-end, director, edge, mediation, " \
	"persistent-chat, exchange-um, sql, office-web-apps, "         \
	"reverse-proxy, xmpp-gateway, load-balancer, gateway, "        \
	"partner, client, server"

static const struct mistake mistakes[] = {
	{ "", "1:1: this is no policy: the file is empty" },
	{ "name: x\n",
	    "1:1: this is no policy: 'spanward-policy: 1' is "
	    "missing" },
	{ "text\n", "1:1: expected a policy, found a single value" },
	{ "- a\n", "1:1: expected a policy, found a list" },
	{ "rulez: []\nspanward-policy: 2\n",
	    "2:18: policy version 2 is not supported; this program knows "
	    "version 1" },
	{ "spanward-policy: one\n",
	    "1:18: 'one' is no version; write "
	    "'spanward-policy: 1'" },
	{ HEAD "rulez: []\n",
	    "2:1: 'rulez' is no key of a policy; did you "
	    "mean 'rules'?" },
	{ HEAD "name: x\nname: y\n", "3:1: 'name' stands here twice" },
	{ HEAD "name: a b\n",
	    "2:7: 'a b': a name is made of letters, "
	    "digits, '-', '_' and '.'" },
	{ HEAD "name:\n", "2:6: expected a name, found nothing" },
	{ HEAD "[a]: 1\n", "2:1: expected a key, found a list" },
	{ HEAD "extends: lync-2014\n",
	    "2:10: 'lync-2014' is neither a built-in policy nor a file; did "
	    "you mean 'lync-2013'?" },
	{ HEAD "extends: p.yaml\n",
	    "2:10: @/p.yaml extends itself, here or "
	    "through others" },
	{ HEAD "extends: ../no/such.yaml\n",
	    "2:10: @/../no/such.yaml: No such file or directory" },
	{ HEAD "hosts: [a]\n",
	    "2:8: expected a mapping of roles to addresses, found a list" },
	{ HEAD "hosts:\n  edg: 10.0.0.1\n",
	    "3:3: 'edg' is no role; did you mean 'edge'?" },
	{ HEAD "hosts:\n  qqqqqqqqqqq: 10.0.0.1\n",
	    "3:3: 'qqqqqqqqqqq' is no role; " ROLES_ARE },
	{ HEAD "hosts:\n  edge: 10.0.0\n",
	    "3:9: '10.0.0' is no address, prefix or range" },
	{ HEAD "hosts:\n  edge: [10.0.0.1, 10.0.0.0/33]\n",
	    "3:20: '10.0.0.0/33' is no address, prefix or range" },
	{ HEAD "hosts:\n  edge:\n", "3:8: expected a list, found nothing" },
	{ HEAD "hosts:\n  edge: 10.0.0.1\n  edge: 10.0.0.2\n",
	    "4:3: 'edge' stands here twice" },
	{ HEAD "names:\n  fe1: [x]\n",
	    "3:3: 'fe1' is no address, prefix or range" },
	{ HEAD "names:\n  10.0.0.1: [a b]\n", "3:14: 'a b' is no host name" },
	{ HEAD "names:\n  10.0.0.1: a\n  10.0.0.1: b\n",
	    "4:3: '10.0.0.1' stands here twice" },
	{ HEAD "trust:\n  ca: missing.pem\n",
	    "3:7: cannot read '@/missing.pem': No such file or directory" },
	{ HEAD "trust:\n  crl: [/]\n", "3:9: '/' is not a file" },
	{ HEAD "trust:\n  cas: a\n",
	    "3:3: 'cas' is no key of trust; did you mean 'ca'?" },
	{ HEAD "require:\n  im-presense: none\n",
	    "3:3: 'im-presense' is no traffic class; did you mean "
	    "'im-presence'?" },
	{ HEAD "require:\n  im-presence: https!\n",
	    "3:16: 'https!' is no requirement; did you mean 'https'?" },
	{ HEAD "require:\n  im-presence: nothing\n",
	    "3:16: 'nothing' is no requirement; it is one of none, tls, "
	    "https, mtls, srtp, mtls-if-tls" },
	{ HEAD "require:\n  other: none\n  other: tls\n",
	    "4:3: 'other' stands here twice" },
	{ HEAD "require: tls\n",
	    "2:10: expected a mapping of classes to "
	    "requirements, found a single value" },
	{ HEAD "rules:\n  a: b\n", "3:3: expected a list, found a mapping" },
	{ HEAD "rules: [x]\n", "2:9: expected a rule, found a single value" },
	{ RULE("from: mediaton"),
	    "4:11: 'mediaton' is no role or address; "
	    "did you mean 'mediation'?" },
	{ RULE("to: 10.0.0.0/99"),
	    "4:9: '10.0.0.0/99' is no address, prefix or range" },
	{ RULE("to: []"),
	    "4:9: this list is empty; leave the key out to "
	    "mean any" },
	{ RULE("between: [edge, client, sql]"),
	    "4:14: between takes two ends, found 3" },
	{ RULE("between: [edge, client]\n    from: edge"),
	    "4:14: a rule has either 'between' or 'from' and 'to'" },
	{ RULE("port: 0"), "4:11: '0': a port is a number from 1 to 65535" },
	{ RULE("port: 65536"),
	    "4:11: '65536': a port is a number from 1 to 65535" },
	{ RULE("port: 5069-5060"),
	    "4:11: '5069-5060': the range ends before it begins" },
	{ RULE("port: 5060-"), "4:11: '5060-' is no port" },
	{ RULE("port: sip"), "4:11: 'sip' is no port" },
	{ RULE("transport: sctp"),
	    "4:16: 'sctp' is no transport; did you mean 'tcp'?" },
	{ RULE("protocol: sips"),
	    "4:15: 'sips' is no protocol; did you mean 'sip'?" },
	{ RULE("class: gateway-signaling"),
	    "4:12: 'gateway-signaling' is no traffic class; did you mean "
	    "'gateway-signalling'?" },
	{ RULE("path: abs"),
	    "4:11: 'abs': a path begins with '/', or with "
	    "'*' to mean its end" },
	{ RULE("bare: maybe"), "4:11: expected true or false, found 'maybe'" },
	{ RULE("becuase: x"),
	    "4:5: 'becuase' is no key of a rule; did you mean 'because'?" },
	{ RULE("because: \"x\\ny\""),
	    "4:14: a text is one line without control characters" },
	{ RULE("because: x"),
	    "3:5: this rule would fit all traffic; give it a class, an end, "
	    "a port, a protocol or a path" },
	{ RULE("expires: 31.3.2027"),
	    "4:14: '31.3.2027' is no day; write it as 2027-03-31" },
	{ RULE("expires: 2027-02-29"),
	    "4:14: '2027-02-29' is no day; write it as 2027-03-31" },
	{ HEAD "rules:\n  - port: 1\n    require: none\n"
	       "    expires: 2027-03-31\n",
	    "3:5: a rule that expires needs an 'id', so that reports can "
	    "name it" },
	{ HEAD "rules:\n  - id: a\n    port: 1\n",
	    "3:5: a rule needs 'require'" },
	{ HEAD "rules:\n  - id: a/b\n",
	    "3:9: 'a/b': a name is made of letters, digits, '-', '_' and "
	    "'.'" },
	{ HEAD "rules:\n  - {id: a, port: 1, require: none}\n"
	       "  - {id: a, port: 2, require: none}\n",
	    "4:5: a rule 'a' stands already in line 3" },
	{ HEAD "services:\n  - role: edge\n",
	    "3:5: a service needs 'transport'" },
	{ HEAD "services:\n  - {role: edge, transport: tcp, port: 1, "
	       "class: other}\n",
	    "3:5: a service needs 'service'" },
	{ HEAD "services:\n  - {role: edge, peer: 10.0.0.1}\n",
	    "3:24: a peer of a service is a role, not an address" },
	{ HEAD "extends: lync-2013\ndrop-rules: [mqsm]\n",
	    "3:14: no rule of the base is called 'mqsm'; did you mean "
	    "'msmq'?" },
	{ HEAD "drop-rules: sql\n",
	    "2:13: no rule of the base is called 'sql'" },
	{ HEAD "extends: lync-2013\ndrop-services: XMPP prxy\n",
	    "3:16: no service of the base is called 'XMPP prxy'; did you "
	    "mean 'XMPP proxy'?" },
	{ HEAD "rules: [\n",
	    "3:1: this is not YAML: did not find expected "
	    "node content while parsing a flow node" },
	{ HEAD "a: b: c\n",
	    "2:5: this is not YAML: mapping values are not "
	    "allowed in this context" },
	{ HEAD "a: *b\n", "2:4: this is not YAML: found undefined alias" },
	{ HEAD "x: \001\n",
	    "2:4: this is not YAML: control characters are not allowed" },
	{ HEAD "x: \377\n",
	    "2:4: this is not YAML: invalid leading UTF-8 octet" },
	{ HEAD "---\nname: b\n",
	    "3:1: a second document begins here; a policy is one" },
	{ HEAD "rules:\n - &r [*r]\n", "3:4: expected a rule, found a list" },
	{ HEAD "\"\\e[31m\": 1\n",
	    "2:1: '\\x1b[31m' is no key of a policy; it is one of "
	    "spanward-policy, name, about, extends, hosts, names, trust, "
	    "require, rules, services, drop-rules, drop-services" },
};

/* The sentence of a mistake with @ as the folder. */
static void
whole_sentence(const struct folder *f, const char *text, char to[512])
{
	const char *at = strchr(text, '@');

	if (at == NULL)
		snprintf(to, 512, "%s/p.yaml:%s", f->path, text);
	else
		snprintf(to, 512, "%s/p.yaml:%.*s%s%s", f->path,
		    (int)(at - text), text, f->path, at + 1);
}

static void
says_what_is_wrong(void **state)
{
	struct folder *folder = *state;
	char path[128];

	for (size_t i = 0; i < COUNT(mistakes); i++) {
		struct fault f = { "" };
		char sentence[512];

		write_policy(folder, "p.yaml", mistakes[i].text, path);
		whole_sentence(folder, mistakes[i].sentence, sentence);
		assert_null(policy_load(path, &f));
		assert_string_equal(f.text, sentence);
	}
}

static void
says_what_is_no_policy(void **state)
{
	struct folder *folder = *state;
	struct fault f = { "" };
	char text[256];

	assert_null(policy_load("skype-2016", &f));
	assert_string_equal(f.text,
	    "'skype-2016' is neither a built-in policy nor a file; did you "
	    "mean 'skype-2015'?");
	assert_null(policy_load("x", &f));
	assert_string_equal(f.text,
	    "'x' is neither a built-in policy nor a file");
	assert_null(policy_load("/no/such", &f));
	assert_string_equal(f.text, "/no/such: No such file or directory");
	snprintf(text, sizeof(text), "%s is a folder, not a policy file",
	    folder->path);
	assert_null(policy_load(folder->path, &f));
	assert_string_equal(f.text, text);
}

static void
refuses_what_is_too_large(void **state)
{
	struct folder *folder = *state;
	struct fault f = { "" };
	char path[128];
	size_t n = LIMIT_POLICY_TEXT + 1;
	char *text = malloc(n + 1);

	assert_non_null(text);
	memset(text, '#', n);
	text[n] = '\0';
	write_policy(folder, "p.yaml", text, path);
	assert_null(policy_load(path, &f));
	assert_non_null(strstr(f.text, "is too large for a policy"));
	/* Nested as deep as the file is long. */
	memset(text, '[', n);
	memcpy(text, HEAD "rules: ", strlen(HEAD "rules: "));
	text[n - 1] = '\0';
	write_policy(folder, "p.yaml", text, path);
	assert_null(policy_load(path, &f));
	assert_non_null(strstr(f.text,
	    "/p.yaml:2:39: lists and mappings "
	    "stand more than 32 deep"));
	free(text);
}

static void
limits_a_chain(void **state)
{
	struct folder *folder = *state;
	struct fault f = { "" };
	char path[128];
	char first[128];

	for (unsigned i = 0; i < LIMIT_POLICY_DEPTH + 1; i++) {
		char name[16];
		char text[64];

		snprintf(name, sizeof(name), "%u.yaml", i);
		snprintf(text, sizeof(text), HEAD "extends: %u.yaml\n", i + 1);
		if (i == LIMIT_POLICY_DEPTH)
			strcpy(text, HEAD);
		write_policy(folder, name, text, i == 0 ? first : path);
	}
	assert_null(policy_load(first, &f));
	assert_non_null(strstr(f.text,
	    "/7.yaml:2:10: more than 8 policies extend each other"));
	snprintf(first, sizeof(first), "%s/1.yaml", folder->path);
	policy_free(load(first));
	/* A circle of two. */
	write_policy(folder, "0.yaml", HEAD "extends: 1.yaml\n", first);
	write_policy(folder, "1.yaml", HEAD "extends: 0.yaml\n", path);
	assert_null(policy_load(first, &f));
	assert_non_null(strstr(f.text, "1.yaml:2:10: "));
	assert_non_null(strstr(f.text, "extends itself"));
}

static struct addr
ip(const char *text)
{
	struct addr a;

	assert_true(addr_parse(slice_text(text), &a));
	return a;
}

static enum role
role_at(const struct policy *p, const char *text)
{
	struct addr a = ip(text);
	enum role r = ROLE_UNKNOWN;

	if (!policy_role(p, &a, &r))
		return ROLES;
	return r;
}

static void
knows_hosts(void **state)
{
	struct policy *p = load_text(*state,
	    HEAD
	    "hosts:\n"
	    "  front-end: [10.1.1.11, 10.1.1.12]\n"
	    "  edge: &edge [10.1.2.0/29]\n"
	    "  gateway: 10.9.0.5-10.9.0.7\n"
	    "  client: [10.0.0.0/8, \"2001:db8:20::/48\", 2001:db8:21::1]\n"
	    "  partner: *edge\n"
	    "names:\n"
	    "  10.1.1.11: [fe1.contoso.com, \"*.contoso.com\"]\n"
	    "  10.1.1.0/24: pool.contoso.com\n");
	const char *const *names;
	struct addr a;

	assert_string_equal(p->name, "p");
	assert_null(p->base);
	assert_int_equal(p->host_count, 8);
	assert_int_equal(role_at(p, "10.1.1.12"), ROLE_FRONT_END);
	assert_int_equal(role_at(p, "10.1.2.7"), ROLE_EDGE);
	assert_int_equal(role_at(p, "10.1.2.8"), ROLE_CLIENT);
	assert_int_equal(role_at(p, "10.9.0.5"), ROLE_GATEWAY);
	assert_int_equal(role_at(p, "10.9.0.7"), ROLE_GATEWAY);
	assert_int_equal(role_at(p, "10.9.0.8"), ROLE_CLIENT);
	assert_int_equal(role_at(p, "2001:db8:20:1::5"), ROLE_CLIENT);
	assert_int_equal(role_at(p, "2001:db8:21::1"), ROLE_CLIENT);
	assert_int_equal(role_at(p, "192.0.2.1"), ROLES);
	a = ip("10.1.1.11");
	assert_int_equal(policy_names(p, &a, &names), 2);
	assert_string_equal(names[1], "*.contoso.com");
	a = ip("10.1.1.12");
	assert_int_equal(policy_names(p, &a, &names), 1);
	assert_string_equal(names[0], "pool.contoso.com");
	a = ip("10.1.3.1");
	assert_int_equal(policy_names(p, &a, &names), 0);
	/* Without a base the classes keep what the table says. */
	for (unsigned c = 0; c < CLASSES; c++) {
		assert_int_equal(p->require[c], class_required[c]);
		assert_string_equal(p->require_policy[c], "p");
	}
	policy_free(p);
}

static void
outer_goes_before_base(void **state)
{
	struct folder *folder = *state;
	char base[128];
	char outer[128];
	char pem[128];

	write_policy(folder, "root.pem", "x", pem);
	const char *inner_text =
	    HEAD "name: site\nextends: skype-2019\n"
		 "hosts: {edge: 10.0.0.1, client: 10.0.0.2}\n"
		 "require: {im-presence: none, av-media: tls}\n"
		 "trust: {ca: root.pem, crl: root.pem}\n"
		 "services:\n"
		 "  - {role: edge, transport: tcp, port: 5061, class: other,\n"
		 "     service: mine, peer: partner, require: srtp}\n"
		 "rules: [{id: one, port: 1, require: none}]\n";
	const char *outer_text =
	    HEAD "name: test\nextends: site.yaml\n"
		 "hosts: {sql: 10.0.0.1}\n"
		 "require: {im-presence: mtls}\n"
		 "trust: {crl: []}\n"
		 "drop-rules: [fabric]\n"
		 "rules: [{id: one, port: 1, require: tls}]\n";

	write_policy(folder, "site.yaml", inner_text, base);
	struct policy *p =
	    load(write_policy(folder, "test.yaml", outer_text, outer));

	assert_string_equal(p->name, "test");
	assert_string_equal(p->base, "skype-2019");
	assert_string_equal(p->path, outer);
	assert_string_equal(p->text, outer_text);
	assert_int_equal(role_at(p, "10.0.0.1"), ROLE_SQL);
	assert_int_equal(role_at(p, "10.0.0.2"), ROLE_CLIENT);
	assert_int_equal(p->require[CLASS_IM_PRESENCE], REQUIRE_MTLS);
	assert_string_equal(p->require_policy[CLASS_IM_PRESENCE], "test");
	assert_int_equal(p->require[CLASS_AV_MEDIA], REQUIRE_TLS);
	assert_string_equal(p->require_policy[CLASS_AV_MEDIA], "site");
	assert_string_equal(p->require_policy[CLASS_OTHER], "skype-2019");
	assert_int_equal(p->ca_count, 1);
	assert_string_equal(p->ca[0], pem);
	assert_int_equal(p->crl_count, 0);
	assert_string_equal(p->rules[0].policy, "test");
	assert_string_equal(p->rules[1].policy, "site");
	assert_null(rule_called(p, "fabric"));
	assert_null(rule_called(p, "msmq"));
	assert_non_null(rule_called(p, "dcom"));
	const struct policy_service *s =
	    policy_service(p, EDGE, PARTNER, TCP, 5061);

	assert_string_equal(s->service, "mine");
	assert_true(s->has_require);
	assert_int_equal(s->require, REQUIRE_SRTP);
	policy_free(p);
}

static void
hashes_the_texts(void **state)
{
	struct folder *folder = *state;
	const char *inner = HEAD "name: inner\n";
	const char *outer = HEAD "extends: inner.yaml\n";
	char path[128];
	char both[256];
	uint8_t hash[64];

	write_policy(folder, "inner.yaml", inner, path);
	struct policy *p = load_text(folder, outer);

	snprintf(both, sizeof(both), "%s%s", outer, inner);
	assert_int_equal(digest_of(DIGEST_SHA256, slice_text(both), hash),
	    SHA256_SIZE);
	assert_memory_equal(p->sha256, hash, SHA256_SIZE);
	policy_free(p);
}

/* --- rules -------------------------------------------------------------- */

static struct policy_question
question(const char *src, enum role src_role, const char *dest,
    enum role dest_role, uint16_t port)
{
	struct policy_question q = {
		.class = CLASS_SERVER_TO_SERVER,
		.src = { ip(src), 40000 },
		.dest = { ip(dest), port },
		.src_role = src_role,
		.dest_role = dest_role,
		.proto = IPPROTO_TCP,
		.protocol = "sip",
	};

	return q;
}

static const char *
match(const struct policy *p, const struct policy_question *q)
{
	const struct policy_rule *expired;
	const struct policy_rule *r = policy_match(p, q, &expired);

	return r != NULL ? r->id : "";
}

static void
first_rule_that_fits(void **state)
{
	struct policy *p = load_text(*state,
	    HEAD
	    "rules:\n"
	    "  - {id: path, path: [/abs/, \"*.crl\"], bare: yes, require: "
	    "none}\n"
	    "  - {id: trunk, class: server-to-server, from: mediation,\n"
	    "     to: 10.9.0.0/24, port: 5060-5069, protocol: sip,\n"
	    "     require: none}\n"
	    "  - {id: udp, to: 10.9.0.0/24, transport: udp, require: tls}\n"
	    "  - {id: pair, between: [edge, 192.0.2.0/24], require: none}\n"
	    "  - {id: servers, from: servers, to: [client, gateway],\n"
	    "     require: mtls}\n"
	    "  - {port: 7, require: none}\n");
	struct policy_question q;

	q = question("10.1.1.30", MED, "10.9.0.5", GW, 5068);
	assert_string_equal(match(p, &q), "trunk");
	q.dest.port = 5060;
	assert_string_equal(match(p, &q), "trunk");
	q.dest.port = 5069;
	assert_string_equal(match(p, &q), "trunk");
	q.dest.port = 5070;
	assert_string_equal(match(p, &q), "servers");
	q.dest.port = 5068;
	q.protocol = "http";
	assert_string_equal(match(p, &q), "servers");
	q.protocol = "sip";
	q.class = CLASS_AV_MEDIA;
	assert_string_equal(match(p, &q), "servers");
	q.proto = IPPROTO_UDP;
	assert_string_equal(match(p, &q), "udp");

	q = question("10.1.1.1", EDGE, "192.0.2.1", ROLE_UNKNOWN, 1);
	assert_string_equal(match(p, &q), "pair");
	q = question("192.0.2.1", ROLE_UNKNOWN, "10.1.1.1", EDGE, 1);
	assert_string_equal(match(p, &q), "pair");
	q = question("10.1.1.1", EDGE, "10.1.1.2", EDGE, 1);
	assert_string_equal(match(p, &q), "");
	q = question("10.1.1.1", CLIENT, "10.1.1.2", CLIENT, 1);
	assert_string_equal(match(p, &q), "");
	q.dest.port = 7;
	assert_string_equal(match(p, &q), "rule-at-line-11");

	q = question("10.1.1.1", CLIENT, "10.1.1.2", FE, 80);
	q.path = slice_text("/ABS/handler");
	assert_string_equal(match(p, &q), "");
	q.bare = true;
	assert_string_equal(match(p, &q), "path");
	q.path = slice_text("/x/Root.CRL?delta=1");
	assert_string_equal(match(p, &q), "path");
	q.path = slice_text("/x/root.crl/y");
	assert_string_equal(match(p, &q), "");
	q.path = slice_text("/abs/../secret");
	assert_string_equal(match(p, &q), "");
	q.path = slice_text("/abs/%2E%2e/secret");
	assert_string_equal(match(p, &q), "");
	q.path = slice_text("crl");
	assert_string_equal(match(p, &q), "");
	policy_free(p);
}

static void
rules_expire_after_their_day(void **state)
{
	struct policy *p = load_text(*state,
	    HEAD
	    "rules:\n"
	    "  - {id: old, port: 5068, require: none, expires: 2027-03-31}\n"
	    "  - {id: older, port: 5068, require: none,\n"
	    "     expires: 2026-01-01}\n"
	    "  - {id: rest, port: 5068-5070, class: other, require: tls}\n");
	const struct policy_rule *expired;
	struct policy_question q =
	    question("10.0.0.1", MED, "10.0.0.2", GW, 5068);
	int64_t next;

	assert_true(clock_parse_date(slice_text("2027-04-01"), &next));
	q.time = next - 1;
	assert_string_equal(policy_match(p, &q, &expired)->id, "old");
	assert_null(expired);
	q.time = next;
	assert_null(policy_match(p, &q, &expired));
	assert_string_equal(expired->id, "old");
	q.class = CLASS_OTHER;
	assert_string_equal(policy_match(p, &q, &expired)->id, "rest");
	assert_string_equal(expired->id, "old");
	policy_free(p);
}

static void
builtin_rules_decide(void **state)
{
	struct policy *plain = load("lync-2013");
	struct policy *p = load_text(*state,
	    HEAD "extends: lync-2013\n"
		 "hosts: {edge: 10.0.0.1}\n");
	struct policy_question q =
	    question("127.0.0.1", ROLE_UNKNOWN, "127.0.0.2", ROLE_UNKNOWN, 9);

	/* Where nobody is listed, the loopback interface may be a lab. */
	assert_string_equal(match(p, &q), "loopback");
	assert_string_equal(match(plain, &q), "");
	q = question("::1", ROLE_UNKNOWN, "::1", ROLE_UNKNOWN, 9);
	assert_string_equal(match(p, &q), "loopback");
	q = question("127.0.0.1", ROLE_UNKNOWN, "10.0.0.1", EDGE, 9);
	assert_string_equal(match(p, &q), "");

	q = question("10.0.0.1", MED, "10.0.0.2", GW, 5060);
	q.class = CLASS_GATEWAY_SIGNALLING;
	assert_string_equal(match(p, &q), "");
	q.proto = IPPROTO_UDP;
	assert_string_equal(match(p, &q), "sip-udp-gateway");

	q = question("10.0.0.1", CLIENT, "10.0.0.2", FE, 80);
	q.class = CLASS_BOOTSTRAP;
	q.bare = true;
	q.path = slice_text("/Autodiscover/AutodiscoverService.svc/root");
	assert_string_equal(match(p, &q), "bootstrap-autodiscover");
	q.path = slice_text("/?sipuri=a@contoso.com");
	assert_string_equal(match(p, &q), "bootstrap-autodiscover");
	q.path = slice_text("/CertEnroll/ca.crl");
	assert_string_equal(match(p, &q), "bootstrap-crl");
	q.path = slice_text("/meet/x");
	assert_string_equal(match(p, &q), "bootstrap-redirect");
	q.bare = false;
	assert_string_equal(match(p, &q), "");

	q = question("10.0.0.1", FE, "10.0.0.2", FE, 5090);
	q.class = CLASS_INFRASTRUCTURE;
	q.protocol = "";
	assert_string_equal(match(p, &q), "fabric");
	q.dest.port = 445;
	assert_string_equal(match(p, &q), "cms-smb");
	policy_free(p);
	policy_free(plain);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(builtins_hold_the_port_table),
		cmocka_unit_test(rows_are_in_order),
		cmocka_unit_test(builtins_are_whole),
		cmocka_unit_test(builtins_have_their_rules),
		cmocka_unit_test(finds_services),
		cmocka_unit_test(says_what_is_wrong),
		cmocka_unit_test(says_what_is_no_policy),
		cmocka_unit_test(refuses_what_is_too_large),
		cmocka_unit_test(limits_a_chain),
		cmocka_unit_test(knows_hosts),
		cmocka_unit_test(outer_goes_before_base),
		cmocka_unit_test(hashes_the_texts),
		cmocka_unit_test(first_rule_that_fits),
		cmocka_unit_test(rules_expire_after_their_day),
		cmocka_unit_test(builtin_rules_decide),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
