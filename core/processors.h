/* SPDX-License-Identifier: Apache-2.0 */
/*
 * processors.h - how many processors this process may run on, at least 1.
 * Asked of the kernel and not of /sys: no file is opened. Any thread.
 */
#ifndef CORE_PROCESSORS_H
#define CORE_PROCESSORS_H

unsigned processors(void);

#endif
