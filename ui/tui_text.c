/* SPDX-License-Identifier: Apache-2.0 */
/* What all screens print: numbers, and names that may have to be hidden. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/buf.h"
#include "core/clock.h"
#include "ui/tui.h"

const char *
text_count(uint64_t n, char buf[24])
{
	if (n < 100000)
		snprintf(buf, 24, "%" PRIu64, n);
	else if (n < 1000000)
		snprintf(buf, 24, "%" PRIu64 "k", n / 1000);
	else if (n < 1000000000)
		snprintf(buf, 24, "%.1fM", (double)n / 1e6);
	else
		snprintf(buf, 24, "%.1fG", (double)n / 1e9);
	return buf;
}

const char *
text_size(double n, char buf[24])
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
	size_t u = 0;

	while (n >= 1000 && u + 1 < COUNT(units)) {
		n /= 1000;
		u++;
	}
	snprintf(buf, 24, "%.*f %s", u > 0 && n < 100 ? 1 : 0, n, units[u]);
	return buf;
}

const char *
text_time(int64_t ns, char buf[24])
{
	int64_t s = ns / NS_PER_S;

	if (ns < 0)
		snprintf(buf, 24, "?");
	else if (ns < NS_PER_S)
		snprintf(buf, 24, "%.3fs", (double)ns / 1e9);
	else if (s < 60)
		snprintf(buf, 24, "%.1fs", (double)ns / 1e9);
	else if (s < 3600)
		snprintf(buf, 24, "%d:%02d", (int)(s / 60), (int)(s % 60));
	else if (s < 360000)
		snprintf(buf, 24, "%d:%02d:%02d", (int)(s / 3600),
		    (int)(s / 60 % 60), (int)(s % 60));
	else
		snprintf(buf, 24, "%" PRId64 "d", s / 86400);
	return buf;
}

const char *
tui_number(uint64_t n, char *buf, size_t room)
{
	if (n > 0)
		(void)snprintf(buf, room, "%" PRIu64, n);
	else
		(void)snprintf(buf, room, "-");
	return buf;
}

const char *
tui_let_go(const struct tui *t, char buf[104])
{
	uint64_t n = t->status.let_go;
	char count[24];

	buf[0] = '\0';
	if (n == 0)
		return buf;
	(void)snprintf(buf, 104, "%s flow%s %s let go to save memory: %s",
	    text_count(n, count), n == 1 ? "" : "s", n == 1 ? "was" : "were",
	    !t->o.spooled ? "in all sums, in no report"
		: t->status.phase == VIEW_DONE
		? "in all sums and reports"
		: "in all sums, and in reports at the end");
	return buf;
}

/* ---- privacy ---- */

const char *
tui_addr(const struct tui *t, const struct addr *a, char buf[ADDR_TEXT_MAX])
{
	uint32_t i;

	if (!t->settings.privacy)
		return addr_text(a, buf);
	if (store_host_of(t->store, a, &i))
		snprintf(buf, ADDR_TEXT_MAX, "%s-%u",
		    role_words[store_host(t->store, i)->role].word, i + 1);
	else
		snprintf(buf, ADDR_TEXT_MAX, "host");
	return buf;
}

const char *
tui_endpoint(const struct tui *t, const struct endpoint *e,
    char buf[ADDR_TEXT_MAX])
{
	char name[ADDR_TEXT_MAX];

	if (!t->settings.privacy)
		return endpoint_text(e, buf);
	snprintf(buf, ADDR_TEXT_MAX, "%.40s:%u", tui_addr(t, &e->addr, name),
	    e->port);
	return buf;
}

static void
hide(char *to, size_t room, size_t columns)
{
	const char *dot = theme_glyph(GLYPH_HIDDEN);
	size_t n = strlen(dot), used = 0;

	for (size_t i = 0; i < columns && used + n + 1 < room; i++) {
		memcpy(to + used, dot, n);
		used += n;
	}
	to[used] = '\0';
}

const char *
tui_name(const struct tui *t, const char *name, char buf[VIEW_NAME])
{
	if (!t->settings.privacy)
		return name;
	hide(buf, VIEW_NAME, name[0] != '\0' ? 8 : 0);
	return buf;
}

static bool
is_word(char c)
{
	return c != '\0' &&
	    (isalnum((unsigned char)c) || (unsigned char)c >= 0x80 ||
		strchr(".:-_@*/%+=~\\", c) != NULL);
}

/* Addresses, host names, user names, paths and values of attributes; not
 * "TLS 1.2", not "10:30". */
static bool
is_private(const char *word, size_t n)
{
	unsigned dots = 0, colons = 0, letters = 0, digits = 0;

	for (size_t i = 0; i < n; i++) {
		char c = word[i];

		if (c == '@' || c == '=' || (c == '/' && i == 0 && n > 1) ||
		    (unsigned char)c >= 0x80)
			return true;
		dots += c == '.' && i > 0 && i + 1 < n;
		colons += c == ':' && i + 1 < n;
		letters += isalpha((unsigned char)c) != 0;
		digits += isdigit((unsigned char)c) != 0;
	}
	return (dots >= 1 && letters > 1) || (dots >= 3 && digits > 0) ||
	    colons >= 2;
}

const char *
tui_sentence(const struct tui *t, const char *text, char buf[TUI_TEXT])
{
	size_t used = 0;

	if (!t->settings.privacy)
		return text;
	while (*text != '\0' && used + 64 < TUI_TEXT) {
		size_t n = 0;

		while (is_word(text[n]))
			n++;
		if (n == 0) {
			buf[used++] = *text++;
			continue;
		}
		if (is_private(text, n)) {
			hide(buf + used, TUI_TEXT - used, 6);
			used += strlen(buf + used);
		} else {
			size_t fits =
			    n < TUI_TEXT - used - 1 ? n : TUI_TEXT - used - 1;

			memcpy(buf + used, text, fits);
			used += fits;
		}
		text += n;
	}
	buf[used] = '\0';
	return buf;
}

const char *
tui_packet(const struct tui *t, uint64_t packet, bool file, char buf[96])
{
	struct source *s = engine_source(t->o.engine);
	const struct source_input *in = source_input_of(s, packet);
	const char *slash;
	struct buf safe;

	buf[0] = '\0';
	if (packet == 0)
		return buf;
	if (!file || in == NULL || source_inputs(s) < 2) {
		snprintf(buf, 96, "packet %" PRIu64, PACKET_FRAME(packet));
		return buf;
	}
	if (t->settings.privacy) {
		snprintf(buf, 96, "packet %" PRIu64 " of file %u",
		    PACKET_FRAME(packet), PACKET_FILE(packet) + 1);
		return buf;
	}
	slash = strrchr(in->path, '/');
	buf_init(&safe);
	buf_safe(&safe, slice_text(slash != NULL ? slash + 1 : in->path));
	snprintf(buf, 96, "packet %" PRIu64 " of %.60s", PACKET_FRAME(packet),
	    safe.n > 0 ? safe.p : "?");
	buf_done(&safe);
	return buf;
}
