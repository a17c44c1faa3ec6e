/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/columns.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/text.h"

/* ---- keys ---- */

/* Eight characters of a text as a number that sorts like it, any case. The
 * texts of a row are filled up with zeros. */
static uint64_t
text_key(const char *text, size_t room, unsigned word)
{
	size_t from = (size_t)word * 8;
	uint64_t k = 0;

	for (size_t i = from; i < from + 8; i++) {
		unsigned char c = i < room ? (unsigned char)text[i] : 0;

		k = k << 8 | (c >= 'A' && c <= 'Z' ? c | 0x20u : c);
	}
	return k;
}

/* IPv4 fits one word with its port, IPv6 takes three. */
static uint64_t
endpoint_key(const struct endpoint *e, unsigned word)
{
	uint64_t k = 0;
	unsigned from = word == 0 ? 0 : word == 1 ? 5 : 13;
	unsigned n = word == 0 ? 5 : word == 1 ? 8 : 3;

	if (e->addr.family == 4) {
		for (unsigned i = 0; i < 4; i++)
			k = k << 8 | e->addr.b[i];
		return word == 0 ? UINT64_C(4) << 56 | k << 16 | e->port : 0;
	}
	for (unsigned i = 0; i < n; i++)
		k = k << 8 | e->addr.b[from + i];
	if (word == 0)
		return (uint64_t)e->addr.family << 56 | k << 16;
	return word == 1 ? k : k << 16 | e->port;
}

/* clang-format off */
#define NUMBER_KEY(name, value) static uint64_t \
	name(const struct view_row *r, unsigned word) \
	{ \
		(void)word; \
		return (value); \
	}
/* clang-format on */

/* Worst first. */
static uint64_t
verdict_rank(unsigned v)
{
	static const uint8_t order[VERDICTS] = {
		[VERDICT_VIOLATION] = 0,
		[VERDICT_UNDETERMINED] = 1,
		[VERDICT_EXEMPT] = 2,
		[VERDICT_COMPLIANT] = 3,
		[VERDICT_OUT_OF_SCOPE] = 4,
	};

	return order[v];
}

/* clang-format off */
NUMBER_KEY(id_key, r->number)
NUMBER_KEY(verdict_key, verdict_rank(r->verdict))
NUMBER_KEY(class_key, r->class)
NUMBER_KEY(proto_key, r->proto)
NUMBER_KEY(observed_key, r->observed)
NUMBER_KEY(required_key, r->required)
NUMBER_KEY(certainty_key, r->certainty)
NUMBER_KEY(src_role_key, r->src_role)
NUMBER_KEY(dst_role_key, r->dest_role)
NUMBER_KEY(bytes_key, r->bytes)
NUMBER_KEY(packets_key, r->packets)
NUMBER_KEY(lost_key, r->lost)
NUMBER_KEY(start_key, (uint64_t)r->start)
NUMBER_KEY(took_key, (uint64_t)(r->end - r->start))
NUMBER_KEY(packet_key, r->proof != 0 ? r->proof : r->first_packet)
NUMBER_KEY(finding_key, r->severity)
/* clang-format on */

static uint64_t
src_key(const struct view_row *r, unsigned word)
{
	return endpoint_key(&r->src, word);
}

static uint64_t
dst_key(const struct view_row *r, unsigned word)
{
	return endpoint_key(&r->dst, word);
}

static uint64_t
app_key(const struct view_row *r, unsigned word)
{
	return text_key(r->app, sizeof(r->app), word);
}

static uint64_t
name_key(const struct view_row *r, unsigned word)
{
	return text_key(r->name, sizeof(r->name), word);
}

static uint64_t
why_key(const struct view_row *r, unsigned word)
{
	return text_key(r->why, sizeof(r->why), word);
}

/* ---- cells ---- */

/* clang-format off */
#define CELL(name) static enum paint \
	name(const struct tui *t, const struct view_row *r, char *text, \
	    size_t room)
/* clang-format on */

CELL(id_cell)
{
	(void)t;
	(void)tui_number(r->number, text, room);
	return PAINT_FAINT;
}

CELL(verdict_cell)
{
	(void)t;
	(void)snprintf(text, room, "%s %s",
	    theme_glyph(theme_sign((enum verdict)r->verdict)),
	    verdict_words[r->verdict].word);
	return theme_of_verdict((enum verdict)r->verdict);
}

CELL(class_cell)
{
	(void)t;
	(void)snprintf(text, room, "%s", class_words[r->class].word);
	return PAINT_TEXT;
}

CELL(src_cell)
{
	char buf[ADDR_TEXT_MAX];

	(void)snprintf(text, room, "%s", tui_endpoint(t, &r->src, buf));
	return PAINT_TEXT;
}

CELL(dst_cell)
{
	char buf[ADDR_TEXT_MAX];

	(void)snprintf(text, room, "%s", tui_endpoint(t, &r->dst, buf));
	return PAINT_TEXT;
}

CELL(proto_cell)
{
	(void)t;
	(void)snprintf(text, room, "%s",
	    r->proto == IPPROTO_NUM_TCP ? "TCP" : "UDP");
	return PAINT_FAINT;
}

CELL(app_cell)
{
	(void)t;
	(void)snprintf(text, room, "%s", r->app);
	return PAINT_TEXT;
}

CELL(observed_cell)
{
	bool bare =
	    r->observed == PROTECTION_NONE || r->observed == PROTECTION_NULL;

	(void)t;
	(void)snprintf(text, room, "%s", protection_words[r->observed].word);
	return bare && r->verdict == VERDICT_VIOLATION ? PAINT_BAD : PAINT_TEXT;
}

CELL(required_cell)
{
	(void)t;
	(void)snprintf(text, room, "%s", requirement_words[r->required].word);
	return PAINT_TEXT;
}

CELL(certainty_cell)
{
	(void)t;
	(void)snprintf(text, room, "%s", certainty_words[r->certainty]);
	return r->certainty == CERTAINTY_PROVEN ? PAINT_TEXT : PAINT_DOUBT;
}

CELL(src_role_cell)
{
	(void)t;
	(void)snprintf(text, room, "%s", role_words[r->src_role].word);
	return PAINT_TEXT;
}

CELL(dst_role_cell)
{
	(void)t;
	(void)snprintf(text, room, "%s", role_words[r->dest_role].word);
	return PAINT_TEXT;
}

CELL(bytes_cell)
{
	char buf[24];

	(void)t;
	(void)snprintf(text, room, "%s", text_size((double)r->bytes, buf));
	return PAINT_TEXT;
}

CELL(packets_cell)
{
	char buf[24];

	(void)t;
	(void)snprintf(text, room, "%s", text_count(r->packets, buf));
	return PAINT_TEXT;
}

CELL(lost_cell)
{
	char buf[24];

	(void)t;
	(void)snprintf(text, room, "%s",
	    r->lost > 0 ? text_size(r->lost, buf) : "");
	return PAINT_DOUBT;
}

CELL(start_cell)
{
	char buf[CLOCK_TEXT_MAX];

	(void)t;
	/* 2026-11-22T04:27:00.123456Z: the time of day. */
	(void)snprintf(text, room, "%.12s", clock_text(r->start, buf) + 11);
	return PAINT_FAINT;
}

CELL(took_cell)
{
	char buf[24];

	(void)t;
	(void)snprintf(text, room, "%s", text_time(r->end - r->start, buf));
	return PAINT_TEXT;
}

CELL(packet_cell)
{
	(void)t;
	(void)snprintf(text, room, "%" PRIu64,
	    PACKET_FRAME(r->proof != 0 ? r->proof : r->first_packet));
	return PAINT_TEXT;
}

CELL(finding_cell)
{
	(void)t;
	int n = __builtin_popcountll(r->findings);

	if (n > 0)
		(void)snprintf(text, room, "%d %s", n,
		    severity_words[r->severity]);
	return n > 0 ? theme_of_severity((enum severity)r->severity)
		     : PAINT_TEXT;
}

CELL(name_cell)
{
	char buf[VIEW_NAME];

	(void)snprintf(text, room, "%s", tui_name(t, r->name, buf));
	return PAINT_TEXT;
}

CELL(why_cell)
{
	char buf[TUI_TEXT];

	(void)snprintf(text, room, "%s", tui_sentence(t, r->why, buf));
	return PAINT_FAINT;
}

/* clang-format off */
static const struct flow_column table[] = {
	{ "flow", "#", "number of the flow", 4, 6, true, false, 1, id_key, id_cell },
	{ "verdict", "Verdict", "verdict", 11, 14, false, false, 1, verdict_key, verdict_cell },
	{ "class", "Class", "traffic class", 16, 21, false, false, 1, class_key, class_cell },
	{ "source", "Source", "who opened it", 18, 21, false, false, 3, src_key, src_cell },
	{ "destination", "Destination", "who was called", 18, 21, false, false, 3, dst_key, dst_cell },
	{ "observed", "Seen", "protection seen", 5, 7, false, false, 1, observed_key, observed_cell },
	{ "required", "Needed", "protection required", 6, 11, false, false, 1, required_key, required_cell },
	{ "app", "App", "protocol", 5, 8, false, false, 2, app_key, app_cell },
	{ "packet", "Packet", "packet that shows it", 6, 8, true, false, 1, packet_key, packet_cell },
	{ "finding", "Findings", "how many, the worst", 8, 8, false, false, 1, finding_key, finding_cell },
	{ "bytes", "Bytes", "octets both ways", 8, 8, true, true, 1, bytes_key, bytes_cell },
	{ "packets", "Pkts", "packets both ways", 5, 6, true, true, 1, packets_key, packets_cell },
	{ "start", "Start", "time of the first packet", 12, 12, false, false, 1, start_key, start_cell },
	{ "duration", "Took", "from first to last packet", 7, 7, true, true, 1, took_key, took_cell },
	{ "certainty", "Certainty", "proven or inferred", 8, 9, false, true, 1, certainty_key, certainty_cell },
	{ "proto", "L4", "transport", 3, 3, false, false, 1, proto_key, proto_cell },
	{ "source-role", "From", "role of the source", 9, 12, false, false, 1, src_role_key, src_role_cell },
	{ "destination-role", "To", "role of the destination", 9, 12, false, false, 1, dst_role_key, dst_role_cell },
	{ "lost", "Lost", "octets not captured", 8, 8, true, true, 1, lost_key, lost_cell },
	{ "name", "Name", "name asked for", 16, 30, false, false, 7, name_key, name_cell },
	{ "why", "Why", "the decisive reason", 14, 0, false, false, 12, why_key, why_cell },
};
/* clang-format on */
static_assert(COUNT(table) <= COLUMNS_MOST, "room for all columns");

const char columns_usual[] = "flow verdict class source destination observed "
			     "packet finding bytes why";

const struct flow_column *
column_at(size_t i)
{
	return i < COUNT(table) ? &table[i] : NULL;
}

bool
column_is_text(size_t i)
{
	return table[i].key == app_key || table[i].key == name_key ||
	    table[i].key == why_key;
}

bool
column_find(const char *name, size_t *i)
{
	for (size_t k = 0; k < COUNT(table); k++) {
		if (strcmp(table[k].name, name) == 0) {
			*i = k;
			return true;
		}
	}
	return false;
}

unsigned
columns_parse(const char *names, uint8_t out[COLUMNS_MOST])
{
	struct slice rest = slice_text(names), word;
	unsigned n = 0;
	char name[32];
	size_t at;

	while (n < COUNT(table) && text_word(&rest, &word)) {
		if (word.n >= sizeof(name))
			continue;
		memcpy(name, word.p, word.n);
		name[word.n] = '\0';
		if (!column_find(name, &at) || memchr(out, (int)at, n) != NULL)
			continue;
		out[n++] = (uint8_t)at;
	}
	return n;
}

void
columns_text(const uint8_t *columns, unsigned n, char *out, size_t room)
{
	size_t used = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < n; i++) {
		int more = snprintf(out + used, room - used, "%s%s",
		    i > 0 ? " " : "", table[columns[i]].name);

		if (more < 0 || used + (size_t)more >= room) {
			out[used] = '\0';
			return;
		}
		used += (size_t)more;
	}
}

void
columns_fit(const uint8_t *columns, unsigned n, int width,
    int widths[COLUMNS_MOST])
{
	int left = width;

	for (unsigned i = 0; i < n; i++) {
		const struct flow_column *c = &table[columns[i]];
		int need = c->least + (i > 0);

		widths[i] = need <= left ? c->least : 0;
		left -= widths[i] > 0 ? need : 0;
	}
	for (unsigned i = 0; i < n; i++) {
		const struct flow_column *c = &table[columns[i]];
		int more = c->wide - c->least;

		if (widths[i] == 0 || c->wide == 0)
			continue;
		more = more < left ? more : left;
		widths[i] += more;
		left -= more;
	}
	for (unsigned i = 0; i < n; i++) {
		if (widths[i] > 0 && table[columns[i]].wide == 0) {
			widths[i] += left;
			left = 0;
		}
	}
}
