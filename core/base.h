/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base.h - the few macros that everything uses.
 */
#ifndef CORE_BASE_H
#define CORE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUST_CHECK        __attribute__((warn_unused_result))
#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define UNUSED            __attribute__((unused))
#define COUNT(a)          (sizeof(a) / sizeof((a)[0]))

#endif
