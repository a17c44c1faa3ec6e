/* SPDX-License-Identifier: Apache-2.0 */
/*
 * formats.h - the writers behind the tables of format.c, nothing else.
 */
#ifndef REPORT_FORMATS_H
#define REPORT_FORMATS_H

#include "report/format.h"

bool report_json(const struct report *r, FILE *out);
bool report_ndjson(const struct report *r, FILE *out);
bool report_csv(const struct report *r, FILE *out);
bool report_text(const struct report *r, FILE *out);
bool report_html(const struct report *r, FILE *out);

bool diff_json(const struct report *r, FILE *out);
bool diff_text(const struct report *r, FILE *out);
bool diff_html(const struct report *r, FILE *out);

#endif
