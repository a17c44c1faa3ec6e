/* SPDX-License-Identifier: Apache-2.0 */
#include "report/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/limits.h"
#include "core/log.h"

enum { TAIL = 64 * 1024 }; /* read at a time to find where a line ends */

struct journal {
	char *path;
	const char *name; /* in its folder */
	int folder;       /* kept open: AT_FDCWD without one */
	int fd;           /* -1: cannot be opened now */
	pthread_t writer;
	bool running;

	/* the writer's alone */
	struct buf out; /* on its way to the disk; whole lines */
	size_t at;      /* so much of it is there */
	uint64_t told_lost;
	bool failing;

	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t wake, written;
	struct buf lines;
	struct buf first; /* of a file that is opened anew */
	size_t reopen_at; /* in lines */
	bool reopen, over, hurry;
	uint64_t given, done; /* turns of the writer */
	uint64_t lost;
};

/* ---- the file ---- */

/* Where the last whole line ends. */
static bool
find_end(int fd, off_t size, off_t *end)
{
	char block[TAIL];

	for (off_t at = size; at > 0;) {
		size_t n = at < TAIL ? (size_t)at : TAIL;
		ssize_t got = pread(fd, block, n, at - (off_t)n);

		if (got != (ssize_t)n)
			return false;
		const char *line = memrchr(block, '\n', n);

		if (line != NULL) {
			*end = at - (off_t)n + (line - block) + 1;
			return true;
		}
		at -= (off_t)n;
	}
	*end = 0;
	return true;
}

/* A line that was torn when the program before was ended. */
static bool
cut_torn_line(int fd, const char *path, off_t size, struct fault *f)
{
	off_t end;

	if (!find_end(fd, size, &end))
		return fail(f, "%s: cannot be read: %s", path, strerror(errno));
	if (end == size)
		return true;
	if (ftruncate(fd, end) != 0)
		return fail(f, "%s: its torn last line cannot be cut off: %s",
		    path, strerror(errno));
	log_warn("journal: %s: the last line was torn, as by a crash; its %lld "
		 "bytes were cut off",
	    path, (long long)(size - end));
	return true;
}

static bool
check_file(int fd, const char *path, struct fault *f)
{
	struct stat st;
	char first;

	if (fstat(fd, &st) != 0)
		return fail(f, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fail(f, "%s: a journal must be a file", path);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
		return fail(f, "%s: another program writes this journal", path);
	if (st.st_size == 0)
		return true;
	if (pread(fd, &first, 1, 0) != 1 || first != '{')
		return fail(f, "%s: is there and is no journal", path);
	return cut_torn_line(fd, path, st.st_size, f);
}

static bool
open_file(struct journal *j, struct fault *f)
{
	int fd = openat(j->folder, j->name,
	    O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);

	if (fd < 0)
		return fail(f, "%s: %s", j->path, strerror(errno));
	if (!check_file(fd, j->path, f)) {
		(void)close(fd);
		return false;
	}
	j->fd = fd;
	return true;
}

static void
close_file(struct journal *j)
{
	if (j->fd >= 0)
		(void)close(j->fd);
	j->fd = -1;
}

/* ---- the writer ---- */

static void
tell_failure(struct journal *j, const char *why)
{
	if (!j->failing)
		log_error("journal: %s; the capture goes on, and lines wait in "
			  "memory as long as there is room",
		    why);
	j->failing = true;
}

static void
tell_lost(struct journal *j, uint64_t lost)
{
	if (lost > j->told_lost)
		log_error("journal: %s: %" PRIu64 " lines found no room and "
			  "are lost",
		    j->path, lost - j->told_lost);
	j->told_lost = lost;
}

static bool
is_deleted(int fd)
{
	struct stat st;

	return fstat(fd, &st) != 0 || st.st_nlink == 0;
}

/* As much as goes. What was written of a line that is not whole is taken back,
 * so that the file ends with a line whatever happens next. */
static bool
write_out(struct journal *j)
{
	while (j->at < j->out.n) {
		const char *from = j->out.p + j->at;
		struct stat st;

		if (fstat(j->fd, &st) != 0)
			return false;
		ssize_t n = write(j->fd, from, j->out.n - j->at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		const char *end = memrchr(from, '\n', (size_t)n);
		size_t whole = end != NULL ? (size_t)(end - from) + 1 : 0;

		j->at += whole;
		if (whole == (size_t)n)
			continue;
		if (ftruncate(j->fd, st.st_size + (off_t)whole) != 0)
			return false;
		if (whole == 0) {
			errno = ENOSPC;
			return false;
		}
	}
	return fdatasync(j->fd) == 0 || errno == EINVAL || errno == EROFS;
}

static void
deliver(struct journal *j)
{
	struct fault f = { "" };

	if (j->fd >= 0 && is_deleted(j->fd))
		close_file(j);
	if (j->fd < 0 && !open_file(j, &f)) {
		tell_failure(j, f.text);
		return;
	}
	if (!write_out(j)) {
		(void)fail(&f, "%s: %s", j->path, strerror(errno));
		tell_failure(j, f.text);
		return;
	}
	if (j->failing)
		log_warn("journal: %s is written again", j->path);
	j->failing = false;
	buf_clear(&j->out);
}

/*
 * What waits for the disk comes before what is new; what was told before a new
 * file was asked for belongs to the old one. The lock is held. True: after
 * these comes the new file.
 */
static bool
take_lines(struct journal *j)
{
	bool turn = j->reopen;
	struct buf rest;

	if (j->out.n > 0)
		return false;
	buf_init(&rest);
	if (turn) {
		buf_add(&rest, j->first.p, j->first.n);
		buf_add(&rest, j->lines.p + j->reopen_at,
		    j->lines.n - j->reopen_at);
	}
	if (turn && !buf_ok(&rest)) {
		buf_done(&rest);
		return false;
	}
	if (turn)
		j->lines.n = j->reopen_at;
	buf_done(&j->out);
	j->out = j->lines;
	j->lines = rest;
	j->at = 0;
	j->reopen = false;
	return turn;
}

/* The lock is held. */
static void
wait_a_second(struct journal *j)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec++;
	while (!j->over && !j->hurry) {
		if (pthread_cond_timedwait(&j->wake, &j->lock, &until) ==
		    ETIMEDOUT)
			break;
	}
	j->hurry = false;
}

static void *
writer_main(void *arg)
{
	struct journal *j = arg;
	bool over = false;

	while (!over) {
		pthread_mutex_lock(&j->lock);
		wait_a_second(j);
		uint64_t given = j->given, lost = j->lost;
		bool turn = take_lines(j);

		pthread_mutex_unlock(&j->lock);
		if (j->out.n > 0)
			deliver(j);
		tell_lost(j, lost);
		if (turn)
			close_file(j);
		pthread_mutex_lock(&j->lock);
		if (!turn)
			j->done = given;
		j->hurry |= turn;
		over = j->over && (j->lines.n == 0 || j->failing);
		pthread_cond_broadcast(&j->written);
		pthread_mutex_unlock(&j->lock);
	}
	return NULL;
}

/* ---- life ---- */

static void
free_journal(struct journal *j)
{
	close_file(j);
	if (j->folder >= 0)
		(void)close(j->folder);
	buf_done(&j->out);
	buf_done(&j->lines);
	buf_done(&j->first);
	pthread_cond_destroy(&j->wake);
	pthread_cond_destroy(&j->written);
	pthread_mutex_destroy(&j->lock);
	free(j->path);
	free(j);
}

/* The folder is kept: later its path may be out of reach. */
static bool
open_folder(struct journal *j, struct fault *f)
{
	char *slash = strrchr(j->path, '/');
	char *folder = slash == NULL ? strdup(".")
	    : slash == j->path       ? strdup("/")
			       : strndup(j->path, (size_t)(slash - j->path));

	j->name = slash != NULL ? slash + 1 : j->path;
	j->folder = folder != NULL
	    ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
	    : -1;
	free(folder);
	return j->folder >= 0 || fail(f, "%s: %s", j->path, strerror(errno));
}

static void
init_locks(struct journal *j)
{
	pthread_condattr_t a;

	pthread_mutex_init(&j->lock, NULL);
	pthread_condattr_init(&a);
	pthread_condattr_setclock(&a, CLOCK_MONOTONIC);
	pthread_cond_init(&j->wake, &a);
	pthread_cond_init(&j->written, NULL);
	pthread_condattr_destroy(&a);
}

struct journal *
journal_open(const char *path, struct fault *f)
{
	struct journal *j = calloc(1, sizeof(*j));

	if (j == NULL) {
		(void)fail(f, "%s: no memory", path);
		return NULL;
	}
	j->fd = j->folder = -1;
	init_locks(j);
	j->path = strdup(path);
	if (j->path == NULL)
		(void)fail(f, "%s: no memory", path);
	else if (open_folder(j, f) && open_file(j, f))
		return j;
	free_journal(j);
	return NULL;
}

/* The thread begins with the first line: who gives up rights in between does
 * so alone. The lock is held. */
static void
start_writer(struct journal *j)
{
	if (!j->running)
		j->running =
		    pthread_create(&j->writer, NULL, writer_main, j) == 0;
}

bool
journal_close(struct journal *j)
{
	bool good;

	if (j == NULL)
		return true;
	pthread_mutex_lock(&j->lock);
	j->over = true;
	pthread_cond_broadcast(&j->wake);
	pthread_mutex_unlock(&j->lock);
	if (j->running)
		pthread_join(j->writer, NULL);
	good = j->lost == 0 && j->out.n == 0 && j->lines.n == 0;
	free_journal(j);
	return good;
}

void
journal_line(struct journal *j, struct slice line)
{
	pthread_mutex_lock(&j->lock);
	start_writer(j);
	if (j->lines.n + line.n >= LIMIT_JOURNAL_BYTES || !j->running) {
		j->lost++;
	} else {
		size_t before = j->lines.n;

		buf_add(&j->lines, line.p, line.n);
		buf_char(&j->lines, '\n');
		if (!buf_ok(&j->lines)) {
			j->lines.bad = false;
			j->lines.n = before;
			j->lost++;
		}
	}
	pthread_mutex_unlock(&j->lock);
}

void
journal_reopen(struct journal *j, struct slice first)
{
	pthread_mutex_lock(&j->lock);
	buf_clear(&j->first);
	buf_add(&j->first, first.p, first.n);
	buf_char(&j->first, '\n');
	if (!j->reopen)
		j->reopen_at = j->lines.n;
	j->reopen = buf_ok(&j->first);
	j->hurry = true;
	pthread_cond_signal(&j->wake);
	pthread_mutex_unlock(&j->lock);
}

void
journal_sync(struct journal *j)
{
	pthread_mutex_lock(&j->lock);
	uint64_t turn = ++j->given;

	j->hurry = true;
	pthread_cond_signal(&j->wake);
	while (j->running && j->done < turn)
		pthread_cond_wait(&j->written, &j->lock);
	pthread_mutex_unlock(&j->lock);
}
