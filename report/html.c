/* SPDX-License-Identifier: Apache-2.0 */
#include "report/html.h"

#include <stdarg.h>

#include "core/digest.h"
#include "core/text.h"
#include "report/html_page.h"

enum { HELD_MOST = 64 * 1024 };

void
html_init(struct html *h, FILE *out)
{
	*h = (struct html){ .out = out };
	buf_init(&h->b);
	buf_init(&h->safe);
}

static void
flush(struct html *h)
{
	if (!buf_ok(&h->b) || !buf_ok(&h->safe))
		h->bad = true;
	if (!h->bad && h->b.n > 0 &&
	    fwrite(h->b.p, 1, h->b.n, h->out) != h->b.n)
		h->bad = true;
	buf_clear(&h->b);
}

bool
html_done(struct html *h)
{
	flush(h);
	buf_done(&h->b);
	buf_done(&h->safe);
	return !h->bad;
}

void
html_raw(struct html *h, const char *markup)
{
	buf_text(&h->b, markup);
	if (h->b.n > HELD_MOST)
		flush(h);
}

void
html_printf(struct html *h, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(text, sizeof(text), fmt, ap);

	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(text))
		h->bad = true;
	else
		html_raw(h, text);
}

static void
escape(struct html *h, struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		switch (text.p[i]) {
		case '&':
			buf_text(&h->b, "&amp;");
			break;
		case '<':
			buf_text(&h->b, "&lt;");
			break;
		case '>':
			buf_text(&h->b, "&gt;");
			break;
		case '"':
			buf_text(&h->b, "&quot;");
			break;
		case '\'':
			buf_text(&h->b, "&#39;");
			break;
		default:
			buf_char(&h->b, (char)text.p[i]);
		}
	}
	if (h->b.n > HELD_MOST)
		flush(h);
}

static void
write_safe(struct html *h, struct slice text)
{
	if (!buf_ok(&h->safe))
		h->bad = true;
	buf_clear(&h->safe);
	buf_safe(&h->safe, text);
	escape(h, buf_slice(&h->safe));
}

void
html_text(struct html *h, const char *text)
{
	write_safe(h, slice_text(text));
}

void
html_lines(struct html *h, const char *text)
{
	struct slice rest = slice_text(text), line;

	while (text_line(&rest, &line)) {
		write_safe(h, line);
		html_raw(h, "\n");
	}
	write_safe(h, rest);
}

void
html_number(struct html *h, uint64_t n)
{
	char digits[24];
	int length =
	    snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);

	for (int i = 0; i < length; i++) {
		/* Narrow no-break space: no comma or point to misread. */
		if (i > 0 && (length - i) % 3 == 0 && length > 4)
			buf_text(&h->b, "\xe2\x80\xaf");
		buf_char(&h->b, digits[i]);
	}
}

void
html_element(struct html *h, const char *tag, const char *text)
{
	html_printf(h, "<%s>", tag);
	html_text(h, text);
	html_printf(h, "</%.*s>", (int)strcspn(tag, " "), tag);
}

/* ---- the page ---- */

static void
base64(struct buf *b, const uint8_t *p, size_t n)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)p[i] << 16;

		if (i + 1 < n)
			v |= (uint32_t)p[i + 1] << 8;
		if (i + 2 < n)
			v |= p[i + 2];
		buf_char(b, digits[v >> 18]);
		buf_char(b, digits[v >> 12 & 63]);
		buf_char(b, (char)(i + 1 < n ? digits[v >> 6 & 63] : '='));
		buf_char(b, (char)(i + 2 < n ? digits[v & 63] : '='));
	}
}

/* Only the style and script of this program run in the page, by their hash
 * (CSP level 2, section 4.2). */
static void
source(struct html *h, const char *directive, const char *text)
{
	uint8_t hash[64];
	size_t n = digest_of(DIGEST_SHA256, slice_text(text), hash);

	html_printf(h, "%s 'sha256-", directive);
	base64(&h->b, hash, n);
	html_raw(h, "'; ");
	h->bad |= n == 0;
}

void
html_begin(struct html *h, const char *title)
{
	html_raw(h,
	    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
	    "<meta charset=\"utf-8\">\n"
	    "<meta http-equiv=\"Content-Security-Policy\" content=\""
	    "default-src 'none'; img-src data:; ");
	source(h, "style-src", page_style);
	source(h, "script-src", page_script);
	html_raw(h,
	    "base-uri 'none'; form-action 'none'\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width, "
	    "initial-scale=1\">\n"
	    "<meta name=\"referrer\" content=\"no-referrer\">\n"
	    "<meta name=\"color-scheme\" content=\"light dark\">\n"
	    "<link rel=\"icon\" href=\"data:,\">\n<title>");
	html_text(h, title);
	html_raw(h, "</title>\n<style>");
	html_raw(h, page_style);
	html_raw(h,
	    "</style>\n</head>\n<body>\n"
	    "<a class=\"skip\" href=\"#top\">Skip to the report</a>\n");
}

void
html_end(struct html *h, const char *foot)
{
	html_raw(h, "<footer><p>");
	html_text(h, foot);
	html_raw(h, "</p></footer>\n<script>");
	html_raw(h, page_script);
	html_raw(h, "</script>\n</body>\n</html>\n");
}
