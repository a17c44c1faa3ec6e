/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support.h"

#include <limits.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "core/buf.h"
#include "report/audit_read.h"
#include "report/diff.h"
#include "report/evidence_pcap.h"
#include "report/formats.h"
#include "report/html.h"
#include "report/manifest.h"

/* Ours is under test, not the macro of cmocka. */
#undef fail

/* ---- documents made by hand ---- */

#define HEAD                                                               \
	"{\"format\": \"spanward-audit\", \"version\": 1,"                 \
	"\"tool\": {\"name\":\"spanward\",\"version\":\"t\"},"             \
	"\"policy\": {\"name\":\"p\",\"sha256\":\"00\",\"hosts\":1},"      \
	"\"inputs\": [{\"path\":\"%s\",\"sha256\":\"%s\",\"packets\":9}]," \
	"\"capture\": {\"packets\":9,\"holds_keys\":false},"               \
	"\"summary\": {\"flows\":%u,\"verdicts\":{\"violation\":%u},"      \
	"\"classes\":[{\"class\":\"av-media\",\"required\":\"srtp\","      \
	"\"verdicts\":{\"violation\":1},\"bytes\":5}],\"findings\":{},"    \
	"\"start\":\"2026-01-0%uT00:00:00Z\","                             \
	"\"end\":\"2026-01-0%uT00:00:01Z\"},\"flows\": ["

#define TAIL                                                                \
	"],\"certificates\": [{\"fingerprint\":\"ab\",\"used_as\":"         \
	"\"server\",\"subject\":\"CN=a\",\"notafter\":"                     \
	"\"2027-01-01T00:00:00Z\",\"names\":[],\"hosts\":[\"10.0.0.2\"],"   \
	"\"flows\":1,\"findings\":[]}],\"hosts\": [{\"ip\":\"10.0.0.2\","   \
	"\"role\":\"front-end\",\"role_source\":\"inferred\",\"names\":[]," \
	"\"flows\":1,\"verdicts\":{\"violation\":1}}]}\n"

/* A flow with the parts a case turns on. */
struct seen_flow {
	unsigned id;
	const char *src;
	unsigned sport;
	const char *dest;
	unsigned dport;
	const char *class, *required, *observed, *verdict;
	const char *findings; /* JSON, or "" */
	const char *more;     /* members of the record, with a comma before */
};

static void
add_flow(struct buf *b, const struct seen_flow *f)
{
	buf_printf(b,
	    "{\"timestamp\":\"2026-01-01T00:00:00.000000Z\","
	    "\"event_type\":\"audit\",\"flow_id\":%u,\"src_ip\":\"%s\","
	    "\"src_port\":%u,\"dest_ip\":\"%s\",\"dest_port\":%u,"
	    "\"proto\":\"TCP\",\"pcap_filename\":\"a.pcap\",\"flow\":{}%s,",
	    f->id, f->src, f->sport, f->dest, f->dport,
	    f->more != NULL ? f->more : "");
	buf_printf(b,
	    "\"audit\":{\"class\":\"%s\",\"src_role\":\"client\","
	    "\"dest_role\":\"front-end\",\"role_source\":\"policy\","
	    "\"required\":\"%s\",\"observed\":\"%s\","
	    "\"certainty\":\"proven\",\"verdict\":\"%s\",\"rule\":\"p/r\","
	    "\"reasons\":[{\"text\":\"why\",\"packet\":4}],"
	    "\"findings\":[%s]}}",
	    f->class, f->required, f->observed, f->verdict, f->findings);
}

struct file {
	char path[32];
};

static struct file
store(const struct seen_flow *flows, unsigned n, unsigned day)
{
	struct file out;
	struct buf b;
	char input[16];

	(void)snprintf(input, sizeof(input), "%u.pcap", day);
	buf_init(&b);
	buf_printf(&b, HEAD, input, input, n, n, day, day);
	for (unsigned i = 0; i < n; i++) {
		if (i > 0)
			buf_char(&b, ',');
		add_flow(&b, &flows[i]);
	}
	buf_text(&b, TAIL);
	assert_true(buf_ok(&b));
	temp_file(out.path, b.p, b.n);
	buf_done(&b);
	return out;
}

static struct audit_doc *
load(const struct seen_flow *flows, unsigned n, unsigned day)
{
	struct file f = store(flows, n, day);
	struct fault fault = { "" };
	struct audit_doc *d = doc_read(f.path, &fault);

	if (d == NULL)
		print_message("%s\n", fault.text);
	assert_non_null(d);
	unlink(f.path);
	return d;
}

static char *
written(bool (*write)(const struct report *r, FILE *out),
    const struct report *r)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	assert_non_null(out);
	assert_true(write(r, out));
	fclose(out);
	return text;
}

static const struct seen_flow clear_sip = { 1, "10.0.0.9", 40001, "10.0.0.2",
	5060, "client-to-server", "tls", "none", "violation", "", NULL };
static const struct seen_flow good_sip = { 1, "10.0.0.9", 40001, "10.0.0.2",
	5060, "client-to-server", "tls", "tls", "compliant", "", NULL };

static unsigned
times(const char *text, const char *part)
{
	unsigned n = 0;

	for (; (text = strstr(text, part)) != NULL; text++)
		n++;
	return n;
}

/* ---- escaping ---- */

static void
escapes_html(void **state)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);
	struct html h;

	(void)state;
	html_init(&h, out);
	html_text(&h, "<b a='\"'>&\033[31m\xe2\x80\xae\xff");
	html_raw(&h, " ");
	html_number(&h, 999);
	html_number(&h, 1234567);
	assert_true(html_done(&h));
	fclose(out);
	assert_string_equal(text,
	    "&lt;b a=&#39;&quot;&#39;&gt;&amp;\\x1b[31m\\u{202e}\\xff "
	    "9991\xe2\x80\xaf"
	    "234\xe2\x80\xaf"
	    "567");
	free(text);
}

/* The same hostile words wherever a document may hold words. */
#define HOSTILE                                                          \
	"</script><script>alert(1)</script><img src=x onerror=alert(1)>" \
	"\\u001b]0;x\\u0007\\u202e\\\"'"

static struct audit_doc *
hostile_doc(void)
{
	static const char whole[] =
	    "{\"format\":\"spanward-audit\",\"version\":1,"
	    "\"tool\":{\"name\":\"" HOSTILE "\",\"version\":\"" HOSTILE "\"},"
	    "\"policy\":{\"name\":\"" HOSTILE "\",\"base\":\"" HOSTILE
	    "\",\"path\":\"" HOSTILE "\",\"sha256\":\"" HOSTILE
	    "\",\"text\":\"" HOSTILE "\",\"bases\":[{\"name\":\"" HOSTILE
	    "\",\"text\":\"" HOSTILE "\"}],\"exceptions\":[{\"rule\":\"" HOSTILE
	    "\",\"because\":\"" HOSTILE "\",\"expires\":\"" HOSTILE "\"}]},"
	    "\"inputs\":[{\"path\":\"" HOSTILE "\",\"trouble\":\"" HOSTILE
	    "\",\"format\":\"" HOSTILE "\",\"first\":\"" HOSTILE "\"}],"
	    "\"capture\":{\"packets\":1},\"summary\":{\"flows\":2,\"verdicts\":"
	    "{\"violation\":1,\"undetermined\":1},\"classes\":[{\"class\":"
	    "\"" HOSTILE "\",\"required\":\"" HOSTILE "\",\"verdicts\":{}}],"
	    "\"findings\":{\"tls.old-version\":1},\"start\":\"" HOSTILE
	    "\",\"end\":\"2026-01-01" HOSTILE "\"},\"flows\":["
	    "{\"timestamp\":\"" HOSTILE "\",\"flow_id\":1,\"src_ip\":\"" HOSTILE
	    "\",\"dest_ip\":\"" HOSTILE "\",\"proto\":\"" HOSTILE
	    "\",\"app_proto\":\"" HOSTILE "\",\"pcap_filename\":\"" HOSTILE
	    "\",\"tls\":{\"version\":\"" HOSTILE "\",\"cipher\":\"" HOSTILE
	    "\",\"group\":\"" HOSTILE "\",\"sni\":\"" HOSTILE "\"},"
	    "\"media\":{\"kind\":\"" HOSTILE "\",\"keying\":\"" HOSTILE
	    "\",\"carrier\":\"" HOSTILE "\"},\"audit\":{\"class\":\"av-media\","
	    "\"src_role\":\"" HOSTILE "\",\"dest_role\":\"" HOSTILE
	    "\",\"required\":\"" HOSTILE "\",\"observed\":\"" HOSTILE
	    "\",\"certainty\":\"" HOSTILE "\",\"verdict\":\"violation\","
	    "\"rule\":\"" HOSTILE "\",\"wanting\":\"" HOSTILE
	    "\",\"reasons\":[{\"text\":\"" HOSTILE "\",\"packet\":1,"
	    "\"pcap_filename\":\"" HOSTILE "\"}],\"findings\":[{\"id\":"
	    "\"tls.old-version\",\"severity\":\"" HOSTILE
	    "\",\"side\":\"" HOSTILE "\",\"text\":\"" HOSTILE
	    "\",\"packet\":1}]}},"
	    "{\"flow_id\":2,\"src_ip\":\"" HOSTILE "\",\"dest_ip\":\"" HOSTILE
	    "\",\"audit\":{\"class\":\"av-media\",\"verdict\":\"undetermined\","
	    "\"src_role\":\"" HOSTILE "\",\"wanting\":\"" HOSTILE
	    "\",\"reasons\":[{\"text\":\"" HOSTILE "\"}]}},"
	    "{\"flow_id\":3,\"src_ip\":\"" HOSTILE "\",\"dest_ip\":\"" HOSTILE
	    "\",\"audit\":{\"class\":\"bootstrap\",\"verdict\":\"exempt\","
	    "\"rule\":\"" HOSTILE "\"}}],"
	    "\"certificates\":[{\"fingerprint\":\"" HOSTILE
	    "\",\"subject\":\"CN=" HOSTILE "\",\"issuerdn\":\"" HOSTILE
	    "\",\"notafter\":\"" HOSTILE "\",\"notbefore\":\"" HOSTILE
	    "\",\"used_as\":\"" HOSTILE "\",\"key\":\"" HOSTILE
	    "\",\"signature\":\"" HOSTILE "\",\"hosts\":[\"" HOSTILE
	    "\"],\"names\":[\"" HOSTILE "\"],\"findings\":[{\"id\":\"" HOSTILE
	    "\",\"severity\":\"" HOSTILE "\",\"text\":\"" HOSTILE
	    "\"}]}],\"hosts\":[{\"ip\":\"" HOSTILE "\",\"role\":\"" HOSTILE
	    "\",\"role_source\":\"" HOSTILE "\",\"how\":\"" HOSTILE
	    "\",\"names\":[\"" HOSTILE "\"]}]}";
	struct fault f = { "" };
	char path[32];

	temp_file(path, whole, sizeof(whole) - 1);
	struct audit_doc *d = doc_read(path, &f);

	if (d == NULL)
		print_message("%s\n", f.text);
	unlink(path);
	assert_non_null(d);
	return d;
}

static void
is_inert_page(const char *page)
{
	assert_int_equal(times(page, "<script"), 1);
	assert_int_equal(times(page, "</script"), 1);
	assert_int_equal(times(page, "<img"), 0);
	assert_int_equal(times(page, "<meta http-equiv=\"Content-Security-"),
	    1);
	assert_null(strchr(page, '\033'));
	assert_null(strstr(page, "\xe2\x80\xae"));
	assert_true(times(page, "&lt;img") > 0);
	assert_null(strstr(page, "http://"));
	assert_null(strstr(page, "https://"));
}

static void
stays_inert(void **state)
{
	struct audit_doc *d = hostile_doc();
	struct diff *x = diff_new(d, d, "</script><b>");
	struct report r = { .doc = d, .diff = x, .verbose = true };
	char *page = written(report_html, &r);
	char *text = written(report_text, &r);
	char *csv = written(report_csv, &r);
	char *diff_page = written(diff_html, &r);
	char *diff = written(diff_text, &r);

	(void)state;
	is_inert_page(page);
	is_inert_page(diff_page);
	assert_null(strchr(text, '\033'));
	assert_null(strstr(text, "\xe2\x80\xae"));
	assert_null(strchr(diff, '\033'));
	assert_null(strchr(csv, '\033'));
	assert_null(strstr(csv, "\xe2\x80\xae"));
	free(page);
	free(text);
	free(csv);
	free(diff_page);
	free(diff);
	diff_free(x);
	doc_free(d);
}

static void
disarms_formulas(void **state)
{
	struct seen_flow f = clear_sip;
	struct report r = { 0 };

	(void)state;
	f.more = ",\"app_proto\":\"=1+1\",\"tls\":{\"version\":\"-2\","
		 "\"cipher\":\"@SUM(1)\",\"sni\":\"a;=2\\\"x,+y\"},"
		 "\"media\":{\"kind\":\"+3\",\"keying\":\"\\t=4\"}";
	struct audit_doc *d = load(&f, 1, 1);

	r.doc = d;
	char *csv = written(report_csv, &r);

	assert_non_null(strstr(csv, ",\"'=1+1\","));
	assert_non_null(
	    strstr(csv, ",\"'-2\",\"'@SUM(1)\",\"a;'=2\"\"x,+y\","));
	assert_non_null(strstr(csv, ",\"'+3\",\"\\x09=4\","));
	/* RFC 4180: lines end with CRLF, every row has every column. */
	assert_int_equal(times(csv, "\r\n"), 2);
	assert_int_equal(times(csv, "\n"), 2);
	assert_memory_equal(csv, "flow_id,start,end,", 18);
	free(csv);
	doc_free(d);
}

/* A text shows what was read as sha256sum(1) checks it; nobody reads files
 * once more for one on a terminal. */
static void
shows_inputs(void **state)
{
	struct audit_doc *d = load(&clear_sip, 1, 1);
	struct report r = { .doc = d };
	char *text = written(report_text, &r);
	const struct format_table *t = &report_formats;

	(void)state;
	assert_non_null(
	    strstr(text, "\nSHA-256 of what was read\n  1.pcap  1.pcap\n"));
	free(text);
	doc_free(d);
	assert_true(report_shows_inputs(t, "text:a"));
	assert_true(report_shows_inputs(t, "a.txt"));
	assert_true(report_shows_inputs(t, "json:-"));
	assert_true(report_shows_inputs(t, "a.html"));
	assert_false(report_shows_inputs(t, "text:-"));
	assert_false(report_shows_inputs(t, "-"));
	assert_false(report_shows_inputs(t, "a.csv"));
}

/* ---- tables ---- */

static void
has_a_remedy_for_all(void **state)
{
	(void)state;
	for (int i = 0; i < FINDINGS; i++) {
		const struct remedy *r = remedy_of_finding((enum finding_id)i);

		assert_non_null(r->remedy);
		assert_true(strlen(r->remedy) > 10);
		assert_true(strlen(r->setting) > 0);
		assert_true(strlen(r->source) > 3);
	}
	for (int c = 0; c < CLASSES; c++) {
		for (int h = 0; h < HOWS; h++) {
			const struct remedy *r = remedy_of_cause((struct cause){
			    (enum traffic_class)c, (enum how)h });

			assert_non_null(r->title);
			assert_true(strlen(r->source) > 3);
		}
	}
	assert_non_null(
	    strstr(remedy_of_cause((struct cause){ CLASS_AV_MEDIA, HOW_CLEAR })
		       ->setting,
		"Set-CsMediaConfiguration"));
}

static void
groups_cases(void **state)
{
	const struct seen_flow flows[] = {
		clear_sip,
		{ 2, "10.0.0.9", 40002, "10.0.0.2", 5060, "client-to-server",
		    "tls", "none", "violation", "", NULL },
		{ 3, "10.0.0.8", 40002, "10.0.0.2", 5060, "client-to-server",
		    "tls", "none", "violation", "", NULL },
		{ 4, "10.0.0.9", 40003, "10.0.0.2", 5060, "client-to-server",
		    "tls", "tls", "compliant", "", NULL },
	};
	struct audit_doc *d = load(flows, COUNT(flows), 1);
	struct gathered *g = gather(d, UINT_MAX);

	(void)state;
	assert_non_null(g);
	assert_int_equal(g->group_count, 2);
	assert_int_equal(g->groups[0].flows, 2);
	assert_int_equal(g->groups[0].proof_count, 2);
	assert_int_equal(g->groups[0].how, HOW_CLEAR);
	assert_int_equal(g->groups[1].flows, 1);
	assert_int_equal(g->talk.count, 1);
	assert_int_equal(g->talk.list[0].flows, 3);
	gathered_free(g);
	doc_free(d);
}

/* ---- stored audits ---- */

static void
try_piece(struct slice piece, bool is_whole, void *ctx)
{
	struct fault f = { "" };
	char path[32];

	(void)ctx;
	temp_file(path, piece.p, piece.n);
	struct audit_doc *d = doc_read(path, &f);

	unlink(path);
	if (is_whole) {
		assert_non_null(d);
	} else {
		assert_null(d);
		assert_true(strlen(f.text) > 0);
		assert_non_null(strstr(f.text, path));
	}
	doc_free(d);
}

static void
reads_the_whole_only(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b);
	buf_printf(&b, HEAD, "x", "y", 1u, 1u, 1u, 1u);
	add_flow(&b, &clear_sip);
	buf_add(&b, TAIL, sizeof(TAIL) - 2); /* without the last line end */
	each_prefix(buf_slice(&b), try_piece, NULL);
	buf_done(&b);
}

static void
refuses(const char *text, const char *sentence)
{
	struct fault f = { "" };
	char path[32];

	temp_file(path, text, strlen(text));
	assert_null(doc_read(path, &f));
	unlink(path);
	if (strstr(f.text, sentence) == NULL)
		print_message("'%s' lacks '%s'\n", f.text, sentence);
	assert_non_null(strstr(f.text, sentence));
}

static void
says_what_is_wrong(void **state)
{
	(void)state;
	refuses("{\"format\":\"other\",\"version\":1}", "not an audit");
	refuses("{}", "not an audit");
	refuses("[]", "no JSON document");
	refuses("{\"format\":\"spanward-audit\",\"version\":2}",
	    "version 2; this program reads version 1");
	refuses("{\"format\":\"spanward-audit\",\"version\":1}", "no tool");
	refuses("{\"flows\":[{}]}", "src_ip");
	refuses("{\"flows\":[1]}", "object is expected");
	refuses("{\"flows\":[],\"flows\":[]}", "there twice");
	refuses("{\"flows\":{}}", "list is expected");
	refuses("{\"a\" 1}", "colon");
	refuses("{\"a\":1,}", "no JSON");
	refuses("{1:2}", "name is expected");
	refuses("{\"a\":1 \"b\":2}", "comma");
	refuses("{\"a\":\"\x01\"}", "no JSON");
	refuses("{\"flows\":[{\"src_ip\":\"a\",\"dest_ip\":\"b\",\"audit\":"
		"{\"class\":\"other\",\"verdict\":\"fine\"}}]}",
	    "verdict");
	refuses("", "empty");
}

static void
writes_what_it_read(void **state)
{
	const struct seen_flow flows[] = { clear_sip, good_sip };
	struct audit_doc *d = load(flows, 2, 1);
	struct report r = { .doc = d };
	char *once = written(report_json, &r);
	struct fault f = { "" };
	char path[32];

	(void)state;
	temp_file(path, once, strlen(once));
	struct audit_doc *again = doc_read(path, &f);

	unlink(path);
	assert_non_null(again);
	r.doc = again;
	char *twice = written(report_json, &r);

	assert_string_equal(once, twice);
	free(once);
	free(twice);
	doc_free(d);
	doc_free(again);
}

static void
merges(void **state)
{
	struct seen_flow resumed = good_sip;
	struct fault f = { "" };

	(void)state;
	resumed.id = 2;
	resumed.more = ",\"tls\":{\"resumed_from\":1}";
	const struct seen_flow second[] = { good_sip, resumed };
	struct audit_doc *parts[] = { load(&clear_sip, 1, 1),
		load(second, 2, 2) };
	struct audit_doc *d = doc_merge(parts, 2, "v", &f);

	assert_non_null(d);
	assert_int_equal(d->count[DOC_FLOWS], 3);
	assert_int_equal(d->count[DOC_INPUTS], 2);
	assert_int_equal(d->count[DOC_CERTIFICATES], 1);
	assert_int_equal(d->count[DOC_HOSTS], 1);
	json_t *last = doc_item(d, DOC_FLOWS, 2);
	json_t *cert = doc_item(d, DOC_CERTIFICATES, 0);
	json_t *host = doc_item(d, DOC_HOSTS, 0);

	assert_int_equal(doc_number(last, "flow_id"), 3);
	assert_int_equal(
	    doc_number(json_object_get(last, "tls"), "resumed_from"), 2);
	assert_int_equal(doc_number(cert, "flows"), 2);
	assert_int_equal(doc_number(host, "flows"), 2);
	assert_int_equal(doc_number(d->summary, "flows"), 3);
	assert_int_equal(doc_number(d->capture, "packets"), 18);
	assert_string_equal(doc_text(d->summary, "start"),
	    "2026-01-01T00:00:00Z");
	assert_string_equal(doc_text(d->summary, "end"),
	    "2026-01-02T00:00:01Z");
	json_decref(last);
	json_decref(cert);
	json_decref(host);
	doc_free(d);
}

static void
refuses_to_count_twice(void **state)
{
	struct audit_doc *same[] = { load(&clear_sip, 1, 1),
		load(&clear_sip, 1, 1) };
	struct audit_doc *other[] = { load(&clear_sip, 1, 1),
		load(&clear_sip, 1, 2) };
	struct fault f = { "" };

	(void)state;
	assert_null(doc_merge(same, 2, "v", &f));
	assert_non_null(strstr(f.text, "count twice"));
	(void)json_object_set_new(other[1]->policy, "sha256",
	    json_string("11"));
	assert_null(doc_merge(other, 2, "v", &f));
	assert_non_null(strstr(f.text, "different policies"));
}

/* ---- diff ---- */

struct sums {
	unsigned v[DIFF_CHANGES], f[DIFF_CHANGES];
	bool worse;
};

static struct diff *
compared(const struct seen_flow *a, unsigned n, const struct seen_flow *b,
    unsigned m, const struct sums *want)
{
	struct audit_doc *before = load(a, n, 1), *now = load(b, m, 2);
	struct diff *d = diff_new(before, now, "v");

	assert_non_null(d);
	for (int i = 0; i < DIFF_CHANGES; i++) {
		assert_int_equal(d->sums[DIFF_VIOLATION][i], want->v[i]);
		assert_int_equal(d->sums[DIFF_FINDING][i], want->f[i]);
	}
	assert_int_equal(d->worse, want->worse);
	return d;
}

static void
let_go(struct diff *d)
{
	struct audit_doc *a = (struct audit_doc *)(uintptr_t)d->audits[0];
	struct audit_doc *b = (struct audit_doc *)(uintptr_t)d->audits[1];

	diff_free(d);
	doc_free(a);
	doc_free(b);
}

static void
matches_without_ports(void **state)
{
	struct seen_flow later = clear_sip;

	(void)state;
	later.sport = 51111;
	let_go(compared(&clear_sip, 1, &later, 1,
	    &(struct sums){ { 0, 0, 1 }, { 0, 0, 0 }, false }));
	/* Another service is another case. */
	later.dport = 5070;
	let_go(compared(&clear_sip, 1, &later, 1,
	    &(struct sums){ { 1, 1, 0 }, { 0, 0, 0 }, true }));
	/* Who of two opened a media flow, and at which ports, is chance. */
	struct seen_flow call = { 1, "10.0.0.9", 20000, "10.0.0.8", 30000,
		"av-media", "srtp", "none", "violation", "",
		",\"media\":{\"kind\":\"audio\"}" };
	struct seen_flow back = { 1, "10.0.0.8", 21000, "10.0.0.9", 31000,
		"av-media", "srtp", "none", "violation", "",
		",\"media\":{\"kind\":\"audio\"}" };

	let_go(compared(&call, 1, &back, 1,
	    &(struct sums){ { 0, 0, 1 }, { 0, 0, 0 }, false }));
	/* Another cause is another case. */
	call.observed = "srtp";
	call.findings = "{\"id\":\"media.keys-in-clear\",\"severity\":\"high\","
			"\"side\":\"\",\"text\":\"x\"}";
	let_go(compared(&back, 1, &call, 1,
	    &(struct sums){ { 1, 1, 0 }, { 1, 0, 0 }, true }));
}

static void
tells_fixed_from_absent(void **state)
{
	struct seen_flow other = good_sip, open = good_sip;
	struct diff *d;

	(void)state;
	d = compared(&clear_sip, 1, &good_sip, 1,
	    &(struct sums){ { 0, 1, 0 }, { 0, 0, 0 }, false });
	assert_int_equal(d->items[0].proof, PROOF_SEEN);
	let_go(d);
	other.dest = "10.0.0.77";
	d = compared(&clear_sip, 1, &other, 1,
	    &(struct sums){ { 0, 1, 0 }, { 0, 0, 0 }, false });
	assert_int_equal(d->items[0].proof, PROOF_NOT_SEEN);
	let_go(d);
	open.verdict = "undetermined";
	d = compared(&clear_sip, 1, &open, 1,
	    &(struct sums){ { 0, 1, 0 }, { 0, 0, 0 }, false });
	assert_int_equal(d->items[0].proof, PROOF_OPEN);
	let_go(d);
}

#define LOW "{\"id\":\"tls.not-fips\",\"severity\":\"low\",\"side\":\"\"}"
#define EXPIRED                                                  \
	"{\"id\":\"certificate.expired\",\"severity\":\"high\"," \
	"\"side\":\"server\"}"

static void
weighs_findings(void **state)
{
	struct seen_flow low = good_sip, expired = good_sip, two = good_sip;

	(void)state;
	low.findings = LOW;
	expired.findings = EXPIRED;
	/* Imperfect TLS where it was clear is no step back ... */
	let_go(compared(&clear_sip, 1, &low, 1,
	    &(struct sums){ { 0, 1, 0 }, { 1, 0, 0 }, false }));
	/* ... but it is where TLS was better. */
	let_go(compared(&good_sip, 1, &low, 1,
	    &(struct sums){ { 0, 0, 0 }, { 1, 0, 0 }, true }));
	let_go(compared(&low, 1, &good_sip, 1,
	    &(struct sums){ { 0, 0, 0 }, { 0, 1, 0 }, false }));
	/* A server's certificate is one case, whoever calls. */
	two.findings = EXPIRED;
	two.src = "10.0.0.66";
	const struct seen_flow many[] = { expired, two };

	let_go(compared(&expired, 1, many, 2,
	    &(struct sums){ { 0, 0, 0 }, { 0, 0, 1 }, false }));
	let_go(compared(&good_sip, 1, many, 2,
	    &(struct sums){ { 0, 0, 0 }, { 1, 0, 0 }, true }));
}

/* ---- outputs ---- */

struct folder {
	char path[40];
};

static struct folder
new_folder(void)
{
	struct folder f = { "/tmp/spanward-test-XXXXXX" };

	assert_non_null(mkdtemp(f.path));
	return f;
}

static void
remove_folder(const struct folder *f)
{
	char command[64];

	(void)snprintf(command, sizeof(command), "rm -rf %s", f->path);
	assert_int_equal(system(command), 0);
}

static void
put_file(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static void
has(const char *path, const char *want)
{
	char text[64] = "";
	FILE *in = fopen(path, "r");

	assert_non_null(in);
	size_t n = fread(text, 1, sizeof(text) - 1, in);

	text[n] = '\0';
	fclose(in);
	assert_string_equal(text, want);
}

static void
keeps_old_files(void **state)
{
	struct folder dir = new_folder();
	struct fault f = { "" };
	char a[64], b[64];
	struct output_set *s = outputs_new();

	(void)state;
	(void)snprintf(a, sizeof(a), "%s/a", dir.path);
	(void)snprintf(b, sizeof(b), "%s/no/b", dir.path);
	put_file(a, "old");
	FILE *out = outputs_open(s, a, &f);

	assert_non_null(out);
	fputs("new", out);
	assert_true(outputs_close(s, out, true, &f));
	has(a, "old");
	has(outputs_staged(s, 0), "new");
	assert_null(outputs_open(s, b, &f));
	outputs_free(s);
	has(a, "old");
	assert_int_equal(rmdir(dir.path), -1); /* a is there ... */
	unlink(a);
	assert_int_equal(rmdir(dir.path), 0); /* ... and nothing else was */
}

static void
commits_together(void **state)
{
	struct folder dir = new_folder();
	struct fault f = { "" };
	char a[64], b[64];
	struct output_set *s = outputs_new();

	(void)state;
	(void)snprintf(a, sizeof(a), "%s/a", dir.path);
	(void)snprintf(b, sizeof(b), "%s/b", dir.path);
	put_file(a, "old");
	FILE *x = outputs_open(s, a, &f), *y = outputs_open(s, b, &f);

	fputs("1", x);
	fputs("2", y);
	assert_true(outputs_close(s, x, true, &f));
	/* One that is not whole keeps back all. */
	assert_false(outputs_commit(s, &f));
	has(a, "old");
	assert_true(outputs_close(s, y, true, &f));
	assert_true(outputs_commit(s, &f));
	has(a, "1");
	has(b, "2");
	outputs_free(s);
	assert_false(outputs_check(dir.path, &f));
	assert_true(outputs_check(a, &f));
	remove_folder(&dir);
}

/* ---- signatures ---- */

static void
make_key(const char *key_path, const char *cert_path, long begins, long ends)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);
	FILE *out;

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 7);
	X509_gmtime_adj(X509_getm_notBefore(x), begins);
	X509_gmtime_adj(X509_getm_notAfter(x), ends);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)"Alice \033 Auditor", -1, -1, 0);
	X509_set_issuer_name(x, name);
	X509_set_pubkey(x, key);
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	out = fopen(key_path, "w");
	PEM_write_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL);
	fclose(out);
	out = fopen(cert_path, "w");
	PEM_write_X509(out, x);
	fclose(out);
	X509_free(x);
	EVP_PKEY_free(key);
}

struct signed_set {
	struct folder dir;
	char key[64], cert[64], a[64], b[64], manifest[4096];
};

static void
sign_two(struct signed_set *s)
{
	struct fault f = { "" };
	struct output_set *to = outputs_new();
	struct audit_doc *d = load(&clear_sip, 1, 1);

	s->dir = new_folder();
	(void)snprintf(s->key, sizeof(s->key), "%s/key", s->dir.path);
	(void)snprintf(s->cert, sizeof(s->cert), "%s/cert", s->dir.path);
	(void)snprintf(s->a, sizeof(s->a), "%s/a.json", s->dir.path);
	(void)snprintf(s->b, sizeof(s->b), "%s/b", s->dir.path);
	make_key(s->key, s->cert, -60, 86400);
	struct signer *signer = signer_open(s->key, s->cert, &f);

	assert_non_null(signer);
	struct manifest_file keys = { "keys", s->cert };
	struct manifest m = { d, &keys, 1, "v" };
	FILE *x = outputs_open(to, s->a, &f), *y = outputs_open(to, s->b, &f);

	fputs("first report", x);
	fputs("second report", y);
	assert_true(outputs_close(to, x, true, &f));
	assert_true(outputs_close(to, y, true, &f));
	assert_true(manifest_sign(signer, &m, to, s->manifest, &f));
	assert_true(outputs_commit(to, &f));
	outputs_free(to);
	signer_free(signer);
	doc_free(d);
}

static enum verified
verified(const char *manifest, const char *ca, char **said)
{
	struct fault f = { "" };
	size_t n;
	FILE *out = open_memstream(said, &n);
	enum verified v = manifest_verify(manifest, ca, out, &f);

	fclose(out);
	return v;
}

static void
verifies(void **state)
{
	struct signed_set s;
	char *said;

	(void)state;
	sign_two(&s);
	assert_int_equal(verified(s.manifest, NULL, &said), VERIFIED);
	assert_non_null(strstr(said, "intact: a.json"));
	assert_non_null(strstr(said, "intact: b"));
	assert_non_null(strstr(said, "Alice"));
	assert_non_null(strstr(said, "trust      not checked"));
	assert_null(strchr(said, '\033'));
	free(said);
	assert_int_equal(verified(s.manifest, s.cert, &said), VERIFIED);
	assert_non_null(strstr(said, "vouched for"));
	free(said);
	remove_folder(&s.dir);
}

/* Changes one octet, looks, and puts it back. */
static void
tamper(const struct signed_set *s, const char *path, long at, char *said[1])
{
	FILE *f = fopen(path, "r+");
	int c;

	assert_non_null(f);
	fseek(f, at, SEEK_SET);
	c = fgetc(f);
	fseek(f, at, SEEK_SET);
	fputc(c ^ 0x01, f);
	fclose(f);
	enum verified v = verified(s->manifest, NULL, said);

	assert_true(v != VERIFIED);
	f = fopen(path, "r+");
	fseek(f, at, SEEK_SET);
	fputc(c, f);
	fclose(f);
}

static void
finds_tampering(void **state)
{
	static const char *const ends[] = { "a.json", "b", "a.json.p7s",
		"b.p7s", "a.manifest.json", "a.manifest.json.p7s", "cert" };
	struct signed_set s;
	char path[96], *said;

	(void)state;
	sign_two(&s);
	for (size_t i = 0; i < COUNT(ends); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", s.dir.path,
		    ends[i]);
		tamper(&s, path, 11, &said);
		free(said);
		assert_int_equal(verified(s.manifest, NULL, &said), VERIFIED);
		free(said);
		(void)snprintf(path, sizeof(path), "%s/%s.away", s.dir.path,
		    ends[i]);
	}
	unlink(s.b);
	assert_int_equal(verified(s.manifest, NULL, &said), VERIFY_CHANGED);
	assert_non_null(strstr(said, "MISSING: b"));
	free(said);
	remove_folder(&s.dir);
}

/* What one key signed, signed again by another. */
static void
names_another_signer(void **state)
{
	struct signed_set s, t;
	char from[96], to[96], command[256], *said;

	(void)state;
	sign_two(&s);
	sign_two(&t);
	(void)snprintf(from, sizeof(from), "%s/b.p7s", t.dir.path);
	(void)snprintf(to, sizeof(to), "%s/b.p7s", s.dir.path);
	(void)snprintf(command, sizeof(command), "cp %s %s", from, to);
	assert_int_equal(system(command), 0);
	assert_int_equal(verified(s.manifest, NULL, &said), VERIFY_CHANGED);
	assert_non_null(strstr(said, "signed by somebody else"));
	free(said);
	/* A bundle that does not hold the signer's authority. */
	assert_int_equal(verified(t.manifest, s.cert, &said), VERIFY_CHANGED);
	assert_non_null(strstr(said, "NOT TRUSTED"));
	free(said);
	remove_folder(&s.dir);
	remove_folder(&t.dir);
}

static void
refuses_bad_keys(void **state)
{
	struct folder dir = new_folder();
	struct fault f = { "" };
	char key[64], cert[64], other[64], old[64];

	(void)state;
	(void)snprintf(key, sizeof(key), "%s/key", dir.path);
	(void)snprintf(cert, sizeof(cert), "%s/cert", dir.path);
	(void)snprintf(other, sizeof(other), "%s/other", dir.path);
	(void)snprintf(old, sizeof(old), "%s/old", dir.path);
	make_key(other, old, -7200, -60);
	assert_null(signer_open(other, old, &f));
	assert_non_null(strstr(f.text, "expired"));
	make_key(other, old, 3600, 7200);
	assert_null(signer_open(other, old, &f));
	assert_non_null(strstr(f.text, "not valid yet"));
	make_key(key, cert, -60, 3600);
	assert_null(signer_open(other, cert, &f));
	assert_non_null(strstr(f.text, "does not fit"));
	assert_null(signer_open(cert, cert, &f));
	assert_non_null(strstr(f.text, "no PEM private key"));
	assert_null(signer_open(key, key, &f));
	assert_non_null(strstr(f.text, "no PEM certificate"));
	assert_null(signer_open("/no/key", cert, &f));
	assert_non_null(strstr(f.text, "/no/key"));
	remove_folder(&dir);
}

/* ---- spool ---- */

static void
spools(void **state)
{
	uint8_t frame[1000] = { 0 };
	struct packet p = { .frame = { frame, sizeof(frame) },
		.wire_len = 1500,
		.link = 1 };
	struct fault f = { "" };
	struct spool *s = spool_new(20000, &f);
	uint64_t last = 0, n = 0;

	(void)state;
	assert_non_null(s);
	for (unsigned i = 1; i <= 100; i++) {
		p.number = i;
		p.time = i;
		frame[0] = (uint8_t)i;
		spool_add(s, &p);
	}
	struct spool_reader *r = spool_read(s);

	assert_non_null(r);
	while (spool_next(r, &p)) {
		assert_true(p.number > last);
		assert_int_equal(p.frame.p[0], p.number);
		assert_int_equal(p.frame.n, sizeof(frame));
		assert_int_equal(p.wire_len, 1500);
		last = p.number;
		n++;
	}
	assert_int_equal(last, 100);
	assert_true(n >= 10 && n <= 22);
	assert_int_equal(spool_done(r), 100 - n);
	spool_free(s);
}

/* What is overwritten while it is read is missing, and never mixed up. */
static void
spools_while_read(void **state)
{
	uint8_t frame[6000];
	struct packet p = { .wire_len = sizeof(frame), .link = 1 }, q;
	struct fault f = { "" };
	struct spool *s = spool_new(200000, &f);
	struct spool_reader *r = NULL;
	uint64_t n = 0, last = 0;

	(void)state;
	assert_non_null(s);
	for (unsigned i = 1; i <= 400; i++) {
		p.number = i;
		p.frame = slice_of(frame, 1 + i * 37 % sizeof(frame));
		memset(frame, (int)(i & 0xff), p.frame.n);
		spool_add(s, &p);
		if (i == 100)
			r = spool_read(s);
		if (r == NULL || i % 4 != 0 || !spool_next(r, &q))
			continue;
		assert_true(q.number > last && q.number <= 100);
		for (size_t k = 0; k < q.frame.n; k++)
			assert_int_equal(q.frame.p[k], q.number & 0xff);
		last = q.number;
		n++;
	}
	assert_true(n > 0 && n < 100);
	assert_false(spool_next(r, &q));
	assert_int_equal(spool_done(r), 100 - n);
	spool_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes_html),
		cmocka_unit_test(stays_inert),
		cmocka_unit_test(disarms_formulas),
		cmocka_unit_test(shows_inputs),
		cmocka_unit_test(has_a_remedy_for_all),
		cmocka_unit_test(groups_cases),
		cmocka_unit_test(reads_the_whole_only),
		cmocka_unit_test(says_what_is_wrong),
		cmocka_unit_test(writes_what_it_read),
		cmocka_unit_test(merges),
		cmocka_unit_test(refuses_to_count_twice),
		cmocka_unit_test(matches_without_ports),
		cmocka_unit_test(tells_fixed_from_absent),
		cmocka_unit_test(weighs_findings),
		cmocka_unit_test(keeps_old_files),
		cmocka_unit_test(commits_together),
		cmocka_unit_test(verifies),
		cmocka_unit_test(finds_tampering),
		cmocka_unit_test(names_another_signer),
		cmocka_unit_test(refuses_bad_keys),
		cmocka_unit_test(spools),
		cmocka_unit_test(spools_while_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
