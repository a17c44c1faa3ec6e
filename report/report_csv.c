/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One row per flow (RFC 4180). Columns are only ever added at the end. A cell
 * that a spreadsheet would run as a formula begins with an apostrophe.
 */
#include "core/buf.h"
#include "report/formats.h"

enum column_kind {
	COLUMN_TEXT,
	COLUMN_NUMBER,
	COLUMN_REASON,
	COLUMN_PACKET,
	COLUMN_FINDINGS
};

struct column {
	const char *title;
	enum column_kind kind;
	const char *outer; /* of the record; NULL: the key is at the top */
	const char *key;
};

/* clang-format off */
static const struct column columns[] = {
	{ "flow_id", COLUMN_NUMBER, NULL, "flow_id" },
	{ "start", COLUMN_TEXT, "flow", "start" },
	{ "end", COLUMN_TEXT, "flow", "end" },
	{ "src_ip", COLUMN_TEXT, NULL, "src_ip" },
	{ "src_port", COLUMN_NUMBER, NULL, "src_port" },
	{ "dest_ip", COLUMN_TEXT, NULL, "dest_ip" },
	{ "dest_port", COLUMN_NUMBER, NULL, "dest_port" },
	{ "proto", COLUMN_TEXT, NULL, "proto" },
	{ "app_proto", COLUMN_TEXT, NULL, "app_proto" },
	{ "class", COLUMN_TEXT, "audit", "class" },
	{ "src_role", COLUMN_TEXT, "audit", "src_role" },
	{ "dest_role", COLUMN_TEXT, "audit", "dest_role" },
	{ "role_source", COLUMN_TEXT, "audit", "role_source" },
	{ "required", COLUMN_TEXT, "audit", "required" },
	{ "observed", COLUMN_TEXT, "audit", "observed" },
	{ "certainty", COLUMN_TEXT, "audit", "certainty" },
	{ "verdict", COLUMN_TEXT, "audit", "verdict" },
	{ "rule", COLUMN_TEXT, "audit", "rule" },
	{ "reason", COLUMN_REASON, NULL, NULL },
	{ "packet", COLUMN_PACKET, NULL, NULL },
	{ "wanting", COLUMN_TEXT, "audit", "wanting" },
	{ "findings", COLUMN_FINDINGS, NULL, NULL },
	{ "tls_version", COLUMN_TEXT, "tls", "version" },
	{ "tls_cipher", COLUMN_TEXT, "tls", "cipher" },
	{ "sni", COLUMN_TEXT, "tls", "sni" },
	{ "client_certificate", COLUMN_TEXT, "tls", "client_certificate" },
	{ "media_kind", COLUMN_TEXT, "media", "kind" },
	{ "media_keying", COLUMN_TEXT, "media", "keying" },
	{ "pkts_toserver", COLUMN_NUMBER, "flow", "pkts_toserver" },
	{ "pkts_toclient", COLUMN_NUMBER, "flow", "pkts_toclient" },
	{ "bytes_toserver", COLUMN_NUMBER, "flow", "bytes_toserver" },
	{ "bytes_toclient", COLUMN_NUMBER, "flow", "bytes_toclient" },
	{ "lost_toserver", COLUMN_NUMBER, "flow", "lost_toserver" },
	{ "lost_toclient", COLUMN_NUMBER, "flow", "lost_toclient" },
	{ "pcap_filename", COLUMN_TEXT, NULL, "pcap_filename" },
	{ "community_id", COLUMN_TEXT, NULL, "community_id" },
};
/* clang-format on */

static bool
is_formula(char c)
{
	return c != '\0' && strchr("=+-@\t\r\n", c) != NULL;
}

/* Where the list separator is a semicolon, quotes that do not open a cell hide
 * nothing: what follows one must be harmless as well. */
static void
cell(struct buf *b, const char *text)
{
	char before = ';';

	buf_char(b, '"');
	for (; *text != '\0'; text++) {
		if (before == ';' && is_formula(*text))
			buf_char(b, '\'');
		if (*text == '"')
			buf_char(b, '"');
		buf_char(b, *text);
		before = *text;
	}
	buf_char(b, '"');
}

/* Control and format characters of a document somebody else made. */
static void
cell_safe(struct buf *b, const char *text, struct buf *scratch)
{
	buf_clear(scratch);
	buf_safe(scratch, slice_text(text));
	cell(b, scratch->n > 0 ? scratch->p : "");
}

static void
cell_number(struct buf *b, const json_t *o, const char *key)
{
	if (json_object_get(o, key) != NULL)
		buf_printf(b, "%llu", (unsigned long long)doc_number(o, key));
}

static void
findings_cell(struct buf *b, const json_t *audit, struct buf *scratch)
{
	const json_t *list = json_object_get(audit, "findings");

	buf_clear(scratch);
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (i > 0)
			buf_char(scratch, ' ');
		buf_safe(scratch,
		    slice_text(doc_text(json_array_get(list, i), "id")));
	}
	cell(b, scratch->n > 0 ? scratch->p : "");
}

static void
row(const json_t *flow, struct buf *b, struct buf *scratch)
{
	const json_t *audit = json_object_get(flow, "audit");
	const json_t *reason =
	    json_array_get(json_object_get(audit, "reasons"), 0);

	for (size_t i = 0; i < COUNT(columns); i++) {
		const struct column *c = &columns[i];
		const json_t *o =
		    c->outer != NULL ? json_object_get(flow, c->outer) : flow;

		if (i > 0)
			buf_char(b, ',');
		switch (c->kind) {
		case COLUMN_TEXT:
			cell_safe(b, doc_text(o, c->key), scratch);
			break;
		case COLUMN_NUMBER:
			cell_number(b, o, c->key);
			break;
		case COLUMN_REASON:
			cell_safe(b, doc_text(reason, "text"), scratch);
			break;
		case COLUMN_PACKET:
			cell_number(b, reason, "packet");
			break;
		case COLUMN_FINDINGS:
			findings_cell(b, audit, scratch);
			break;
		}
	}
	buf_text(b, "\r\n");
}

bool
report_csv(const struct report *r, FILE *out)
{
	struct buf b, scratch;
	bool good = true;

	buf_init(&b);
	buf_init(&scratch);
	for (size_t i = 0; i < COUNT(columns); i++)
		buf_printf(&b, "%s%s", i > 0 ? "," : "", columns[i].title);
	buf_text(&b, "\r\n");
	for (size_t i = 0; good && i <= r->doc->count[DOC_FLOWS]; i++) {
		good = buf_ok(&b) && buf_ok(&scratch) &&
		    fwrite(b.p, 1, b.n, out) == b.n;
		buf_clear(&b);
		if (!good || i == r->doc->count[DOC_FLOWS])
			break;
		json_t *flow = doc_item(r->doc, DOC_FLOWS, i);

		good = flow != NULL;
		row(flow, &b, &scratch);
		json_decref(flow);
	}
	buf_done(&b);
	buf_done(&scratch);
	return good;
}
