/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/theme.h"

#include <curses.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>

/* A colour of the 256 and its stand-in of the eight; -1: the terminal's own. */
struct look {
	short fg, bg, fg8, bg8;
	attr_t with;
};

enum scheme { SCHEME_DARK, SCHEME_LIGHT, SCHEME_SAFE, SCHEME_MONO, SCHEMES };
static const char *const scheme_names[SCHEMES] = { "dark", "light",
	"colour-blind", "mono" };

/* clang-format off */
static const struct look looks[SCHEMES][PAINTS] = {
	[SCHEME_DARK] = {
		[PAINT_TEXT] = { -1, -1, -1, -1, 0 },
		[PAINT_FAINT] = { 245, -1, -1, -1, A_DIM },
		[PAINT_STRONG] = { -1, -1, -1, -1, A_BOLD },
		[PAINT_TITLE] = { 252, 24, COLOR_WHITE, COLOR_BLUE, 0 },
		[PAINT_TAB_HERE] = { 24, 255, COLOR_BLUE, COLOR_WHITE, A_BOLD },
		[PAINT_CRUMBS] = { 252, 236, COLOR_WHITE, COLOR_BLACK, 0 },
		[PAINT_HEAD] = { 153, 236, COLOR_CYAN, COLOR_BLACK, A_BOLD },
		[PAINT_GOOD] = { 77, -1, COLOR_GREEN, -1, 0 },
		[PAINT_BAD] = { 203, -1, COLOR_RED, -1, A_BOLD },
		[PAINT_DOUBT] = { 179, -1, COLOR_YELLOW, -1, 0 },
		[PAINT_EXEMPT] = { 110, -1, COLOR_CYAN, -1, 0 },
		[PAINT_OUT] = { 245, -1, -1, -1, A_DIM },
		[PAINT_SELECT] = { 231, 31, COLOR_BLACK, COLOR_CYAN, 0 },
		[PAINT_TAGGED] = { 222, -1, COLOR_YELLOW, -1, A_BOLD },
		[PAINT_BADGE] = { 16, 179, COLOR_BLACK, COLOR_YELLOW, A_BOLD },
		[PAINT_LINK] = { 117, -1, COLOR_CYAN, -1, A_UNDERLINE },
		[PAINT_KEY] = { 252, -1, -1, -1, A_BOLD },
		[PAINT_KEY_TEXT] = { 16, 73, COLOR_BLACK, COLOR_CYAN, 0 },
		[PAINT_BOX] = { 252, 237, COLOR_WHITE, COLOR_BLUE, 0 },
		[PAINT_BOX_SELECT] = { 16, 73, COLOR_BLACK, COLOR_CYAN, 0 },
		[PAINT_ERROR] = { 231, 124, COLOR_WHITE, COLOR_RED, A_BOLD },
	},
	[SCHEME_LIGHT] = {
		[PAINT_TEXT] = { -1, -1, -1, -1, 0 },
		[PAINT_FAINT] = { 243, -1, -1, -1, 0 },
		[PAINT_STRONG] = { -1, -1, -1, -1, A_BOLD },
		[PAINT_TITLE] = { 255, 25, COLOR_WHITE, COLOR_BLUE, 0 },
		[PAINT_TAB_HERE] = { 25, 255, COLOR_BLUE, COLOR_WHITE, A_BOLD },
		[PAINT_CRUMBS] = { 236, 253, COLOR_BLACK, COLOR_WHITE, 0 },
		[PAINT_HEAD] = { 25, 253, COLOR_BLUE, COLOR_WHITE, A_BOLD },
		[PAINT_GOOD] = { 28, -1, COLOR_GREEN, -1, 0 },
		[PAINT_BAD] = { 160, -1, COLOR_RED, -1, A_BOLD },
		[PAINT_DOUBT] = { 130, -1, COLOR_MAGENTA, -1, 0 },
		[PAINT_EXEMPT] = { 25, -1, COLOR_BLUE, -1, 0 },
		[PAINT_OUT] = { 243, -1, -1, -1, 0 },
		[PAINT_SELECT] = { 16, 153, COLOR_BLACK, COLOR_CYAN, 0 },
		[PAINT_TAGGED] = { 94, -1, COLOR_MAGENTA, -1, A_BOLD },
		[PAINT_BADGE] = { 16, 214, COLOR_BLACK, COLOR_YELLOW, A_BOLD },
		[PAINT_LINK] = { 25, -1, COLOR_BLUE, -1, A_UNDERLINE },
		[PAINT_KEY] = { 236, -1, -1, -1, A_BOLD },
		[PAINT_KEY_TEXT] = { 16, 152, COLOR_BLACK, COLOR_CYAN, 0 },
		[PAINT_BOX] = { 16, 254, COLOR_BLACK, COLOR_WHITE, 0 },
		[PAINT_BOX_SELECT] = { 255, 25, COLOR_WHITE, COLOR_BLUE, 0 },
		[PAINT_ERROR] = { 231, 160, COLOR_WHITE, COLOR_RED, A_BOLD },
	},
	/* Blue and orange keep apart where red and green do not (Okabe and
	 * Ito). */
	[SCHEME_SAFE] = {
		[PAINT_TEXT] = { -1, -1, -1, -1, 0 },
		[PAINT_FAINT] = { 245, -1, -1, -1, A_DIM },
		[PAINT_STRONG] = { -1, -1, -1, -1, A_BOLD },
		[PAINT_TITLE] = { 252, 238, COLOR_WHITE, COLOR_BLACK, A_BOLD },
		[PAINT_TAB_HERE] = { 16, 253, COLOR_BLACK, COLOR_WHITE, A_BOLD },
		[PAINT_CRUMBS] = { 252, 236, COLOR_WHITE, COLOR_BLACK, 0 },
		[PAINT_HEAD] = { 255, 236, COLOR_WHITE, COLOR_BLACK, A_BOLD },
		[PAINT_GOOD] = { 74, -1, COLOR_BLUE, -1, 0 },
		[PAINT_BAD] = { 208, -1, COLOR_YELLOW, -1, A_BOLD },
		[PAINT_DOUBT] = { 227, -1, COLOR_WHITE, -1, 0 },
		[PAINT_EXEMPT] = { 152, -1, COLOR_CYAN, -1, 0 },
		[PAINT_OUT] = { 245, -1, -1, -1, A_DIM },
		[PAINT_SELECT] = { 16, 253, COLOR_BLACK, COLOR_WHITE, 0 },
		[PAINT_TAGGED] = { 175, -1, COLOR_MAGENTA, -1, A_BOLD },
		[PAINT_BADGE] = { 16, 214, COLOR_BLACK, COLOR_YELLOW, A_BOLD },
		[PAINT_LINK] = { 117, -1, COLOR_CYAN, -1, A_UNDERLINE },
		[PAINT_KEY] = { 252, -1, -1, -1, A_BOLD },
		[PAINT_KEY_TEXT] = { 16, 250, COLOR_BLACK, COLOR_WHITE, 0 },
		[PAINT_BOX] = { 252, 237, COLOR_WHITE, COLOR_BLACK, 0 },
		[PAINT_BOX_SELECT] = { 16, 250, COLOR_BLACK, COLOR_WHITE, 0 },
		[PAINT_ERROR] = { 16, 208, COLOR_BLACK, COLOR_YELLOW, A_BOLD },
	},
	[SCHEME_MONO] = {
		[PAINT_TITLE] = { .with = A_REVERSE },
		[PAINT_TAB_HERE] = { .with = A_BOLD },
		[PAINT_HEAD] = { .with = A_BOLD | A_UNDERLINE },
		[PAINT_STRONG] = { .with = A_BOLD },
		[PAINT_BAD] = { .with = A_BOLD },
		[PAINT_SELECT] = { .with = A_REVERSE },
		[PAINT_TAGGED] = { .with = A_BOLD },
		[PAINT_BADGE] = { .with = A_REVERSE | A_BOLD },
		[PAINT_LINK] = { .with = A_UNDERLINE },
		[PAINT_KEY_TEXT] = { .with = A_REVERSE },
		[PAINT_BOX] = { .with = A_REVERSE },
		[PAINT_BOX_SELECT] = { .with = A_BOLD },
		[PAINT_ERROR] = { .with = A_REVERSE | A_BOLD },
	},
};

static const char *const glyphs[2][GLYPHS] = {
	{
		[GLYPH_GOOD] = "✓", [GLYPH_BAD] = "✗", [GLYPH_DOUBT] = "?",
		[GLYPH_EXEMPT] = "~", [GLYPH_OUT] = "·", [GLYPH_ARROW] = "→",
		[GLYPH_CRUMB] = "›", [GLYPH_RISING] = "▲",
		[GLYPH_FALLING] = "▼", [GLYPH_TAG] = "●",
		[GLYPH_ELLIPSIS] = "…", [GLYPH_PLAY] = "▶",
		[GLYPH_LIVE] = "●", [GLYPH_PAUSE] = "‖", [GLYPH_BAR] = "█",
		[GLYPH_BAR_EMPTY] = "░", [GLYPH_LINE] = "─",
		[GLYPH_SIDE] = "│", [GLYPH_CORNER_TL] = "┌",
		[GLYPH_CORNER_TR] = "┐", [GLYPH_CORNER_BL] = "└",
		[GLYPH_CORNER_BR] = "┘", [GLYPH_DOT] = "·",
		[GLYPH_HIDDEN] = "•",
		[GLYPH_SPARK] = "▁", [GLYPH_SPARK + 1] = "▂",
		[GLYPH_SPARK + 2] = "▃", [GLYPH_SPARK + 3] = "▄",
		[GLYPH_SPARK + 4] = "▅", [GLYPH_SPARK + 5] = "▆",
		[GLYPH_SPARK + 6] = "▇", [GLYPH_SPARK + 7] = "█",
	},
	{
		[GLYPH_GOOD] = "+", [GLYPH_BAD] = "!", [GLYPH_DOUBT] = "?",
		[GLYPH_EXEMPT] = "~", [GLYPH_OUT] = ".", [GLYPH_ARROW] = ">",
		[GLYPH_CRUMB] = ">", [GLYPH_RISING] = "^",
		[GLYPH_FALLING] = "v", [GLYPH_TAG] = "*",
		[GLYPH_ELLIPSIS] = ">", [GLYPH_PLAY] = ">",
		[GLYPH_LIVE] = "*", [GLYPH_PAUSE] = "=", [GLYPH_BAR] = "#",
		[GLYPH_BAR_EMPTY] = ".", [GLYPH_LINE] = "-",
		[GLYPH_SIDE] = "|", [GLYPH_CORNER_TL] = "+",
		[GLYPH_CORNER_TR] = "+", [GLYPH_CORNER_BL] = "+",
		[GLYPH_CORNER_BR] = "+", [GLYPH_DOT] = ".",
		[GLYPH_HIDDEN] = "x",
		[GLYPH_SPARK] = ".", [GLYPH_SPARK + 1] = ":",
		[GLYPH_SPARK + 2] = "-", [GLYPH_SPARK + 3] = "=",
		[GLYPH_SPARK + 4] = "+", [GLYPH_SPARK + 5] = "*",
		[GLYPH_SPARK + 6] = "#", [GLYPH_SPARK + 7] = "@",
	},
};
/* clang-format on */

/* The terminal is one, and so is its theme. */
static struct {
	enum scheme scheme;
	bool ascii;
	unsigned attributes[PAINTS];
} now;

static bool
has_text(const char *name)
{
	const char *v = getenv(name);

	return v != NULL && v[0] != '\0';
}

/* Its fonts have 512 characters at the most, and no check marks. */
static bool
is_console(void)
{
	const char *term = getenv("TERM");

	return term != NULL && strncmp(term, "linux", 5) == 0;
}

static enum scheme
choose(const char *scheme)
{
	const char *term = getenv("TERM");

	if (!has_colors() || (term != NULL && strcmp(term, "dumb") == 0))
		return SCHEME_MONO;
	for (int i = 0; scheme != NULL && i < SCHEMES; i++) {
		if (strcmp(scheme_names[i], scheme) == 0)
			return (enum scheme)i;
	}
	return has_text("NO_COLOR") ? SCHEME_MONO : SCHEME_DARK;
}

static void
make_pair(enum paint p, const struct look *look)
{
	bool many = COLORS >= 256;
	short fg = many ? look->fg : look->fg8;
	short bg = many ? look->bg : look->bg8;
	attr_t with = look->with;

	if (many)
		with &= ~(attr_t)A_DIM;
	if (now.scheme == SCHEME_MONO || (fg == -1 && bg == -1)) {
		now.attributes[p] = (unsigned)with;
		return;
	}
	(void)init_pair((short)(p + 1), fg, bg);
	now.attributes[p] = (unsigned)(with | COLOR_PAIR(p + 1));
}

const char *
theme_start(const char *scheme, bool ascii)
{
	if (has_colors()) {
		start_color();
		use_default_colors();
	}
	now.ascii =
	    ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0 || is_console();
	now.scheme = choose(scheme);
	for (int p = 0; p < PAINTS; p++)
		make_pair((enum paint)p, &looks[now.scheme][p]);
	return scheme_names[now.scheme];
}

const char *
theme_scheme(size_t i)
{
	return i < SCHEMES ? scheme_names[i] : NULL;
}

bool
theme_is_ascii(void)
{
	return now.ascii;
}

unsigned
theme_attributes(enum paint p)
{
	return now.attributes[p];
}

const char *
theme_glyph(enum glyph g)
{
	return glyphs[now.ascii][g];
}

enum paint
theme_of_verdict(enum verdict v)
{
	static const enum paint paints[VERDICTS] = {
		[VERDICT_COMPLIANT] = PAINT_GOOD,
		[VERDICT_VIOLATION] = PAINT_BAD,
		[VERDICT_EXEMPT] = PAINT_EXEMPT,
		[VERDICT_UNDETERMINED] = PAINT_DOUBT,
		[VERDICT_OUT_OF_SCOPE] = PAINT_OUT,
	};

	return paints[v];
}

enum glyph
theme_sign(enum verdict v)
{
	static const enum glyph signs[VERDICTS] = {
		[VERDICT_COMPLIANT] = GLYPH_GOOD,
		[VERDICT_VIOLATION] = GLYPH_BAD,
		[VERDICT_EXEMPT] = GLYPH_EXEMPT,
		[VERDICT_UNDETERMINED] = GLYPH_DOUBT,
		[VERDICT_OUT_OF_SCOPE] = GLYPH_OUT,
	};

	return signs[v];
}

enum paint
theme_of_severity(enum severity s)
{
	static const enum paint paints[SEVERITIES + 1] = {
		[SEVERITY_HIGH] = PAINT_BAD,
		[SEVERITY_MEDIUM] = PAINT_DOUBT,
		[SEVERITY_LOW] = PAINT_EXEMPT,
		[SEVERITY_INFO] = PAINT_OUT,
		[SEVERITIES] = PAINT_OUT,
	};

	return paints[s];
}
