/* seg/store.h - open a store, see it as it was at one moment.
 *
 * A store holds everything about one customer base. One thread at a time may write (calls that
 * write wait for each other); any number of threads read through snapshots and never wait for
 * the writer. */
#ifndef SEG_STORE_H
#define SEG_STORE_H

#include <seg/base.h>
#include <seg/schema.h>

SEG_BEGIN_DECLS

typedef struct seg_snapshot seg_snapshot;

/* Kinds of user ids; chosen when the store is created. */
#define SEG_ID_BYTES 0u /* 1 .. SEG_ID_SIZE_MAX bytes, any content */
#define SEG_ID_U64 1u   /* every uint64_t but UINT64_MAX */

/* Fill with SEG_STORE_OPTIONS_INIT or seg_store_options_init(). 0 asks for the default. */
typedef struct seg_store_options {
    uint32_t struct_size;
    uint32_t flags;                 /* SEG_STORE_* bits; none yet */
    const seg_allocator *allocator; /* copied; NULL: malloc */
    const char *timezone;           /* IANA name of the store's zone; NULL: "UTC" */
    uint64_t timezone_size;
    uint64_t dedup_window_us; /* event ids are remembered this long by event time, counted
                                       back from the newest event; 0: 35 days; UINT64_MAX: for
                                       ever */
    uint32_t id_kind;         /* SEG_ID_* */
    uint32_t week_start;      /* 0 or 1: Monday (ISO); 7: Sunday */
    uint32_t threads_max;     /* threads of one evaluation at the most; 0: processors */
    uint32_t reserved;        /* 0 */
} seg_store_options;

#define SEG_STORE_OPTIONS_INIT                                                                     \
    {                                                                                              \
        (uint32_t)sizeof(seg_store_options), 0, 0, 0, 0, 0, 0, 0, 0, 0                             \
    }
SEG_API void seg_store_options_init(seg_store_options *options, size_t options_size);

/* Open a store. path is ":memory:"; options may be NULL.
 *   out_store  owned by the caller: seg_store_close().
 * Fails with SEG_E_ARG, SEG_E_UNKNOWN_NAME (the zone), SEG_E_NOMEM. Since 0.1. */
SEG_API SEG_MUST_USE seg_status seg_store_open(const char *path, size_t path_size,
                                               const seg_store_options *options,
                                               seg_store **out_store, seg_error *err);

/* Snapshots, segments and sets made from the store keep what they need alive, so the order in
 * which they end does not matter. Accepts NULL. Call once per store. */
SEG_API seg_status seg_store_close(seg_store *store, seg_error *err);

/* See the store as it is now. Later commits do not change what the snapshot shows.
 *   out_snapshot  owned by the caller: seg_snapshot_release().
 * Any thread. Since 0.1. */
SEG_API SEG_MUST_USE seg_status seg_snapshot_create(seg_store *store, seg_snapshot **out_snapshot,
                                                    seg_error *err);
SEG_API void seg_snapshot_retain(seg_snapshot *snapshot);
SEG_API void seg_snapshot_release(seg_snapshot *snapshot);

/* What a snapshot holds. Grows at the end in later versions. */
typedef struct seg_snapshot_info {
    uint32_t struct_size;
    uint32_t reserved;
    uint64_t commit_sequence; /* commits before this snapshot; rises by one per commit */
    uint64_t user_count;
    uint64_t event_count;
    uint64_t part_count;   /* sorted parts that hold the events */
    uint64_t memory_bytes; /* of events, attributes, ids and dictionaries, about */
    int64_t time_min;      /* of the oldest and newest event; 0 where there are none */
    int64_t time_max;
} seg_snapshot_info;

/* info->struct_size says how much the caller can take. Any thread. */
SEG_API SEG_MUST_USE seg_status seg_snapshot_get_info(const seg_snapshot *snapshot,
                                                      seg_snapshot_info *info, seg_error *err);

/* ---- saved segments --------------------------------------------------------------------- */

/* Save a predicate under a name, so that others can say `in segment "name"`. It must compile and
 * must not lead back to itself (SEG_E_CYCLE; the message gives the path). A name that exists is
 * replaced, in one step, and *out_version counts up from 1. Parameters are not allowed here.
 * out_version may be NULL. Fails as seg_segment_compile() does. Any thread. Since 0.1. */
SEG_API SEG_MUST_USE seg_status seg_store_define_segment(seg_store *store, const char *name,
                                                         size_t name_size, const char *text,
                                                         size_t text_size, uint64_t *out_version,
                                                         seg_error *err);
/* Fails with SEG_E_NOT_FOUND, or SEG_E_IN_USE while another saved segment refers to it. */
SEG_API SEG_MUST_USE seg_status seg_store_drop_segment(seg_store *store, const char *name,
                                                       size_t name_size, seg_error *err);

/* Save a class under a name: disjoint labels of all customers, read as class.NAME = "label".
 *   text  "label": predicate; ... otherwise "label" (docs/language.md)
 * As seg_store_define_segment() otherwise; also fails with SEG_E_IN_USE where the store has an
 * attribute class.NAME. Segments and classes have names apart. Since 0.1. */
SEG_API SEG_MUST_USE seg_status seg_store_define_class(seg_store *store, const char *name,
                                                       size_t name_size, const char *text,
                                                       size_t text_size, uint64_t *out_version,
                                                       seg_error *err);
/* Fails with SEG_E_NOT_FOUND, or SEG_E_IN_USE while another definition refers to it. */
SEG_API SEG_MUST_USE seg_status seg_store_drop_class(seg_store *store, const char *name,
                                                     size_t name_size, seg_error *err);

SEG_END_DECLS
#endif /* SEG_STORE_H */
