/* SPDX-License-Identifier: Apache-2.0 */
/*
 * journal.h - lines that outlive the program: an append-only file, written
 * line by line once a second by a thread of its own and forced to the disk.
 *
 * Whatever ends the program, what it wrote is whole lines; a line torn by the
 * kernel or a power failure is cut off when the file is opened again. While
 * the disk is full or the folder gone lines wait in memory, up to a ceiling,
 * and are then counted as lost; each is told once in the log.
 */
#ifndef REPORT_JOURNAL_H
#define REPORT_JOURNAL_H

#include "core/fault.h"
#include "core/slice.h"

struct journal;

/* Appends to what is there. NULL with a sentence. */
struct journal *journal_open(const char *path, struct fault *f);
/* Writes what is left, once more if need be. False: lines were lost. NULL is
 * allowed. */
bool journal_close(struct journal *j);

/* One line without its end. Any thread; does not wait for the disk. */
void journal_line(struct journal *j, struct slice line);
/* The file is opened anew by its name before the next line is written, and
 * begins with `first` (copied); for whoever moves journals away. Any thread,
 * no signal handler. */
void journal_reopen(struct journal *j, struct slice first);
/* All that was given so far is on the disk, or cannot be written now. */
void journal_sync(struct journal *j);

#endif
