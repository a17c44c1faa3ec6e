/* SPDX-License-Identifier: Apache-2.0 */
/* A stored audit, read and written in every format, and compared. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "report/audit_read.h"
#include "report/diff.h"
#include "report/formats.h"

static void
write_all(const struct audit_doc *d)
{
	struct diff *x = diff_new(d, d, "fuzz");
	struct report r = { .doc = d, .diff = x };
	FILE *out = fopen("/dev/null", "w");

	for (size_t i = 0; out != NULL && i < report_formats.count; i++)
		(void)report_formats.list[i].write(&r, out);
	for (size_t i = 0; out != NULL && x != NULL && i < diff_formats.count;
	     i++)
		(void)diff_formats.list[i].write(&r, out);
	if (out != NULL)
		(void)fclose(out);
	diff_free(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("audit", 0);
	struct fault f = { "" };
	char path[40];

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	struct audit_doc *d = doc_read(path, &f);

	if (d != NULL)
		write_all(d);
	doc_free(d);
	(void)close(fd);
	return 0;
}
