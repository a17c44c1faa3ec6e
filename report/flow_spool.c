/* SPDX-License-Identifier: Apache-2.0 */
#include "report/flow_spool.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/log.h"

/* Where a record is. Never leaves this process. */
struct entry {
	uint64_t first_packet;
	uint64_t at;
	uint32_t n;
	uint32_t verdict;
};

struct flow_spool {
	struct flow_spools *pool;
	int records, index, sorted; /* files */
	uint64_t end;               /* of the records */
	size_t count;               /* entries of the index */
	size_t *batches;            /* where each ends */
	size_t batch_count, batch_room;
	struct entry *map; /* sorted, while sealed */
	size_t mapped;     /* entries */
	bool taken, failing;
};

struct flow_spools {
	pthread_mutex_t lock; /* of `taken` */
	const struct source *source;
	unsigned n;
	struct flow_spool list[];
};

/* ---- files ---- */

static int
unnamed_in(const char *folder)
{
	char path[4096];
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0 ||
	    snprintf(path, sizeof(path), "%s/spanward.XXXXXX", folder) >=
		(int)sizeof(path))
		return fd;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		(void)unlink(path);
	return fd;
}

static int
unnamed(void)
{
	const char *folders[] = { getenv("TMPDIR"), "/var/tmp", "/tmp" };
	int fd = -1;

	for (size_t i = 0; fd < 0 && i < COUNT(folders); i++) {
		if (folders[i] != NULL && folders[i][0] != '\0')
			fd = unnamed_in(folders[i]);
	}
	return fd;
}

static void
close_files(struct flow_spool *s)
{
	int *const files[] = { &s->records, &s->index, &s->sorted };

	for (size_t i = 0; i < COUNT(files); i++) {
		if (*files[i] >= 0)
			(void)close(*files[i]);
		*files[i] = -1;
	}
}

struct flow_spools *
flow_spools_new(unsigned ledgers, struct fault *f)
{
	struct flow_spools *p =
	    calloc(1, sizeof(*p) + ledgers * sizeof(p->list[0]));

	if (p == NULL) {
		(void)fail(f, "no memory");
		return NULL;
	}
	pthread_mutex_init(&p->lock, NULL);
	p->n = ledgers;
	for (unsigned i = 0; i < ledgers; i++) {
		struct flow_spool *s = &p->list[i];

		*s = (struct flow_spool){ .pool = p };
		s->records = unnamed();
		s->index = unnamed();
		s->sorted = unnamed();
	}
	struct flow_spool *last = &p->list[ledgers - 1];

	if (last->records >= 0 && last->index >= 0 && last->sorted >= 0)
		return p;
	(void)fail(f,
	    "no temporary file can be made in /var/tmp or /tmp: %s; set "
	    "TMPDIR",
	    strerror(errno));
	flow_spools_free(p);
	return NULL;
}

void
flow_spools_free(struct flow_spools *p)
{
	if (p == NULL)
		return;
	for (unsigned i = 0; i < p->n; i++) {
		close_files(&p->list[i]);
		free(p->list[i].batches);
	}
	pthread_mutex_destroy(&p->lock);
	free(p);
}

/* ---- filling ---- */

static void *
spool_open(void *ctx)
{
	struct flow_spools *p = ctx;
	struct flow_spool *s = NULL;

	pthread_mutex_lock(&p->lock);
	for (unsigned i = 0; s == NULL && i < p->n; i++) {
		if (!p->list[i].taken)
			s = &p->list[i];
	}
	if (s != NULL)
		s->taken = true;
	pthread_mutex_unlock(&p->lock);
	return s;
}

static void
unseal(struct flow_spool *s)
{
	if (s->map != NULL)
		(void)munmap(s->map, s->mapped * sizeof(*s->map));
	s->map = NULL;
	s->mapped = 0;
}

static void
spool_close(void *ctx)
{
	struct flow_spool *s = ctx;

	unseal(s);
	(void)!ftruncate(s->records, 0);
	(void)!ftruncate(s->index, 0);
	(void)!ftruncate(s->sorted, 0);
	s->end = 0;
	s->count = s->batch_count = 0;
	s->failing = false;
	pthread_mutex_lock(&s->pool->lock);
	s->taken = false;
	pthread_mutex_unlock(&s->pool->lock);
}

static bool
write_at(int fd, const void *p, size_t n, uint64_t at)
{
	const char *from = p;

	while (n > 0) {
		ssize_t done = pwrite(fd, from, n, (off_t)at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		from += done;
		n -= (size_t)done;
		at += (uint64_t)done;
	}
	return true;
}

static bool
spool_put(void *ctx, const struct ledger *l, const struct record *r,
    const struct judgement *j)
{
	struct flow_spool *s = ctx;
	json_t *o = json_of_judged(
	    &(struct audited){
		.ledger = l,
		.source = s->pool->source,
		.by_packet = true,
	    },
	    r, j);
	char *text = json_dumps(o, JSON_COMPACT);
	struct entry e = {
		.first_packet = r->first_packet,
		.at = s->end,
		.n = text != NULL ? (uint32_t)strlen(text) : 0,
		.verdict = j->verdict,
	};

	json_decref(o);
	bool good = text != NULL && write_at(s->records, text, e.n, s->end) &&
	    write_at(s->index, &e, sizeof(e), s->count * sizeof(e));

	free(text);
	if (good) {
		s->end += e.n;
		s->count++;
	} else if (!s->failing) {
		log_error("audit: flows that leave memory find no room on the "
			  "disk for temporary files: %s; they are in the sums "
			  "of the report alone",
		    strerror(errno));
	}
	s->failing = !good;
	return good;
}

static void
spool_batch(void *ctx)
{
	struct flow_spool *s = ctx;

	if (s->batch_count == s->batch_room) {
		size_t more = s->batch_room > 0 ? s->batch_room * 2 : 64;
		size_t *p = realloc(s->batches, more * sizeof(*p));

		/* The entries then belong to the batch that follows. */
		if (p == NULL)
			return;
		s->batches = p;
		s->batch_room = more;
	}
	s->batches[s->batch_count++] = s->count;
}

/* ---- the order of all ---- */

/* What is left of one batch. */
struct run {
	const struct entry *at, *end;
};

static void
sink(struct run *heap, size_t n, size_t i)
{
	for (;;) {
		size_t least = i;

		for (size_t k = 2 * i + 1; k <= 2 * i + 2 && k < n; k++) {
			if (heap[k].at->first_packet <
			    heap[least].at->first_packet)
				least = k;
		}
		if (least == i)
			return;
		struct run other = heap[i];

		heap[i] = heap[least];
		heap[least] = other;
		i = least;
	}
}

static void
merge(struct run *heap, size_t n, struct entry *to)
{
	for (size_t i = n; i-- > 0;)
		sink(heap, n, i);
	while (n > 0) {
		*to++ = *heap[0].at++;
		if (heap[0].at == heap[0].end)
			heap[0] = heap[--n];
		sink(heap, n, 0);
	}
}

static void *
map_file(int fd, size_t n, int how)
{
	void *p = mmap(NULL, n, how, MAP_SHARED, fd, 0);

	return p != MAP_FAILED ? p : NULL;
}

static bool
sort_index(struct flow_spool *s)
{
	size_t n = s->count * sizeof(struct entry), runs = 0;
	struct entry *from = map_file(s->index, n, PROT_READ);
	struct run *heap = calloc(s->batch_count + 1, sizeof(*heap));

	/* Room that is promised now: a full disk must not end the program. */
	s->map = posix_fallocate(s->sorted, 0, (off_t)n) == 0
	    ? map_file(s->sorted, n, PROT_READ | PROT_WRITE)
	    : NULL;
	if (from != NULL && heap != NULL && s->map != NULL) {
		size_t begin = 0;

		for (size_t i = 0; i < s->batch_count; i++) {
			if (s->batches[i] > begin)
				heap[runs++] = (struct run){ from + begin,
					from + s->batches[i] };
			begin = s->batches[i];
		}
		merge(heap, runs, s->map);
		s->mapped = begin;
	}
	if (from != NULL)
		(void)munmap(from, n);
	free(heap);
	return s->map != NULL && s->mapped == s->count;
}

static void
spool_seal(void *ctx)
{
	struct flow_spool *s = ctx;

	unseal(s);
	if (s->count > 0 && !sort_index(s))
		log_error("audit: flows that left memory cannot be put in "
			  "order: %zu of them are in the sums of the report "
			  "alone",
		    s->count - s->mapped);
}

static size_t
spool_count(void *ctx)
{
	return ((struct flow_spool *)ctx)->mapped;
}

static size_t
spool_before(void *ctx, uint64_t first_packet, bool *is_one)
{
	const struct flow_spool *s = ctx;
	size_t low = 0, high = s->mapped;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (s->map[mid].first_packet < first_packet)
			low = mid + 1;
		else
			high = mid;
	}
	*is_one = low < s->mapped && s->map[low].first_packet == first_packet;
	return low;
}

void
flow_spools_hook(struct flow_spools *p, struct ledger_spool *out)
{
	*out = (struct ledger_spool){
		.open = spool_open,
		.put = spool_put,
		.batch = spool_batch,
		.seal = spool_seal,
		.count = spool_count,
		.before = spool_before,
		.close = spool_close,
		.ctx = p,
	};
}

void
flow_spools_source(struct flow_spools *p, const struct source *s)
{
	p->source = s;
}

/* ---- records ---- */

enum verdict
flow_spool_verdict(void *spool, size_t rank)
{
	const struct flow_spool *s = spool;

	return (enum verdict)s->map[rank].verdict;
}

/* First packets become numbers. */
static void
renumber(json_t *o, const char *key, const struct ledger *l)
{
	json_t *packet = json_object_get(o, key);
	uint64_t id = packet != NULL
	    ? ledger_id_of(l, (uint64_t)json_integer_value(packet))
	    : 0;

	if (id != 0)
		(void)json_integer_set(packet, (json_int_t)id);
	else if (packet != NULL)
		(void)json_object_del(o, key);
}

json_t *
flow_spool_item(void *spool, const struct audited *a, size_t rank, uint64_t id)
{
	const struct flow_spool *s = spool;
	const struct entry *e = &s->map[rank];
	char *text = malloc(e->n > 0 ? e->n : 1);
	json_t *o = NULL;

	if (text != NULL &&
	    pread(s->records, text, e->n, (off_t)e->at) == (ssize_t)e->n)
		o = json_loadb(text, e->n, 0, NULL);
	free(text);
	if (o == NULL)
		return NULL;
	(void)json_object_set_new(o, "flow_id", json_integer((json_int_t)id));
	renumber(json_object_get(o, "tls"), "resumed_from", a->ledger);
	renumber(json_object_get(o, "media"), "signalled_by", a->ledger);
	return o;
}
