/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tui.h - the terminal interface: curses, the loop, the stack of screens, and
 * what all screens share. Belongs to the main thread; the audit runs in
 * another and leaves its news in audit/view.h.
 */
#ifndef UI_TUI_H
#define UI_TUI_H

#include "audit/engine.h"
#include "core/limits.h"
#include "report/spool.h"
#include "ui/canvas.h"
#include "ui/filter.h"
#include "ui/prompt.h"
#include "ui/settings.h"
#include "ui/store.h"

enum screen_id {
	SCREEN_OVERVIEW,
	SCREEN_FLOWS,
	SCREEN_FINDINGS,
	SCREEN_HOSTS,
	SCREEN_CERTS,
	SCREEN_LOG,
	SCREENS_TABS, /* those before are reached by number */
	SCREEN_FLOW = SCREENS_TABS,
	SCREEN_HELP,
	SCREENS
};

/* A test build may lower it. */
#ifndef VIEW_ROWS
#define VIEW_ROWS LIMIT_VIEW_ROWS
#endif

struct tui;
struct export_job; /* ui/news.c: puts rows into the store, some at a time; true:
		      none is left. */
bool news_put(struct tui *t, int64_t until);
void news_take(struct tui *t);
void news_rate(struct tui *t, int64_t now);

/* ui/export.c */
struct format;

struct key_about {
	const char *keys;
	const char *about;
};

/* What a screen must offer; `state` is what begin() gave. */
struct screen {
	const char *name;
	const struct key_about *keys;  /* its own, for the help; ends NULL */
	void *(*begin)(struct tui *t); /* NULL without memory */
	void (*end)(void *state);
	void (*draw)(struct tui *t, void *state, const struct area *a);
	bool (*key)(struct tui *t, void *state, int key); /* false: not mine */
	/* A mouse button at this place of the area. Optional, as all below. */
	void (*click)(struct tui *t, void *state, int y, int x, bool twice);
	void (*scroll)(struct tui *t, void *state, int by);
	/* All rows will be others, are others; one row or host changed. */
	void (*leave)(struct tui *t, void *state);
	void (*reset)(struct tui *t, void *state);
	void (*row)(struct tui *t, void *state, uint32_t slot);
	void (*host)(struct tui *t, void *state, uint32_t host);
	/* Lists: true if nothing is left to do. */
	bool (*work)(struct tui *t, void *state, int64_t until);
	/* What stands right in the second line. */
	void (*status)(struct tui *t, void *state, char *text, size_t room);
	/* What the line below says of the selected row. */
	void (*hint)(struct tui *t, void *state, char *text, size_t room);
};

extern const struct screen screen_overview, screen_flows, screen_findings,
    screen_hosts, screen_certs, screen_log, screen_flow, screen_help;

enum { MENU_ITEMS = 32, MENU_TEXT = 72, CRUMBS = 16, TUI_TEXT = 320 };

struct menu {
	bool open;
	char title[MENU_TEXT];
	char items[MENU_ITEMS][MENU_TEXT];
	bool marked[MENU_ITEMS];
	unsigned count, at;
	bool stays; /* after a choice, as a list to be ticked */
	/* `key` is Return or Space; what the menu is about does the rest. */
	void (*pick)(struct tui *t, unsigned item);
};

enum prompt_use {
	PROMPT_NONE,
	PROMPT_FILTER,
	PROMPT_SEARCH,
	PROMPT_PATH,
	PROMPT_USES
};

struct crumb {
	enum screen_id screen;
	uint64_t flow;            /* FLOW: first packet */
	char filter[FILTER_LINE]; /* of the flows screen, to go back to */
};

enum { LOG_LINES = 500, LOG_LINE = 240 };
struct log_tail; /* ui/screen_log.c */

struct tui_options {
	struct view *view;
	struct engine *engine;
	struct log_tail *log;
	const struct source_options *source; /* to read packets again */
	struct spool *spool; /* of what cannot be read again; or NULL */
	const char *version;
	bool live;
	bool saved;   /* -o writes a report at the end */
	bool spooled; /* flows the ledger let go are in reports at the end */
	int wake;     /* readable when there is news */
};

struct tui {
	struct tui_options o;
	struct view_status status;
	struct store *store;
	struct view_news news; /* taken, being put in */
	size_t news_at;
	struct store *next; /* being filled when all is new */
	struct settings settings;
	const char *scheme;
	void *state[SCREENS];
	struct crumb crumbs[CRUMBS];
	unsigned depth; /* crumbs in use, at least 1 */
	struct prompt prompts[PROMPT_USES];
	enum prompt_use prompting;
	char prompt_note[TUI_TEXT]; /* what is wrong, or possible words */
	bool prompt_wrong;
	struct menu menu;
	char message[TUI_TEXT];
	int64_t message_until;
	bool message_bad;
	bool frozen, quit, redraw, saved;
	struct export_job *exporting;       /* NULL: none */
	const struct format *export_format; /* asked for */
	int64_t quit_asked;
	size_t alerts_seen;     /* of the log */
	int64_t again_at;       /* a screen wants to be drawn then; 0: no */
	double rate, byte_rate; /* per second, smoothed */
	uint64_t rate_packets, rate_bytes;
	int64_t rate_at, started;
	char search[FILTER_LINE]; /* lower case; empty: none */
};

/* Runs until the user leaves or `stop` is set by a signal handler. False if
 * the terminal cannot be used. */
bool tui_run(const struct tui_options *o, volatile const int *stop,
    struct fault *f);

/* --- what screens ask for --- */

enum screen_id tui_here(const struct tui *t);
void tui_open(struct tui *t, enum screen_id screen); /* by number: no crumb */
/* These leave a crumb, so that Escape comes back. */
void tui_open_flows(struct tui *t, const char *filter);
void tui_open_flow(struct tui *t, uint64_t first_packet);
bool tui_back(struct tui *t);

/* Draw once more at this time of clock_monotonic(), if not before. */
void tui_again(struct tui *t, int64_t at);
void tui_say(struct tui *t, const char *fmt, ...) PRINTF(2, 3);
void tui_complain(struct tui *t, const char *fmt, ...) PRINTF(2, 3);
void tui_prompt(struct tui *t, enum prompt_use use, const char *text);
/* An empty menu to be filled. */
struct menu *tui_menu(struct tui *t, const char *title,
    void (*pick)(struct tui *t, unsigned item));
void menu_add(struct menu *m, bool marked, const char *fmt, ...) PRINTF(3, 4);

/* --- text, hidden in privacy mode --- */

const char *tui_addr(const struct tui *t, const struct addr *a,
    char buf[ADDR_TEXT_MAX]);
const char *tui_endpoint(const struct tui *t, const struct endpoint *e,
    char buf[ADDR_TEXT_MAX]);
/* A name a peer uses: all of it is private. */
const char *tui_name(const struct tui *t, const char *name,
    char buf[VIEW_NAME]);
/* A sentence that may hold names and addresses. */
const char *tui_sentence(const struct tui *t, const char *text,
    char buf[TUI_TEXT]);
/* "packet 4", "packet 4 of file.pcap"; empty for 0. */
const char *tui_packet(const struct tui *t, uint64_t packet, bool file,
    char buf[96]);

/* --- numbers --- */

const char *text_count(uint64_t n, char buf[24]); /* 1234, 12.3k, 4.56M */
/* Of a flow; a dash where no report has it. */
const char *tui_number(uint64_t n, char *buf, size_t room);
const char *text_size(double n, char buf[24]);   /* 12.3 kB */
const char *text_time(int64_t ns, char buf[24]); /* 1:02, 0.35s */

/* --- of screens among each other --- */

void flows_set_filter(struct tui *t, const char *text);
const char *flows_filter(const struct tui *t);
/* The filter or the search is being typed. */
bool flows_try_filter(struct tui *t, const char *text);
void flows_begin_search(struct tui *t);
void flows_try_search(struct tui *t, const char *text);
void flows_end_search(struct tui *t, bool keep);
/* The slots an export takes: tagged ones, else all that are shown. */
size_t flows_chosen(const struct tui *t, uint64_t **first_packets);
void flow_show(struct tui *t, uint64_t first_packet);
void flow_arrived(struct tui *t, uint64_t first_packet, void *facts);

/* ui/news.c: puts rows into the store, some at a time; true: none is left. */
bool news_put(struct tui *t, int64_t until);
void news_take(struct tui *t);
void news_rate(struct tui *t, int64_t now);

/* ui/export.c */
void export_ask(struct tui *t);
void export_to(struct tui *t, const char *path);
void export_end(struct tui *t); /* before the screens go */

/* Of flows the ledger let go; empty if there are none. */
const char *tui_let_go(const struct tui *t, char buf[104]);

/* ui/screen_log.c; any thread */
struct log_tail *log_tail_new(void);
void log_tail_free(struct log_tail *l);
size_t log_tail_alerts(struct log_tail *l); /* warnings and errors so far */

#endif
