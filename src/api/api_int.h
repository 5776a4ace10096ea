/* api_int.h - the structs behind the public handles, shared by the files of this room.
 *
 * Every handle keeps a reference on its seg_store, directly or through a snapshot, so that users
 * may end their handles in any order. The store's allocator serves all of them; it is copied into
 * the seg_store, which is the last thing to go. */
#ifndef SEGI_API_INT_H
#define SEGI_API_INT_H

#include <seg/seg.h>
#include <stdatomic.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bitmap.h"
#include "base/error.h"
#include "exec/exec.h"
#include "ingest/ingest.h"
#include "plan/plan.h"
#include "sets/sets.h"
#include "store/store.h"

/* The smallest options struct that says anything: its size and the field after it. */
#define SEGI_API_OPTIONS_MIN 8

typedef atomic_uint_fast32_t segi_api_refs;

/* What seg_store_open() hands out. */
struct seg_store {
    segi_api_refs refs;
    segi_mem mem;
    segi_store *store;
    segi_catalog *catalog;
    segi_scratch *scratch; /* working memory of evaluations */
};

/* Immutable but for the count of references, as all of the following. */
struct seg_snapshot {
    segi_api_refs refs;
    seg_store *store; /* retained */
    segi_snapshot *snapshot;
};

struct seg_segment {
    segi_api_refs refs;
    seg_store *store; /* retained */
    uint32_t flags;   /* of the compile, for binding */
    segi_predicate *predicate;
    segi_program *program; /* NULL while parameters are open */
};

/* Members, and what they were asked of. */
struct seg_set {
    segi_api_refs refs;
    seg_snapshot *snapshot; /* retained */
    int64_t now;
    segi_bitmap *bitmap;
};

struct seg_value {
    segi_api_refs refs;
    seg_store *store; /* retained */
    segi_predicate *predicate;
    segi_program *program; /* what has to be settled before a value is known */
};

struct seg_class {
    segi_api_refs refs;
    seg_store *store; /* retained */
    segi_predicate *predicate;
    segi_program *program; /* a root per label */
};

/* Looked at by evaluations while other threads interrupt and ask; all of it is atomic. */
struct seg_task {
    segi_mem mem;
    segi_progress progress;
};

/* ---- references -------------------------------------------------------------------------- */

static inline void segi_api_refs_init(segi_api_refs *refs)
{
    atomic_init(refs, 1);
}
static inline void segi_api_refs_add(segi_api_refs *refs)
{
    atomic_fetch_add_explicit(refs, 1, memory_order_relaxed);
}
/* True for the last one. What other threads wrote before they let go is then visible. */
static inline bool segi_api_refs_drop(segi_api_refs *refs)
{
    return atomic_fetch_sub_explicit(refs, 1, memory_order_acq_rel) == 1;
}

void segi_api_store_retain(seg_store *store);
void segi_api_store_release(seg_store *store);

/* seg_store_open() with the files of a test in place of the system's; vfs may be NULL. */
seg_status segi_api_store_open(const segi_vfs *vfs, const char *path, size_t path_size,
                               const seg_store_options *options, seg_store **out_store,
                               seg_error *err);

/* ---- errors and arguments ---------------------------------------------------------------- */

/* Callers use one seg_error for many calls: what an earlier one left must not stay. The test for
 * 0 keeps this off the hot path of the appender. */
static inline void segi_api_begin(seg_error *err)
{
    if (err != NULL && err->code != 0)
        segi_error_clear(err);
}

/* Every public ..._init() of a struct that begins with its size: all zeros, which are the defaults,
 * as large as the caller's header makes it. A size that none can have leaves it alone. */
static inline void segi_api_struct_init(void *fields, size_t size)
{
    if (fields == NULL || size < SEGI_API_OPTIONS_MIN || size > UINT32_MAX)
        return;
    memset(fields, 0, size);
    *(uint32_t *)fields = (uint32_t)size;
}

static inline uint32_t segi_api_id_kind(const seg_snapshot *snapshot)
{
    return snapshot->snapshot->schema->id_kind;
}

/* Ids are of this kind, else SEG_E_ARG with the remedy as the hint. */
seg_status segi_api_check_id_kind(uint32_t has, uint32_t wants, seg_error *err);
/* The text of a predicate. An empty one may be NULL; below this room it never is. */
seg_status segi_api_check_text(const char **text, size_t text_size, seg_error *err);
seg_status segi_api_check_now(int64_t now, seg_error *err);

seg_status segi_api_check_path(const char *path, size_t path_size, seg_error *err);
/* The path with a NUL; NULL when out of memory. */
char *segi_api_path(const segi_mem *mem, const char *path, size_t path_size);

/* Commit options, checked but for the count of row_results. */
seg_status segi_api_commit_options(const seg_commit_options *options, seg_commit_options *known,
                                   seg_error *err);

/* UINT32_MAX for an id that the snapshot does not know or that no user can have. */
uint32_t segi_api_find(const seg_snapshot *snapshot, const char *user, size_t user_size);
/* The same with the arguments checked and the ids loaded. */
seg_status segi_api_ordinal(const seg_snapshot *snapshot, const char *user, size_t user_size,
                            uint32_t *out, seg_error *err);
seg_status segi_api_ordinal_u64(const seg_snapshot *snapshot, uint64_t user, uint32_t *out,
                                seg_error *err);

/* ---- evaluation -------------------------------------------------------------------------- */

/* Evaluation options, checked and in the words of exec. request->program is left to the caller. */
seg_status segi_api_request(seg_snapshot *snapshot, int64_t now, const seg_eval_options *options,
                            segi_request *request, seg_error *err);

/* Wrap a bitmap, which is taken, also on failure. The set retains the snapshot. */
seg_status segi_api_set_create(seg_snapshot *snapshot, segi_bitmap *bitmap, int64_t now,
                               seg_set **out, seg_error *err);

/* Wrap bitmaps as sets; all of them, or none. Every bitmap is taken. */
seg_status segi_api_sets_create(seg_snapshot *snapshot, int64_t now, segi_bitmap **bitmaps,
                                size_t count, seg_set **out_sets, seg_error *err);

/* The segment can run, on this snapshot: an evaluation of it. */
seg_status segi_api_segment_request(const seg_segment *segment, seg_snapshot *snapshot, int64_t now,
                                    const seg_eval_options *options, segi_request *request,
                                    seg_error *err);

/* The arguments that every compile of a text has. The text becomes "" where it is NULL. */
seg_status segi_api_check_compile(const seg_store *store, const char **text, size_t text_size,
                                  uint32_t flags, seg_error *err);
/* Compile with the schema, which is put into the source, and with what is saved as they are now. */
seg_status segi_api_compile(seg_store *store, segi_source *source, segi_predicate **out,
                            seg_error *err);
/* A segment, or a class, of a text that was checked. */
seg_status segi_api_segment_create(seg_store *store, segi_source source, seg_segment **out,
                                   seg_error *err);
seg_status segi_api_class_create(seg_store *store, segi_source source, seg_class **out,
                                 seg_error *err);

/* SEG_E_BOUND with the names of the open parameters. */
seg_status segi_api_fail_open(const segi_predicate *predicate, seg_error *err);

/* ---- many ids ------------------------------------------------------------------------------- */

/* Many ids of either kind, as callers give them. */
typedef struct segi_api_ids {
    const char *bytes; /* with offsets */
    const uint64_t *offsets;
    const uint64_t *numbers; /* else */
    size_t count;
} segi_api_ids;

bool segi_api_ids_readable(const segi_api_ids *ids);
/* Ordinals of ids [begin, begin + count), UINT32_MAX for unknown ones. */
void segi_api_ids_find(const seg_snapshot *snapshot, const segi_api_ids *ids, size_t begin,
                       size_t count, uint32_t *out);

#endif
