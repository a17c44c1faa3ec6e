/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flowtable.c - what a settled flow takes in the table of a worker, its place
 * in the index included: flowtable FLOWS writes bytes each to standard output.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "capture/flow.h"

static long
resident(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long all = 0, pages = 0;

	if (f == NULL || fscanf(f, "%ld %ld", &all, &pages) != 2)
		exit(2);
	(void)fclose(f);
	return pages * sysconf(_SC_PAGESIZE);
}

static void
gone(void *ctx, struct flow *f)
{
	(void)ctx;
	(void)f;
}

int
main(int argc, char **argv)
{
	size_t n = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
	long before = resident();
	struct flow_table *t = flow_table_new(LIMIT_FLOWS, gone, NULL);

	if (t == NULL || n == 0 || n > LIMIT_FLOWS)
		return 2;
	for (size_t i = 0; i < n; i++) {
		uint8_t host[4] = { 10, (uint8_t)(i >> 16), (uint8_t)(i >> 8),
			(uint8_t)i };
		struct packet p = {
			.number = i + 1,
			.time = (int64_t)i * 1000,
			.has_transport = true,
			.tuple = { { addr_v4(host), 40000 },
			    { addr_v4((const uint8_t[4]){ 10, 200, 0, 1 }),
				22 },
			    IPPROTO_NUM_UDP },
		};
		enum side side;
		bool copy;
		struct flow *f = flow_find(t, &p, &side, &copy);

		if (f == NULL)
			return 2;
		f->settled = true;
	}
	printf("%ld\n", (resident() - before) / (long)n);
	flow_table_free(t);
	return 0;
}
