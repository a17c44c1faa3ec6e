/* SPDX-License-Identifier: Apache-2.0 */
/*
 * versions.h - the program and the libraries it runs with, for --version.
 */
#ifndef UI_VERSIONS_H
#define UI_VERSIONS_H

#include <stdio.h>

void versions_show(const char *program, FILE *out);

#endif
