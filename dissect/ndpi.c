/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ndpi.c - everything that knows libndpi.
 *
 * Written for 4.2; the macros below hide what later versions changed: input
 * information for process_packet (4.6), no preferences (4.10), the pair of
 * protocols in a struct of its own (4.12).
 */
#include "dissect/ndpi.h"

#include <stdlib.h>

#ifndef HAVE_NDPI
#define HAVE_NDPI 1
#endif

#if HAVE_NDPI

#include <ndpi_api.h>
#include <pthread.h>

#define NDPI_SINCE(major, minor) \
	(NDPI_MAJOR > (major) || \
	    (NDPI_MAJOR == (major) && NDPI_MINOR >= (minor)))

#if NDPI_SINCE(4, 10)
#define INIT() ndpi_init_detection_module(NULL)
#else
#define INIT() ndpi_init_detection_module(ndpi_no_prefs)
#endif

#if NDPI_SINCE(4, 6)
#define PROCESS(m, f, p, n, ms) \
	ndpi_detection_process_packet((m), (f), (p), (n), (ms), NULL)
#else
#define PROCESS(m, f, p, n, ms) \
	ndpi_detection_process_packet((m), (f), (p), (n), (ms))
#endif

#if NDPI_SINCE(4, 11)
#define APP(r)    ((r).proto.app_protocol)
#define MASTER(r) ((r).proto.master_protocol)
#else
#define APP(r)    ((r).app_protocol)
#define MASTER(r) ((r).master_protocol)
#endif

struct ndpi_namer {
	struct ndpi_detection_module_struct *module;
};

/*
 * A module's beginning sets up libgcrypt, whose first use asserts that it is
 * alone: workers that begin together would end the process.
 */
static pthread_mutex_t one_begins = PTHREAD_MUTEX_INITIALIZER;

static bool
set_up(struct ndpi_detection_module_struct *m)
{
#if !NDPI_SINCE(5, 0)
	NDPI_PROTOCOL_BITMASK all;

	NDPI_BITMASK_SET_ALL(all);
	ndpi_set_protocol_detection_bitmask2(m, &all);
#endif
	ndpi_finalize_initialization(m);
	/* Another library than the header's would write past the struct. */
	return ndpi_detection_get_sizeof_ndpi_flow_struct() ==
	    sizeof(struct ndpi_flow_struct);
}

struct ndpi_namer *
ndpi_namer_new(void)
{
	struct ndpi_namer *n = calloc(1, sizeof(*n));

	if (n == NULL)
		return NULL;
	pthread_mutex_lock(&one_begins);
	n->module = INIT();
	bool ready = n->module != NULL && set_up(n->module);

	pthread_mutex_unlock(&one_begins);
	if (ready)
		return n;
	ndpi_namer_free(n);
	return NULL;
}

void
ndpi_namer_free(struct ndpi_namer *n)
{
	if (n == NULL)
		return;
	if (n->module != NULL)
		ndpi_exit_detection_module(n->module);
	free(n);
}

void
ndpi_forget(struct ndpi_handle *h)
{
	if (h->flow != NULL)
		ndpi_free_flow(h->flow);
	h->flow = NULL;
	h->over = true;
}

static bool
open_handle(struct ndpi_handle *h)
{
	size_t n = ndpi_detection_get_sizeof_ndpi_flow_struct();

	if (h->flow != NULL)
		return true;
	h->flow = ndpi_flow_malloc(n);
	if (h->flow != NULL)
		memset(h->flow, 0, n);
	return h->flow != NULL;
}

static void
copy_lower(char name[NDPI_NAME_SIZE], const char *from)
{
	size_t i = 0;

	for (; from[i] != '\0' && i < NDPI_NAME_SIZE - 1; i++)
		name[i] = from[i] >= 'A' && from[i] <= 'Z'
		    ? (char)(from[i] + ('a' - 'A'))
		    : from[i];
	name[i] = '\0';
}

bool
ndpi_name(struct ndpi_namer *n, struct ndpi_handle *h, struct slice network,
    uint64_t ms, char name[NDPI_NAME_SIZE])
{
	if (n == NULL || h->over || network.n == 0 || network.n > UINT16_MAX)
		return false;
	if (!open_handle(h)) {
		h->over = true;
		return false;
	}
	struct ndpi_flow_struct *flow = h->flow;
	ndpi_protocol r =
	    PROCESS(n->module, flow, network.p, (unsigned short)network.n, ms);
	unsigned id = APP(r) != NDPI_PROTOCOL_UNKNOWN ? APP(r) : MASTER(r);
	bool found = id != NDPI_PROTOCOL_UNKNOWN &&
	    flow->confidence == NDPI_CONFIDENCE_DPI;

	if (found)
		copy_lower(name, ndpi_get_proto_name(n->module, (uint16_t)id));
	if (found || ++h->packets >= NDPI_PACKETS_MOST)
		ndpi_forget(h);
	return found;
}

#else

struct ndpi_namer *
ndpi_namer_new(void)
{
	return NULL;
}

void
ndpi_namer_free(struct ndpi_namer *n UNUSED)
{
}

void
ndpi_forget(struct ndpi_handle *h)
{
	h->over = true;
}

bool
ndpi_name(struct ndpi_namer *n UNUSED, struct ndpi_handle *h,
    struct slice network UNUSED, uint64_t ms UNUSED,
    char name[NDPI_NAME_SIZE] UNUSED)
{
	h->over = true;
	return false;
}

#endif
