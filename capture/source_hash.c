/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hash of a capture is part of the record of an audit; reading must not
 * wait for it. One thread for all files: on a disk, two would hinder each
 * other.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "capture/source_private.h"
#include "core/digest.h"

enum { READ_SIZE = 256 * 1024 };

struct hashed {
	const char *path; /* NULL: not wanted */
	bool done;
	uint8_t sha256[SHA256_BYTES];
};

struct hasher {
	pthread_t thread;
	bool running;
	atomic_bool abandon;
	size_t count;
	uint8_t buf[READ_SIZE];
	struct hashed files[];
};

struct hasher *
hasher_new(size_t files)
{
	struct hasher *h =
	    calloc(1, sizeof(*h) + files * sizeof(struct hashed));

	if (h != NULL)
		h->count = files;
	return h;
}

void
hasher_file(struct hasher *h, size_t i, const char *path)
{
	h->files[i].path = path;
}

static bool
digest_file(struct hasher *h, int fd, struct digest *d)
{
	ssize_t n;

	while ((n = read(fd, h->buf, sizeof(h->buf))) > 0) {
		if (atomic_load(&h->abandon))
			return false;
		digest_add(d, h->buf, (size_t)n);
	}
	return n == 0;
}

static void
hash_one(struct hasher *h, struct hashed *file)
{
	int fd = open(file->path, O_RDONLY | O_CLOEXEC);
	struct digest *d;

	if (fd < 0)
		return;
	d = digest_new();
	if (d != NULL && digest_file(h, fd, d)) {
		digest_finish(d, file->sha256);
		file->done = true;
	}
	digest_free(d);
	close(fd);
}

static void *
hash_all(void *arg)
{
	struct hasher *h = arg;

	for (size_t i = 0; i < h->count; i++)
		if (h->files[i].path != NULL && !atomic_load(&h->abandon))
			hash_one(h, &h->files[i]);
	return NULL;
}

void
hasher_start(struct hasher *h)
{
	h->running = pthread_create(&h->thread, NULL, hash_all, h) == 0;
	if (!h->running)
		(void)hash_all(h);
}

void
hasher_finish(struct hasher *h, bool abandon)
{
	if (!h->running)
		return;
	if (abandon)
		atomic_store(&h->abandon, true);
	(void)pthread_join(h->thread, NULL);
	h->running = false;
}

bool
hasher_result(const struct hasher *h, size_t i, uint8_t out[SHA256_BYTES])
{
	if (!h->files[i].done)
		return false;
	memcpy(out, h->files[i].sha256, SHA256_BYTES);
	return true;
}

void
hasher_free(struct hasher *h)
{
	if (h == NULL)
		return;
	hasher_finish(h, true);
	free(h);
}
