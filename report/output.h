/* SPDX-License-Identifier: Apache-2.0 */
/*
 * output.h - files that appear together or not at all: each is written to a
 * temporary file beside its destination, and all are renamed at the end. Until
 * then, and if anything fails, old files stay as they were.
 */
#ifndef REPORT_OUTPUT_H
#define REPORT_OUTPUT_H

#include <stdio.h>

#include "core/fault.h"

struct output_set;

struct output_set *outputs_new(void); /* NULL without memory */
/* Removes what was not committed. NULL is allowed. */
void outputs_free(struct output_set *o);

/* A file of the set; NULL with a sentence. A device or pipe cannot be replaced
 * and is written at once. */
FILE *outputs_open(struct output_set *o, const char *path, struct fault *f);
/* All was written, down to the disk, or `good` was false; closes it. */
bool outputs_close(struct output_set *o, FILE *out, bool good,
    struct fault *f) MUST_CHECK;
/* errno of a stream that failed; 0: it was no failure of the stream. */
int outputs_reason(FILE *out);
/* Can a file be made there? Leaves nothing behind. */
bool outputs_check(const char *path, struct fault *f) MUST_CHECK;

size_t outputs_count(const struct output_set *o);
const char *outputs_path(const struct output_set *o, size_t i);
/* Where its bytes are until outputs_commit(). */
const char *outputs_staged(const struct output_set *o, size_t i);
bool outputs_commit(struct output_set *o, struct fault *f) MUST_CHECK;

#endif
