/* SPDX-License-Identifier: Apache-2.0 */
/*
 * confine_private.h - what the confine files share.
 */
#ifndef CAPTURE_CONFINE_PRIVATE_H
#define CAPTURE_CONFINE_PRIVATE_H

#include "capture/confine.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CONFINE_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define CONFINE_SANITIZED 1
#endif
#endif
#ifndef CONFINE_SANITIZED
#define CONFINE_SANITIZED 0
#endif

enum path_kind {
	PATH_READ,
	PATH_ITSELF, /* a device, or a file that is not replaced */
	PATH_FOLDER,
};

struct confine_path {
	char *path;
	char *file; /* in a folder: what is replaced there; or NULL */
	enum path_kind kind;
	bool covered; /* by the folder it was found in */
	bool wish;
};

struct confine {
	struct confine_options o;
	struct confine_path *paths;
	size_t count, room;
	struct confine_step steps[CONFINE_STEPS];
	bool dropped;
};

/* What became of a step; the note is cut where too long. */
void confine_note(struct confine *c, enum confine_id id,
    enum confine_state state, const char *fmt, ...) PRINTF(4, 5);
/* Something is to be written, so some calls must be allowed. */
bool confine_writes(const struct confine *c);

/* confine_user.c; false only for a `user` that cannot be had. */
bool confine_user(struct confine *c, bool *needs_override, struct fault *f);
/* Opening, writing and replacing as the kernel sees this thread now; else
 * *what is the path that cannot be used. */
bool confine_can_use(const struct confine *c, const char **what);

/* confine_rights.c */
void confine_bounding_set(void); /* while still root */
void confine_capabilities(struct confine *c, bool keep_override);
bool confine_can_without_capabilities(const struct confine *c,
    const char **what);
void confine_privileges(struct confine *c);
void confine_memory(struct confine *c);

/* confine_files.c, confine_calls.c */
void confine_files(struct confine *c);
void confine_calls(struct confine *c);

#endif
