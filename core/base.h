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

/* Does a checker watch who uses memory that was let go? */
#if defined(__SANITIZE_ADDRESS__)
#define CHECKED_MEMORY 1
#elif defined(__has_feature)
#define CHECKED_MEMORY __has_feature(address_sanitizer)
#else
#define CHECKED_MEMORY 0
#endif

#endif
