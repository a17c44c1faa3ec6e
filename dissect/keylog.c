/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keylog.c - lines "LABEL client-random secret", both in hexadecimal.
 *
 * Spec: NSS key log format; draft-ietf-tls-keylogfile section 2.
 */
#include "dissect/keylog.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/map.h"
#include "core/text.h"

enum { BLOCK = 256, KEY_SIZE = 1 + KEYLOG_RANDOM, READ_SIZE = 16 * 1024 };

struct secret {
	uint8_t n;
	uint8_t bytes[KEYLOG_SECRET_MOST];
};

struct follow {
	int fd;
	off_t at;
	size_t tail_n;  /* of a line whose end was not there yet */
	bool tail_lost; /* it is longer than any of ours */
	uint8_t tail[LIMIT_KEYLOG_LINE];
};

struct keylog {
	pthread_rwlock_t *lock; /* apart: readers have a const keylog */
	struct map *map;        /* label and random to index and one */
	/* Blocks never move: what realloc left behind could not be wiped. */
	struct secret *blocks[LIMIT_KEYLOG_SECRETS / BLOCK + 1];
	size_t count;
	size_t foreign;
	struct follow *files[LIMIT_KEYLOG_FILES];
	size_t file_count;
};

static const struct {
	const char *word;
	enum keylog_label label;
} labels[] = {
	{ "CLIENT_RANDOM", KEYLOG_MASTER },
	{ "CLIENT_EARLY_TRAFFIC_SECRET", KEYLOG_CLIENT_EARLY },
	{ "CLIENT_HANDSHAKE_TRAFFIC_SECRET", KEYLOG_CLIENT_HANDSHAKE },
	{ "SERVER_HANDSHAKE_TRAFFIC_SECRET", KEYLOG_SERVER_HANDSHAKE },
	{ "CLIENT_TRAFFIC_SECRET_0", KEYLOG_CLIENT_TRAFFIC },
	{ "SERVER_TRAFFIC_SECRET_0", KEYLOG_SERVER_TRAFFIC },
};

/* Secrets that decrypt no record, or follow from those above. */
static const char *const unused[] = {
	"CLIENT_TRAFFIC_SECRET_",
	"SERVER_TRAFFIC_SECRET_",
	"EXPORTER_SECRET",
	"EARLY_EXPORTER_",
	"ECH_",
	"QUIC_",
	"RSA",
};

struct keylog *
keylog_new(void)
{
	struct keylog *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return NULL;
	k->map = map_new(LIMIT_KEYLOG_SECRETS);
	k->lock = malloc(sizeof(*k->lock));
	if (k->map == NULL || k->lock == NULL ||
	    pthread_rwlock_init(k->lock, NULL) != 0) {
		map_free(k->map);
		free(k->lock);
		free(k);
		return NULL;
	}
	return k;
}

static void
follow_free(struct follow *w)
{
	if (w == NULL)
		return;
	close(w->fd);
	explicit_bzero(w, sizeof(*w));
	free(w);
}

void
keylog_free(struct keylog *k)
{
	if (k == NULL)
		return;
	for (size_t i = 0; i < COUNT(k->blocks) && k->blocks[i]; i++) {
		explicit_bzero(k->blocks[i], BLOCK * sizeof(struct secret));
		free(k->blocks[i]);
	}
	for (size_t i = 0; i < k->file_count; i++)
		follow_free(k->files[i]);
	map_free(k->map);
	pthread_rwlock_destroy(k->lock);
	free(k->lock);
	free(k);
}

static int
nibble(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool
unhex(struct slice text, uint8_t *to, size_t most, size_t *n)
{
	if (text.n % 2 != 0 || text.n / 2 > most)
		return false;
	for (size_t i = 0; i < text.n; i += 2) {
		int high = nibble(text.p[i]), low = nibble(text.p[i + 1]);

		if (high < 0 || low < 0)
			return false;
		to[i / 2] = (uint8_t)(high << 4 | low);
	}
	*n = text.n / 2;
	return true;
}

/* The place for a secret of this key; NULL at the ceiling. Lock held. */
static struct secret *
place(struct keylog *k, struct slice key)
{
	uint64_t *index = map_put(k->map, key);

	if (index == NULL)
		return NULL;
	if (*index == 0) {
		struct secret **block = &k->blocks[k->count / BLOCK];

		if (*block == NULL)
			*block = calloc(BLOCK, sizeof(**block));
		if (*block == NULL)
			return NULL;
		*index = ++k->count;
	}
	return &k->blocks[(*index - 1) / BLOCK][(*index - 1) % BLOCK];
}

static bool
size_fits(enum keylog_label label, size_t n)
{
	return n == 48 || (n == 32 && label != KEYLOG_MASTER);
}

static bool
add_secret(struct keylog *k, enum keylog_label label, struct slice random_text,
    struct slice secret_text)
{
	struct secret s = { 0 };
	uint8_t key[KEY_SIZE] = { (uint8_t)label };
	size_t n = 0;

	if (!unhex(random_text, key + 1, KEYLOG_RANDOM, &n) ||
	    n != KEYLOG_RANDOM)
		return false;
	if (!unhex(secret_text, s.bytes, sizeof(s.bytes), &n) ||
	    !size_fits(label, n)) {
		explicit_bzero(&s, sizeof(s));
		return false;
	}
	s.n = (uint8_t)n;
	struct secret *at = place(k, slice_of(key, sizeof(key)));

	if (at != NULL)
		*at = s;
	explicit_bzero(&s, sizeof(s));
	return true;
}

static bool
is_unused(struct slice word)
{
	for (size_t i = 0; i < COUNT(unused); i++) {
		if (text_begins_exact(word, unused[i]))
			return true;
	}
	return false;
}

/* False: not a line of a key log. */
static bool
add_line(struct keylog *k, struct slice line)
{
	struct slice word, random, secret, more;

	line = text_trim(line);
	if (line.n == 0 || line.p[0] == '#')
		return true;
	if (!text_word(&line, &word) || !text_word(&line, &random) ||
	    !text_word(&line, &secret) || text_word(&line, &more))
		return false;
	for (size_t i = 0; i < COUNT(labels); i++) {
		if (slice_is(word, labels[i].word))
			return add_secret(k, labels[i].label, random, secret);
	}
	return is_unused(word);
}

static void
count_line(struct keylog *k, struct slice line)
{
	if (!add_line(k, line))
		k->foreign++;
}

void
keylog_add(struct keylog *k, struct slice text)
{
	struct slice line;

	pthread_rwlock_wrlock(k->lock);
	while (text_line(&text, &line))
		count_line(k, line);
	count_line(k, text);
	pthread_rwlock_unlock(k->lock);
}

static void
keep_tail(struct follow *w, struct slice part)
{
	if (part.n > sizeof(w->tail) - w->tail_n) {
		w->tail_lost = true;
		w->tail_n = 0;
	}
	if (w->tail_lost || part.n == 0)
		return;
	memcpy(w->tail + w->tail_n, part.p, part.n);
	w->tail_n += part.n;
}

/* Lines of a piece of a file; the line it ends in waits. Lock held. */
static void
add_piece(struct keylog *k, struct follow *w, struct slice text)
{
	struct slice line;

	while (text_line(&text, &line)) {
		if (w->tail_n == 0 && !w->tail_lost) {
			count_line(k, line);
			continue;
		}
		keep_tail(w, line);
		if (w->tail_lost)
			k->foreign++;
		else
			count_line(k, slice_of(w->tail, w->tail_n));
		explicit_bzero(w->tail, w->tail_n);
		w->tail_n = 0;
		w->tail_lost = false;
	}
	keep_tail(w, text);
}

/* False: errno says why the file cannot be read. */
static bool
read_on(struct keylog *k, struct follow *w)
{
	uint8_t piece[READ_SIZE];
	ssize_t n;

	while ((n = read(w->fd, piece, sizeof(piece))) > 0) {
		w->at += n;
		pthread_rwlock_wrlock(k->lock);
		add_piece(k, w, slice_of(piece, (size_t)n));
		pthread_rwlock_unlock(k->lock);
	}
	explicit_bzero(piece, sizeof(piece));
	return n == 0;
}

bool
keylog_open(struct keylog *k, const char *path, struct fault *f)
{
	if (k->file_count == LIMIT_KEYLOG_FILES)
		return fail(f, "%s: more than %d key logs", path,
		    LIMIT_KEYLOG_FILES);
	struct follow *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return fail(f, "%s: out of memory", path);
	w->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (w->fd < 0) {
		free(w);
		return fail(f, "%s: %s", path, strerror(errno));
	}
	if (!read_on(k, w)) {
		int why = errno;

		follow_free(w);
		return fail(f, "%s: %s", path, strerror(why));
	}
	/* The last line of a finished file may lack its end; if it is still
	 * being written, the whole of it takes this one's place later. */
	pthread_rwlock_wrlock(k->lock);
	(void)add_line(k, slice_of(w->tail, w->tail_n));
	pthread_rwlock_unlock(k->lock);
	k->files[k->file_count++] = w;
	return true;
}

static void
follow(struct keylog *k, struct follow *w)
{
	struct stat st;
	bool regular = fstat(w->fd, &st) == 0 && S_ISREG(st.st_mode);

	if (regular && st.st_size == w->at)
		return;
	if (regular && st.st_size < w->at) { /* it was begun anew */
		w->at = lseek(w->fd, 0, SEEK_SET);
		w->tail_n = 0;
		w->tail_lost = false;
	}
	(void)read_on(k, w);
}

void
keylog_follow(struct keylog *k)
{
	for (size_t i = 0; i < k->file_count; i++)
		follow(k, k->files[i]);
}

size_t
keylog_find(const struct keylog *k, const uint8_t random[KEYLOG_RANDOM],
    enum keylog_label label, uint8_t to[KEYLOG_SECRET_MOST])
{
	uint8_t key[KEY_SIZE] = { (uint8_t)label };
	size_t n = 0;

	memcpy(key + 1, random, KEYLOG_RANDOM);
	pthread_rwlock_rdlock(k->lock);
	const uint64_t *index = map_get(k->map, slice_of(key, sizeof(key)));

	if (index != NULL && *index != 0) {
		const struct secret *s =
		    &k->blocks[(*index - 1) / BLOCK][(*index - 1) % BLOCK];

		memcpy(to, s->bytes, s->n);
		n = s->n;
	}
	pthread_rwlock_unlock(k->lock);
	return n;
}

static size_t
read_count(const struct keylog *k, const size_t *number)
{
	pthread_rwlock_rdlock(k->lock);
	size_t n = *number;

	pthread_rwlock_unlock(k->lock);
	return n;
}

bool
keylog_follows(const struct keylog *k)
{
	return k->file_count > 0;
}

size_t
keylog_count(const struct keylog *k)
{
	return read_count(k, &k->count);
}

size_t
keylog_foreign(const struct keylog *k)
{
	return read_count(k, &k->foreign);
}
