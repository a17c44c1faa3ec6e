/* SPDX-License-Identifier: Apache-2.0 */
/*
 * versions.h - the program and the libraries it runs with, for --version; with
 * -v also how far it can confine itself here, which it does to find out.
 */
#ifndef UI_VERSIONS_H
#define UI_VERSIONS_H

#include <stdbool.h>
#include <stdio.h>

void versions_show(const char *program, bool verbose, FILE *out);

#endif
