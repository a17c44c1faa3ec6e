/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/terminal.h"

#include <curses.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

#undef tab
#include "capture/confine.h"
#include "ui/keys.h"

enum { RESTORE_ROOM = 128, ESCAPE_MS = 25 };

/* What a signal handler needs; it may call nothing that allocates. */
static struct {
	volatile sig_atomic_t on;
	struct termios modes;
	char restore[RESTORE_ROOM];
	size_t restore_n;
} terminal;

static const int crashes[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };

static void
restore(void)
{
	if (terminal.on) {
		ssize_t n =
		    write(STDOUT_FILENO, terminal.restore, terminal.restore_n);

		(void)n;
		(void)tcsetattr(STDOUT_FILENO, TCSANOW, &terminal.modes);
	}
}

/* So that its sentence can be read. */
static void
violated(int number, siginfo_t *info, void *context)
{
	restore();
	confine_violation(number, info, context);
}

static void
crashed(int number)
{
	restore();
	(void)signal(number, SIG_DFL);
	(void)raise(number);
}

static void
add_capability(const char *name)
{
	const char *s = tigetstr(name);
	size_t n;

	if (s == NULL || s == (const char *)-1)
		return;
	n = strlen(s);
	if (terminal.restore_n + n > sizeof(terminal.restore))
		return;
	memcpy(terminal.restore + terminal.restore_n, s, n);
	terminal.restore_n += n;
}

static void
prepare_restore(void)
{
	static const char *const names[] = { "sgr0", "cnorm", "rmkx", "rmcup" };
	static const char mouse_off[] = "\033[?1000l\033[?1006l";

	memcpy(terminal.restore, mouse_off, sizeof(mouse_off) - 1);
	terminal.restore_n = sizeof(mouse_off) - 1;
	for (size_t i = 0; i < COUNT(names); i++)
		add_capability(names[i]);
}

static void
watch_crashes(void)
{
	struct sigaction a = { .sa_handler = crashed }, before;

	sigemptyset(&a.sa_mask);
	for (size_t i = 0; i < COUNT(crashes); i++) {
		/* A sanitizer's own handler says more. */
		if (sigaction(crashes[i], NULL, &before) == 0 &&
		    before.sa_handler == SIG_DFL)
			(void)sigaction(crashes[i], &a, NULL);
	}
	/* Only a confined process has a handler. */
	a = (struct sigaction){ .sa_sigaction = violated,
		.sa_flags = SA_SIGINFO };
	sigemptyset(&a.sa_mask);
	if (sigaction(SIGSYS, NULL, &before) == 0 &&
	    (before.sa_flags & SA_SIGINFO) != 0)
		(void)sigaction(SIGSYS, &a, NULL);
}

bool
terminal_check(struct fault *f)
{
	const char *term = getenv("TERM");
	int known;

	/* Before other threads are there, who may just be formatting. */
	(void)setlocale(LC_CTYPE, "");
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return fail(f,
		    "watch needs a terminal; spanward audit writes reports "
		    "without one");
	if (term == NULL || term[0] == '\0')
		return fail(f,
		    "TERM is not set, so nobody knows how to draw here");
	if (setupterm(term, STDOUT_FILENO, &known) != OK)
		return fail(f,
		    "the terminal '%s' is not known here; try "
		    "TERM=xterm-256color",
		    term);
	bool can = tigetstr("cup") != NULL && tigetstr("clear") != NULL;

	(void)del_curterm(cur_term);
	if (!can)
		return fail(f,
		    "the terminal '%s' cannot draw a screen; spanward audit "
		    "writes reports without one",
		    term);
	return true;
}

bool
terminal_start(struct fault *f)
{
	(void)tcgetattr(STDOUT_FILENO, &terminal.modes);
	set_escdelay(ESCAPE_MS);
	if (newterm(NULL, stdout, stdin) == NULL)
		return fail(f, "the terminal cannot be used");
	prepare_restore();
	terminal.on = 1;
	watch_crashes();
	cbreak();
	noecho();
	nonl();
	intrflush(stdscr, FALSE);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	curs_set(0);
	mouseinterval(0);
	(void)mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED,
	    NULL);
	return true;
}

void
terminal_stop(void)
{
	if (!terminal.on)
		return;
	endwin();
	terminal.on = 0;
}

static int
special(wint_t c)
{
	static const struct {
		wint_t from;
		int to;
	} keys[] = {
		{ KEY_UP, KEY_ARROW_UP },
		{ KEY_DOWN, KEY_ARROW_DOWN },
		{ KEY_LEFT, KEY_ARROW_LEFT },
		{ KEY_RIGHT, KEY_ARROW_RIGHT },
		{ KEY_PPAGE, KEY_PAGE_UP },
		{ KEY_NPAGE, KEY_PAGE_DOWN },
		{ KEY_HOME, KEY_FIRST },
		{ KEY_END, KEY_LAST },
		{ KEY_A1, KEY_FIRST },
		{ KEY_C1, KEY_LAST },
		{ KEY_BACKSPACE, KEY_ERASE },
		{ KEY_DC, KEY_REMOVE },
		{ KEY_BTAB, KEY_TAB_BACK },
		{ KEY_ENTER, KEY_RETURN },
		{ KEY_MOUSE, MOUSE_EVENT },
		{ KEY_RESIZE, RESIZE_EVENT },
	};

	if (c > KEY_F0 && c <= KEY_F(12))
		return KEY_FN((int)(c - KEY_F0));
	for (size_t i = 0; i < COUNT(keys); i++) {
		if (keys[i].from == c)
			return keys[i].to;
	}
	return KEY_REDRAW;
}

int
terminal_key(void)
{
	wint_t c = 0;
	int kind = get_wch(&c);

	if (kind == ERR)
		return KEY_NOTHING;
	if (kind == KEY_CODE_YES)
		return special(c);
	if (c == '\r')
		return KEY_RETURN;
	if (c == 0x7f)
		return KEY_ERASE;
	if (c == KEY_CTRL('l'))
		return KEY_REDRAW;
	return (int)c;
}

bool
terminal_mouse(struct terminal_mouse *m)
{
	MEVENT e;

	if (getmouse(&e) != OK)
		return false;
	*m = (struct terminal_mouse){
		.y = e.y,
		.x = e.x,
		.press = (e.bstate & BUTTON1_PRESSED) != 0,
		.scroll = (e.bstate & BUTTON4_PRESSED) != 0 ? -1
		    : (e.bstate & BUTTON5_PRESSED) != 0     ? 1
							    : 0,
	};
	return true;
}
