/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"

enum { BAR = 24, WIDTH_DEFAULT = 80 };

struct progress {
	int64_t start, drawn;
	unsigned width;
	char text[PROGRESS_TEXT]; /* on the screen now */
};

/* 12.3 MB, with three digits. */
static const char *
size_text(double bytes, char buf[24])
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
	size_t u = 0;

	while (bytes >= 1000 && u + 1 < COUNT(units)) {
		bytes /= 1000;
		u++;
	}
	snprintf(buf, 24, "%.*f %s", u > 0 && bytes < 100 ? 1 : 0, bytes,
	    units[u]);
	return buf;
}

static const char *
time_text(double seconds, char buf[24])
{
	unsigned s = seconds < 360000 ? (unsigned)(seconds + 0.5) : 359999;

	if (s >= 3600)
		snprintf(buf, 24, "%u:%02u:%02u", s / 3600, s / 60 % 60,
		    s % 60);
	else
		snprintf(buf, 24, "%u:%02u", s / 60, s % 60);
	return buf;
}

static void
bar_text(double part, char bar[BAR + 1])
{
	for (unsigned i = 0; i < BAR; i++)
		bar[i] = i < part * BAR ? '#' : '.';
	bar[BAR] = '\0';
}

const char *
progress_text(const struct engine_progress *p, int64_t elapsed, unsigned width,
    char buf[PROGRESS_TEXT])
{
	double seconds = (double)elapsed / (double)NS_PER_S;
	bool sized = p->source.total_bytes > 0;
	uint64_t done = sized ? p->source.read_bytes : p->source.bytes;
	double rate = seconds > 0 ? (double)done / seconds : 0;
	char speed[24];
	char time[24];
	int n;

	size_text(rate, speed);
	if (sized) {
		double total = (double)p->source.total_bytes;
		double part = (double)done < total ? (double)done / total : 1;
		char bar[BAR + 1];

		bar_text(part, bar);
		time_text(rate > 0 ? (1 - part) * total / rate : 0, time);
		n = snprintf(buf, PROGRESS_TEXT, "%3.0f%% [%s] %s/s, %s left",
		    part * 100, bar, speed, rate > 0 ? time : "?");
	} else {
		n = snprintf(buf, PROGRESS_TEXT,
		    "%s, %s/s, %" PRIu64 " packets", time_text(seconds, time),
		    speed, p->source.packets);
	}
	snprintf(buf + n, PROGRESS_TEXT - (size_t)n, ", %" PRIu64 " flow%s",
	    p->flows, p->flows == 1 ? "" : "s");
	if (width < PROGRESS_TEXT)
		buf[width] = '\0';
	return buf;
}

static void
wipe(void)
{
	fputs("\r\033[K", stderr);
}

/* A message goes above the line. */
static void
take_log(void *ctx, enum log_level level, const char *line)
{
	const struct progress *p = ctx;

	(void)level;
	wipe();
	fprintf(stderr, "%s\n%s", line, p->text);
	fflush(stderr);
}

struct progress *
progress_new(void)
{
	const char *term = getenv("TERM");
	struct winsize size = { 0 };

	if (!isatty(STDERR_FILENO) || term == NULL || strcmp(term, "dumb") == 0)
		return NULL;
	struct progress *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 2)
		size.ws_col = WIDTH_DEFAULT;
	p->width = size.ws_col - 1U;
	p->start = clock_monotonic();
	log_set_taker(take_log, p);
	return p;
}

void
progress_tick(void *progress, const struct engine_progress *now)
{
	struct progress *p = progress;
	int64_t t = clock_monotonic();

	if (p == NULL || (t - p->drawn < 100 * NS_PER_MS && !now->done))
		return;
	p->drawn = t;
	progress_text(now, t - p->start, p->width, p->text);
	fprintf(stderr, "\r%s\033[K", p->text);
	fflush(stderr);
}

void
progress_free(struct progress *p)
{
	if (p == NULL)
		return;
	log_set_taker(NULL, NULL);
	wipe();
	fflush(stderr);
	free(p);
}
