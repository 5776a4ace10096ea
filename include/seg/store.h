/* seg/store.h - open a store, see it as it was at one moment, keep its file in order.
 *
 * A store holds everything about one customer base, in memory or in a file with a log beside it
 * (the file's name and "-wal"). One thread at a time may write (calls that write wait for each
 * other); any number of threads read through snapshots and never wait for the writer. One process
 * at a time has a file open for writing, or several have it open for reading. */
#ifndef SEG_STORE_H
#define SEG_STORE_H

#include <seg/base.h>
#include <seg/schema.h>

SEG_BEGIN_DECLS

typedef struct seg_snapshot seg_snapshot;

/* Kinds of user ids; chosen when the store is created. */
#define SEG_ID_BYTES 0u /* 1 .. SEG_ID_SIZE_MAX bytes, any content */
#define SEG_ID_U64 1u   /* every uint64_t but UINT64_MAX */

/* Flags of opening. All of them are for files and mean nothing for ":memory:". */
#define SEG_STORE_READ_ONLY 1u /* nothing is written, not even after a crash of the last writer */
#define SEG_STORE_CREATE 2u    /* make the file where there is none */
#define SEG_STORE_EXCLUSIVE 4u /* with CREATE: fail with SEG_E_EXISTS where there is one */

/* What a commit that has returned survives. In no case is half of one found later. */
#define SEG_DURABILITY_FULL 0u /* the end of the process, of the system, and loss of power */
#define SEG_DURABILITY_NORMAL                                                                      \
    1u /* the end of the process; a loss of power may take back those of
                                    the last second, the newest first */
#define SEG_DURABILITY_OFF                                                                         \
    2u /* the end of the process; after a loss of power the store may be
                                    damaged: for stores that can be made again */

/* Fill with SEG_STORE_OPTIONS_INIT or seg_store_options_init(). 0 asks for the default. */
typedef struct seg_store_options {
    uint32_t struct_size;
    uint32_t flags;                 /* SEG_STORE_* */
    const seg_allocator *allocator; /* copied; NULL: malloc */
    /* What a store is from its beginning on. For a file that exists these may be left out; what
     * is stated must be what the file has (SEG_E_ARG). */
    const char *timezone; /* IANA name of the store's zone; NULL: "UTC" */
    uint64_t timezone_size;
    uint64_t dedup_window_us; /* event ids are remembered this long by event time, counted
                                       back from the newest event; 0: 35 days; UINT64_MAX: for
                                       ever */
    uint32_t id_kind;         /* SEG_ID_* */
    uint32_t week_start;      /* 0 or 1: Monday (ISO); 7: Sunday */
    uint32_t threads_max;     /* threads of one evaluation at the most; 0: processors */
    uint32_t durability;      /* SEG_DURABILITY_* */
    uint64_t memory_limit;    /* of a file: bytes of events kept in memory, about; 0: no limit */
    uint64_t log_bytes_max;   /* the log may grow to this before a commit makes a checkpoint;
                                 0: 64 MiB */
    /* Of a file: a snapshot that is older may lose the room that it holds there, so that one which
     * was forgotten does not keep the file growing; 0: no snapshot does. Looked at by checkpoints
     * and seg_store_maintain(), by the system's clock. What was evaluated stays; evaluating in such
     * a snapshot fails with SEG_E_EXPIRED. Snapshots that hold no room do not grow old. */
    uint64_t snapshot_age_max_us;
} seg_store_options;

#define SEG_STORE_OPTIONS_INIT                                                                     \
    {                                                                                              \
        (uint32_t)sizeof(seg_store_options), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0                    \
    }
SEG_API void seg_store_options_init(seg_store_options *options, size_t options_size);

/* Open a store. path is a file, or ":memory:"; options may be NULL. After a crash the store is
 * what it was after the last commit that returned (see durability).
 *   out_store  owned by the caller: seg_store_close().
 * Fails with SEG_E_ARG, SEG_E_UNKNOWN_NAME (the zone), SEG_E_NOT_FOUND (no such file, and no
 * SEG_STORE_CREATE), SEG_E_EXISTS, SEG_E_BUSY (open elsewhere), SEG_E_READ_ONLY, SEG_E_CORRUPT,
 * SEG_E_FORMAT_NEW, SEG_E_FULL, SEG_E_IO, SEG_E_NOMEM. Since 0.1. */
SEG_API SEG_MUST_USE seg_status seg_store_open(const char *path, size_t path_size,
                                               const seg_store_options *options,
                                               seg_store **out_store, seg_error *err);

/* Snapshots, segments and sets made from the store keep what they need alive, so the order in
 * which they end does not matter; a file stays locked until the last of them has ended. Makes a
 * checkpoint of a file that was changed. Whatever it returns, the handle is gone and all that was
 * committed is safe. Accepts NULL. Call once per store. */
SEG_API seg_status seg_store_close(seg_store *store, seg_error *err);

/* See the store as it is now. Later commits do not change what the snapshot shows, for as long as
 * it lives; of a file a limit can be set (snapshot_age_max_us).
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
    uint64_t user_count;      /* without those who were erased */
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
 * replaced, in one step, and *out_version counts up from 1. Parameters are not allowed here. The
 * rule for names is that of columns (schema.h). out_version may be NULL. Fails as
 * seg_segment_compile() does. Any thread. Since 0.1. */
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

/* The saved segments as they are now, by rising name. */
typedef struct seg_segment_list seg_segment_list;
typedef struct seg_segment_info {
    uint32_t struct_size;
    uint32_t reserved;
    const char *name; /* both texts borrowed until seg_segment_list_destroy() */
    uint64_t name_size;
    const char *text; /* as it was given */
    uint64_t text_size;
    uint64_t version; /* how often the name was defined since it was new or last dropped */
} seg_segment_info;

/* out_list is owned by the caller: seg_segment_list_destroy(). Any thread. Since 0.1. */
SEG_API SEG_MUST_USE seg_status seg_store_list_segments(seg_store *store,
                                                        seg_segment_list **out_list,
                                                        seg_error *err);
/* The saved classes in the same form. Any thread. Since 0.1. */
SEG_API SEG_MUST_USE seg_status seg_store_list_classes(seg_store *store,
                                                       seg_segment_list **out_list, seg_error *err);
SEG_API uint64_t seg_segment_list_count(const seg_segment_list *list);
/* SEG_E_ARG where index is not below the count. */
SEG_API SEG_MUST_USE seg_status seg_segment_list_at(const seg_segment_list *list, uint64_t index,
                                                    seg_segment_info *info, seg_error *err);
SEG_API void seg_segment_list_destroy(seg_segment_list *list);

/* ---- occasions -------------------------------------------------------------------------- */

#define SEG_OCCASION_RANGES_MAX 10000 /* ranges of one occasion */

/* Give days a name, for `during occasion "name"`: holidays by any calendar, sales, matches.
 *   days  [2 * range_count]: the first and the last day of each range, both included, as days since
 *         1970-01-01; the ranges may come in any order and overlap.
 * A name that exists is replaced, in one step; segments that are compiled already go on with the
 * days that they were compiled with. The rule for names is that of columns. Fails with SEG_E_ARG
 * (no range, one that ends before it begins, a day outside of the years 1 to 9999), SEG_E_LIMIT.
 * Any thread. Since 0.1. */
SEG_API SEG_MUST_USE seg_status seg_store_define_occasion(seg_store *store, const char *name,
                                                          size_t name_size, const int32_t *days,
                                                          uint64_t range_count, seg_error *err);
/* Fails with SEG_E_NOT_FOUND, or SEG_E_IN_USE while a saved segment or class refers to it. */
SEG_API SEG_MUST_USE seg_status seg_store_drop_occasion(seg_store *store, const char *name,
                                                        size_t name_size, seg_error *err);

/* What is defined, as it is now, by rising name. */
typedef struct seg_occasion_list seg_occasion_list;
typedef struct seg_occasion_info {
    uint32_t struct_size;
    uint32_t reserved;
    const char *name; /* both borrowed until seg_occasion_list_destroy() */
    uint64_t name_size;
    const int32_t *days; /* as above, rising, with a day or more between two ranges */
    uint64_t range_count;
} seg_occasion_info;

/* out_list is owned by the caller: seg_occasion_list_destroy(). Any thread. Since 0.1. */
SEG_API SEG_MUST_USE seg_status seg_store_list_occasions(seg_store *store,
                                                         seg_occasion_list **out_list,
                                                         seg_error *err);
SEG_API uint64_t seg_occasion_list_count(const seg_occasion_list *list);
/* SEG_E_ARG where index is not below the count. */
SEG_API SEG_MUST_USE seg_status seg_occasion_list_at(const seg_occasion_list *list, uint64_t index,
                                                     seg_occasion_info *info, seg_error *err);
SEG_API void seg_occasion_list_destroy(seg_occasion_list *list);

/* ---- care of the file -------------------------------------------------------------------- */

/* All of these take an open store and may be called from any thread; commits wait for them where
 * nothing else is said. */

/* Write everything that the log holds into the file and empty the log. Commits do this by
 * themselves when the log has grown to log_bytes_max, and seg_store_close() does. Nothing for a
 * store in memory. Fails with SEG_E_READ_ONLY, SEG_E_FULL, SEG_E_POISONED, SEG_E_IO,
 * SEG_E_NOMEM. Since 0.1. */
SEG_API SEG_MUST_USE seg_status seg_store_checkpoint(seg_store *store, seg_error *err);

/* How much one call of seg_store_maintain() may do, about. 0 asks for the default. */
typedef struct seg_maintain_options {
    uint32_t struct_size;
    uint32_t flags;        /* 0 */
    uint64_t budget_rows;  /* rows to sort together; 0: 4,194,304 */
    uint64_t budget_bytes; /* bytes to write; 0: 67,108,864 */
} seg_maintain_options;

#define SEG_MAINTAIN_OPTIONS_INIT                                                                  \
    {                                                                                              \
        (uint32_t)sizeof(seg_maintain_options), 0, 0, 0                                            \
    }
SEG_API void seg_maintain_options_init(seg_maintain_options *options, size_t options_size);

/* Put the store in order piece by piece, in pauses of the host: sort rows that came last, join
 * small parts, write what is new, make a checkpoint, free what is not needed any more.
 *   out_more  1 where there is more to do, else 0; may be NULL
 * options may be NULL. Fails as seg_store_checkpoint() does. Since 0.1. */
SEG_API SEG_MUST_USE seg_status seg_store_maintain(seg_store *store,
                                                   const seg_maintain_options *options,
                                                   int32_t *out_more, seg_error *err);

#define SEG_CHECK_QUICK 0u /* structure: what points to what, the head of every block, the log */
#define SEG_CHECK_FULL 1u  /* and every byte by its checksum, every value by its type and place */
#define SEG_CHECK_DEEP                                                                             \
    2u /* and counters, bounds and users against the events that they follow
                              from; free space is empty */

/* One thing found wrong. Borrowed during the call. */
typedef struct seg_fault {
    uint32_t struct_size;
    uint32_t reserved;
    const char *file; /* path, NUL-terminated */
    uint64_t offset;  /* of the damaged thing in it; 0 where it is no one place */
    uint64_t block;   /* its number, 0 if it is no block */
    const char *what; /* a few words, NUL-terminated */
} seg_fault;
typedef void seg_fault_function(void *user, const seg_fault *fault);

/* Look for damage, report each fault (report may be NULL) and count them. Writes nothing. Damage
 * is no failure of the call. A store in memory has none.
 * Fails with SEG_E_ARG, SEG_E_NOMEM. Since 0.1. */
SEG_API SEG_MUST_USE seg_status seg_store_check(seg_store *store, uint32_t level,
                                                seg_fault_function *report, void *user,
                                                uint64_t *out_faults, seg_error *err);

/* Write the store as it is now to a new file, which is a store of its own. Makes a checkpoint
 * first, unless the store is opened for reading; commits go on while blocks are copied. Every
 * block is verified on the way. Copying the files of an open store by other means is not safe.
 * Fails with SEG_E_EXISTS, SEG_E_ARG (a store in memory), and as seg_store_checkpoint() does.
 * Since 0.1. */
SEG_API SEG_MUST_USE seg_status seg_store_backup(seg_store *store, const char *path,
                                                 size_t path_size, seg_error *err);

/* Grows at the end in later versions. Figures of files are 0 for a store in memory. */
typedef struct seg_store_stats {
    uint32_t struct_size;
    uint32_t poisoned;    /* 1: a write failed midway; reading goes on, writing needs a reopen */
    uint64_t generation;  /* rises with every checkpoint */
    uint64_t file_bytes;  /* size of the file */
    uint64_t block_bytes; /* of it in use */
    uint64_t block_count;
    uint64_t free_bytes;      /* that may be used again */
    uint64_t dropped_bytes;   /* not needed any more, not yet overwritten */
    uint64_t log_bytes;       /* size of the log */
    uint64_t log_used;        /* of it since the last checkpoint */
    uint64_t log_records;     /* changes since then */
    uint64_t pins;            /* snapshots and others that keep old blocks */
    uint64_t memory_bytes;    /* of events, attributes, ids and dictionaries, about */
    uint64_t event_bytes;     /* blocks of events in the file */
    uint64_t attribute_bytes; /* ... of attributes */
    uint64_t id_bytes;        /* ... of user ids and dictionaries */
    uint64_t event_id_bytes;  /* ... of event ids, for de-duplication */
    /* What the store is, in memory too. */
    uint32_t id_kind;     /* SEG_ID_* */
    uint32_t week_start;  /* 1 or 7 */
    const char *timezone; /* IANA name, NUL-terminated; borrowed until seg_store_close() */
} seg_store_stats;

/* stats->struct_size says how much the caller can take. Any thread. Since 0.1. */
SEG_API SEG_MUST_USE seg_status seg_store_get_stats(seg_store *store, seg_store_stats *stats,
                                                    seg_error *err);

/* ---- a damaged file ---------------------------------------------------------------------- */

/* Fill with SEG_SALVAGE_OPTIONS_INIT or seg_salvage_options_init(). 0 asks for the default. */
typedef struct seg_salvage_options {
    uint32_t struct_size;
    uint32_t flags;                 /* 0 */
    const seg_allocator *allocator; /* copied; NULL: malloc */
    seg_fault_function *report;     /* called for each fault met; NULL: nobody listens */
    void *report_user;
    uint64_t memory_limit; /* bytes of events kept in memory, about; 0: 256 MiB */
} seg_salvage_options;

#define SEG_SALVAGE_OPTIONS_INIT                                                                   \
    {                                                                                              \
        (uint32_t)sizeof(seg_salvage_options), 0, 0, 0, 0, 0                                       \
    }
SEG_API void seg_salvage_options_init(seg_salvage_options *options, size_t options_size);

/* What a salvage found. Grows at the end in later versions. */
typedef struct seg_salvage_report {
    uint32_t struct_size;
    uint32_t complete; /* 1: nothing is lost that the damaged files still knew of, else 0 */
    uint64_t faults;   /* places that are damaged, those that cost nothing included */
    uint64_t blocks;   /* that the file should have */
    uint64_t blocks_lost;
    uint64_t users; /* in the new store */
    uint64_t users_lost;
    uint64_t events; /* in the new store */
    uint64_t events_lost;
    uint64_t attributes_lost; /* columns of an attribute for up to 65,536 users each */
    uint64_t properties_lost; /* columns of a property in one sorted part; its events are there */
    uint64_t strings_lost;    /* of dictionaries; where one was the value, there is none now */
    uint64_t event_ids_lost;  /* these events would be taken a second time */
    uint64_t firsts_lost;     /* of expired first events, at least so many instants */
    uint64_t records;         /* changes taken from the log */
    uint64_t log_lost;        /* 1: the log is damaged, and changes may be lost; else 0 */
} seg_salvage_report;

/* Write what is left of a damaged store to a new file, as a store of its own: users, attributes,
 * events, definitions, saved texts, tokens and remembered event ids whose checksums fit. The
 * damaged files are not changed, and may be anything. Every thing that is lost is counted, and
 * each fault reported. Customers are numbered anew, in their order.
 *
 * Needs room for the new store twice while it works, beside `to` in a file that is made with
 * "-salvage" behind its name and loses that name at once, so that it ends with the process; and
 * memory for the users and attributes.
 *   out_report  may be NULL; filled also where the call fails
 * Fails with SEG_E_CORRUPT where not even a list of the blocks is left (of that there are two),
 * SEG_E_EXISTS, SEG_E_NOT_FOUND, SEG_E_BUSY (open for writing), SEG_E_ARG, SEG_E_FORMAT_NEW,
 * SEG_E_FULL, SEG_E_IO, SEG_E_NOMEM; then there is no file `to`. Since 0.1. */
SEG_API SEG_MUST_USE seg_status seg_store_salvage(const char *from, size_t from_size,
                                                  const char *to, size_t to_size,
                                                  const seg_salvage_options *options,
                                                  seg_salvage_report *out_report, seg_error *err);

SEG_END_DECLS
#endif /* SEG_STORE_H */
