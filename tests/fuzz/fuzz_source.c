/* SPDX-License-Identifier: Apache-2.0 */
/* A whole capture file of any format, packed or not, with its secrets. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
look(void *ctx, struct slice s)
{
	uint64_t *sum = ctx;

	for (size_t i = 0; i < s.n; i++)
		*sum += s.p[i];
}

static void
read_all(struct source *s)
{
	struct packet p;
	uint64_t sum = 0;
	uint64_t last = 0;
	enum source_result r;

	(void)source_secrets(s, look, &sum);
	while ((r = source_next(s, &p)) != SOURCE_END) {
		if (r == SOURCE_WAIT)
			continue;
		if (p.number <= last || p.frame.n > LIMIT_FRAME ||
		    p.wire_len < p.frame.n)
			abort();
		last = p.number;
		look(&sum, p.frame);
	}
	if (source_input(s, 0)->packets == UINT64_MAX - sum)
		abort(); /* so that the sum is needed */
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64];
	const char *files[] = { path };
	struct source_options o = { .files = files,
		.file_count = 1,
		.most_packets = 100000 };
	struct fault f;
	struct source *s;
	int fd = memfd_create("capture", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	s = source_open(&o, &f);
	if (s != NULL)
		read_all(s);
	source_close(s);
	close(fd);
	return 0;
}
