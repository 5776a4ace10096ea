/* Door of the room `store`: keeps users, attributes and events; shows them as snapshots.
 *
 * Writing: rows of a commit go to the tail in arrival order. Sealing sorts the tail by
 * (user, time, arrival) and writes it as a *run*: for one time bucket, one part per event type,
 * all sealed together and carrying one generation number. Merging takes all runs of a wider
 * bucket and seals their rows again as one run. A snapshot seals what is in the tail first, so
 * that readers see parts only.
 *
 * Reading: everything reachable from a segi_snapshot is immutable, but dictionaries and the id
 * map, which only grow and which a snapshot reads up to its own counts. Ids are looked up in the
 * present map by snapshots of any age, so that an erased user is nobody for all of them.
 *
 * Removing: erasure and retention prepare what runs, attributes, dictionaries and ids become
 * without what goes, and put it in their place in one step (removal.h). */
#ifndef SEGI_STORE_H
#define SEGI_STORE_H

#include <seg/ingest.h>
#include <seg/privacy.h>
#include <seg/store.h>

#include "base/bits.h"
#include "base/thread.h"
#include "base/vfs.h"
#include "schema/schema.h"

/* ---- columns -------------------- */

/* Rows of one type, kept narrowly: slot(i) = base + unit * stored(i), where stored(i) is an
 * unsigned integer of `width` bytes, little-endian in memory; width 0 means that every slot is
 * base. float64 columns have width 8 (or 0), base 0 and unit 1 and hold IEEE bits. Stored values
 * of rows that are not set are arbitrary. */
typedef struct segi_col {
    seg_type type;
    uint32_t width; /* 0, 1, 2, 4 or 8 */
    int64_t base;
    int64_t unit;         /* at least 1 */
    const void *data;     /* width * rows bytes, at least 64 readable ones more; NULL: width 0 */
    const uint64_t *set;  /* bit per row: has a value; NULL: every row has, unless none_set */
    const uint64_t *null; /* bit per row: explicitly null; NULL: none */
    bool none_set;        /* no row has a value */
    int64_t min, max;     /* slots among the set rows (floats: compare as doubles) */
} segi_col;

/* Slot of one row; the row must be set. */
static inline int64_t segi_col_slot(const segi_col *col, size_t row)
{
    uint64_t stored = 0;
    switch (col->width) {
    case 1: stored = ((const uint8_t *)col->data)[row]; break;
    case 2: stored = ((const uint16_t *)col->data)[row]; break;
    case 4: stored = ((const uint32_t *)col->data)[row]; break;
    case 8: stored = ((const uint64_t *)col->data)[row]; break;
    default: break;
    }
    return (int64_t)((uint64_t)col->base + (uint64_t)col->unit * stored);
}
static inline bool segi_col_is_set(const segi_col *col, size_t row)
{
    return col->set ? segi_bit_get(col->set, row) : !col->none_set;
}
static inline bool segi_col_is_null(const segi_col *col, size_t row)
{
    return col->null && segi_bit_get(col->null, row);
}

/* ---- dictionaries -------------------- */

/* Strings of one attribute or property; code = order of first appearance. Grows only. */
typedef struct segi_dict segi_dict;
uint32_t segi_dict_count(const segi_dict *dict);
/* code < count. Borrowed while the snapshot lives; not NUL-terminated. */
const char *segi_dict_get(const segi_dict *dict, uint32_t code, size_t *out_size);
/* False if the text is not there. */
bool segi_dict_find(const segi_dict *dict, const char *text, size_t size, uint32_t *out_code);

/* ---- events -------------------- */

/* The rows of one chunk in a part. */
typedef struct segi_part_chunk {
    uint32_t chunk;
    uint32_t row_begin, row_count;
    uint32_t user_begin, user_count; /* distinct users, as indices into part->counts */
    uint32_t is_bits;                /* form of `users`: 0 uint16_t[user_count] rising, 1 a mask */
    const void *users;               /* low 16 bits of the ordinals */
} segi_part_chunk;

/* Immutable rows of one event type, sorted by (user, time, arrival), column by column. */
typedef struct segi_part {
    uint32_t event; /* index of the event type */
    uint32_t row_count;
    uint32_t user_count; /* distinct (chunk, user) */
    uint32_t chunk_count;
    const segi_part_chunk *chunks; /* rising by chunk; only those that have rows */
    segi_col counts;       /* rows per distinct user, at least 1; row i belongs to user index i */
    const uint32_t *marks; /* marks[k] = first row of user index 64 * k */
    const uint16_t *row_users; /* low half of each row's ordinal; NULL where users have many rows,
                                  and counts are the shorter way */
    segi_col time;             /* always set */
    segi_col tie;              /* rank among the rows of all types with the same user, time and
                            generation; width 0 and base 0 in most parts */
    uint64_t generation;       /* rows of a lower generation arrived earlier */
    int64_t time_min, time_max;
    uint32_t column_count;   /* properties known when it was sealed; later ones are absent */
    const segi_col *columns; /* by property index; type 0 where no row has a value or null */
    struct segi_page *pages; /* by SEGI_COLUMN_*; NULL in a store without a file, see segi_pins */
} segi_part;

/* Columns of a part by number. */
#define SEGI_COLUMN_USERS 0u /* `users` of the chunks, `counts`, `marks` and `row_users` */
#define SEGI_COLUMN_TIME 1u
#define SEGI_COLUMN_TIE 2u
#define SEGI_COLUMN_PROPERTY 3u /* the first of column_count properties */

/* The rows of `chunk`, or NULL. O(1) for contiguous chunks, else O(log n). */
const segi_part_chunk *segi_part_find(const segi_part *part, uint32_t chunk);
/* Rows [*out_begin, *out_end) of the user with these low 16 bits; false if there are none.
 * O(log) in an array, one popcount run in a mask, then at most 64 counts. */
bool segi_part_user_rows(const segi_part *part, const segi_part_chunk *pc, uint32_t low,
                         uint32_t *out_begin, uint32_t *out_end);

/* All parts of one event type, rising by (time_min, generation). Total order of a user's events:
 * (time, generation, tie, row). */
typedef struct segi_event_view {
    uint32_t part_count;
    const segi_part *const *parts;
    const segi_dict *const *dicts; /* by property index; NULL for types other than string */
    uint32_t dict_count;           /* entries of dicts; properties beyond it have no values yet */
} segi_event_view;

/* ---- attributes -------------------- */

/* String sets of a chunk: by row a mask over the codes, or a list of codes. */
typedef struct segi_sets {
    uint32_t mask_width;    /* 1, 2, 4 or 8: masks over codes 0 .. 8 * width - 1; 0: lists */
    const void *masks;      /* mask_width * rows bytes */
    const uint32_t *begins; /* lists: rows + 1 indices into codes */
    const uint32_t *codes;  /* lists: rising within a row, no repeats */
} segi_sets;

/* Values of one attribute for the users of one chunk: a base column over the first `rows` users
 * and a few newer values over it. Users beyond `rows` and not in the patch are absent. */
typedef struct segi_attr_chunk {
    uint32_t rows;
    segi_col col;   /* for string sets only set and null count; values are in sets */
    segi_sets sets; /* string sets only */
    uint32_t patch_count;
    const uint16_t *patch_rows;  /* rising */
    const uint8_t *patch_states; /* SEG_VALUE_SET or _NULL */
    const int64_t *patch_slots;  /* not for string sets */
    segi_sets patch_sets;        /* string sets: lists form, one row per patch entry */
} segi_attr_chunk;

/* One attribute as a snapshot shows it. */
typedef struct segi_attr_view {
    uint32_t chunk_count;                 /* chunks beyond it are all absent */
    const segi_attr_chunk *const *chunks; /* NULL entries are all absent */
    const segi_dict *dict;                /* strings and string sets */
} segi_attr_view;

/* ---- snapshots -------------------- */

typedef struct segi_store segi_store;

typedef struct segi_snapshot {
    segi_store *store; /* retained */
    const segi_schema *schema;
    uint64_t commit_sequence;
    uint32_t user_count;   /* ordinals 0 .. user_count - 1 */
    uint32_t erased_count; /* of them: users that are none any more */
    uint64_t event_count;
    const segi_event_view *events;       /* by event index, schema->event_count entries */
    const segi_event_view *first_events; /* the same with first events that have expired, of which
                                            the time is left: for all that asks for the first */
    const segi_attr_view *attributes;    /* by attribute index */
    int64_t time_min, time_max;          /* of the events, 0 if none */
    uint64_t part_count, memory_bytes;
    bool paged; /* parts have pages: columns are held while they are read */
} segi_snapshot;

seg_status segi_snapshot_create(segi_store *store, segi_snapshot **out, seg_error *err);
void segi_snapshot_release(segi_snapshot *snapshot);

/* In a store with a file, ids, attributes, dictionaries and who exists when come into memory when
 * they are wanted for the first time. Whoever is about to read them says so before, in any thread;
 * the counts of dictionaries and users are always there. SEG_E_CORRUPT, SEG_E_IO, SEG_E_NOMEM. */
seg_status segi_snapshot_need_ids(const segi_snapshot *snapshot, seg_error *err);
seg_status segi_snapshot_need_attribute(const segi_snapshot *snapshot, uint32_t index,
                                        seg_error *err);
/* dict may be NULL. */
seg_status segi_snapshot_need_dict(const segi_snapshot *snapshot, const segi_dict *dict,
                                   seg_error *err);
seg_status segi_snapshot_need_universe(const segi_snapshot *snapshot, seg_error *err);

typedef struct segi_pins segi_pins;
/* Hold columns of the snapshot's parts, as segi_pins_hold(). SEG_E_EXPIRED: the snapshot was too
 * old and the store has used the room of what it shows again. */
seg_status segi_snapshot_hold(const segi_snapshot *snapshot, segi_pins *pins, segi_pool *pool,
                              uint32_t threads, seg_error *err);
/* Whether that has happened, before anything is begun. */
seg_status segi_snapshot_alive(const segi_snapshot *snapshot, seg_error *err);

/* The universe (S-12): users of the chunk that exist at `now`. A user exists from always if a
 * batch of attributes named it, else from its earliest event. Returns how many. */
uint32_t segi_snapshot_universe(const segi_snapshot *snapshot, uint32_t chunk, int64_t now,
                                segi_mask *out);

/* The instant from which on the user exists; SEG_TIME_MIN: from always, INT64_MAX: never. */
int64_t segi_snapshot_exists_since(const segi_snapshot *snapshot, uint32_t ordinal);

/* External ids. find: UINT32_MAX for an id that the snapshot does not know. */
uint32_t segi_snapshot_find(const segi_snapshot *snapshot, const char *id, size_t id_size);
uint32_t segi_snapshot_find_u64(const segi_snapshot *snapshot, uint64_t id);
/* Many at once, with the memory accesses overlapped; out[i] as find gives it. */
void segi_snapshot_find_many(const segi_snapshot *snapshot, const char *bytes,
                             const uint64_t *offsets, size_t count, uint32_t *out);
void segi_snapshot_find_many_u64(const segi_snapshot *snapshot, const uint64_t *ids, size_t count,
                                 uint32_t *out);
/* Size 0, and UINT64_MAX, for an erased user. */
const char *segi_snapshot_id(const segi_snapshot *snapshot, uint32_t ordinal, size_t *out_size);
/* Those of a list, as segi_strings_list(). */
void segi_snapshot_list(const segi_snapshot *snapshot, const uint32_t *ordinals, size_t count,
                        segi_buf *bytes, uint64_t *out_ends);
/* The ids of `count` users from `first` on; of those in a rising list; of those whose bit is set in
 * words [word_begin, word_end) of the mask of a chunk, whose number is returned. */
void segi_snapshot_ids_u64(const segi_snapshot *snapshot, uint32_t first, uint32_t count,
                           uint64_t *out);
void segi_snapshot_list_u64(const segi_snapshot *snapshot, const uint32_t *ordinals, size_t count,
                            uint64_t *out);
size_t segi_snapshot_pick_u64(const segi_snapshot *snapshot, uint32_t chunk, const segi_mask *mask,
                              uint32_t word_begin, uint32_t word_end, uint64_t *out);

/* ---- columns held in memory -------------------- */

/* In a store with a file the columns of parts come into memory when they are wanted, and leave it
 * under the store's memory limit. Of a part with pages the arrays may be read only of those
 * columns that one holds; everything else is always there. One thread. */
struct segi_pins {
    const segi_mem *mem;
    struct segi_page **pages; /* owned */
    size_t count, capacity;
    size_t held; /* the first so many are held */
};

void segi_pins_init(segi_pins *pins, const segi_mem *mem);
/* Note a column; parts without pages need nothing. Twice is once too many but harmless. False when
 * out of memory. */
bool segi_pins_want(segi_pins *pins, const segi_part *part, uint32_t column);
/* Hold all that was noted, loading what is not in memory by up to `threads` threads of the pool
 * (NULL: by this one). Other threads may load and hold at the same time. SEG_E_CORRUPT where a
 * block of the file is damaged, SEG_E_NOMEM, SEG_E_IO; what is held then stays so until release. */
seg_status segi_pins_hold(segi_pins *pins, segi_pool *pool, uint32_t threads, seg_error *err);
/* Let go of everything. Valid after init and any failure. */
void segi_pins_release(segi_pins *pins);

/* ---- the store itself -------------------- */

/* What a store is from its beginning on. */
typedef struct segi_store_config {
    segi_mem mem; /* copied; everything of the store comes from it */
    uint32_t id_kind;
    int32_t week_start;
    segi_zone *zone; /* taken, also on failure */
    uint64_t dedup_window_us;
    uint32_t threads_max;
} segi_store_config;

/* In memory. What config leaves open (0, or a zone of NULL) is the default. *out carries one
 * reference. */
seg_status segi_store_create(const segi_store_config *config, segi_store **out, seg_error *err);

struct segi_disk_fault;
/* How a store's file is opened. */
typedef struct segi_store_place {
    const segi_vfs *vfs; /* NULL: the operating system */
    const char *path;    /* NUL-terminated */
    bool read_only, create, must_create, salvage;
    uint32_t durability;         /* SEGI_DISK_* */
    uint64_t log_bytes_max;      /* of the log before a commit makes a checkpoint; 0: 64 MiB */
    uint64_t memory_limit;       /* of events, in bytes; 0: none */
    int64_t snapshot_age_max_us; /* 0: none */
    /* salvage: told of each fault met; NULL: nobody listens */
    void (*fault)(void *user, const struct segi_disk_fault *fault);
    void *fault_user;
} segi_store_place;

/* In a file. What config leaves open is what the file has, or the default in a new one; what it
 * states must be what the file has (SEG_E_ARG). For salvage no record of the log is replayed, and
 * runs that cannot be read are left out. Fails as segi_disk_open(). */
seg_status segi_store_open(const segi_store_config *config, const segi_store_place *place,
                           segi_store **out, seg_error *err);
/* Checkpoint, unless the store is opened for reading, and give the file back. To be called once,
 * before the last release; snapshots stay readable. What was committed is safe also if it fails. */
seg_status segi_store_close(segi_store *store, seg_error *err);

void segi_store_retain(segi_store *store);
/* The last release frees everything; snapshots hold references. */
void segi_store_release(segi_store *store);

const segi_mem *segi_store_mem(const segi_store *store);
segi_pool *segi_store_pool(const segi_store *store);
uint32_t segi_store_threads_max(const segi_store *store);
/* The schema as it is now, retained for the caller. */
const segi_schema *segi_store_schema(segi_store *store);

seg_status segi_store_define_attribute(segi_store *store, const char *name, size_t name_size,
                                       seg_type type, int32_t scale, seg_error *err);
/* An attribute with a history. */
seg_status segi_store_define_history(segi_store *store, const char *name, size_t name_size,
                                     seg_type type, int32_t scale, seg_error *err);
seg_status segi_store_define_event(segi_store *store, const char *name, size_t name_size,
                                   seg_error *err);
seg_status segi_store_define_property(segi_store *store, const char *event, size_t event_size,
                                      const char *name, size_t name_size, seg_type type,
                                      int32_t scale, seg_error *err);

/* ---- care of the file -------------------- */

/* As the functions of seg/store.h that they serve. */
seg_status segi_store_checkpoint(segi_store *store, seg_error *err);
seg_status segi_store_tend(segi_store *store, uint64_t budget_rows, uint64_t budget_bytes,
                           bool *out_more, seg_error *err);
typedef void segi_store_report(void *user, const seg_fault *fault);
seg_status segi_store_check(segi_store *store, uint32_t level, segi_store_report *report,
                            void *user, uint64_t *out_faults, seg_error *err);
seg_status segi_store_backup(segi_store *store, const char *path, seg_error *err);
/* As seg_store_salvage(); of `from`, path, vfs and memory_limit count. *out is set in any case. */
seg_status segi_store_salvage(const segi_mem *mem, const segi_store_place *from, const char *to,
                              segi_store_report *report, void *user, seg_salvage_report *out,
                              seg_error *err);
void segi_store_stats(segi_store *store, seg_store_stats *out);

/* ---- saved texts -------------------- */

/* Texts of one kind are on one shelf; names on different shelves have nothing to do with each
 * other. The numbers are in files. */
typedef enum segi_shelf {
    SEGI_SHELF_SEGMENTS,
    SEGI_SHELF_OCCASIONS,
    SEGI_SHELF_CLASSES,
    SEGI_SHELF_COUNT
} segi_shelf;

/* Saved texts by name, in the file as well; the names and what the texts mean are the caller's. */
seg_status segi_store_save_text(segi_store *store, segi_shelf shelf, const char *name,
                                size_t name_size, const char *text, size_t text_size,
                                uint64_t version, seg_error *err);
seg_status segi_store_drop_text(segi_store *store, segi_shelf shelf, const char *name,
                                size_t name_size, seg_error *err);
/* By rising name, until one visit fails. */
typedef seg_status segi_text_visit(void *user, const char *name, size_t name_size, const char *text,
                                   size_t text_size, uint64_t version, seg_error *err);
seg_status segi_store_each_text(segi_store *store, segi_shelf shelf, segi_text_visit *visit,
                                void *user, seg_error *err);

/* All or nothing, as seg_store_commit() says. options and report are already checked and copied. */
seg_status segi_store_commit(segi_store *store, const seg_batch *batches, size_t batch_count,
                             const seg_commit_options *options, seg_commit_report *report,
                             seg_error *err);

/* ---- removing -------------------------------------------------------------------------------- */

/* User ids of one kind, as callers give them; offsets rise. */
typedef struct segi_erase_ids {
    const char *bytes; /* with offsets[count + 1] */
    const uint64_t *offsets;
    const uint64_t *numbers; /* else */
    size_t count;
} segi_erase_ids;

/* As seg_store_erase_users(); options are checked. What they do depends on the store and their
 * arguments alone, so that repeating them in order gives the same store. */
seg_status segi_store_erase(segi_store *store, const segi_erase_ids *ids, bool refuse,
                            seg_erase_receipt *receipt, seg_error *err);
/* event NULL: the rule for all types without their own. */
seg_status segi_store_set_retention(segi_store *store, const char *event, size_t event_size,
                                    uint64_t keep_us, seg_error *err);
/* The rule that holds; false for an event type that is not known. */
bool segi_store_retention(segi_store *store, const char *event, size_t event_size,
                          uint64_t *out_keep_us);
seg_status segi_store_expire(segi_store *store, int64_t now, seg_expire_report *report,
                             seg_error *err);
/* Removals that some snapshot of before keeps from being finished. Any thread. */
uint32_t segi_store_views_open(const segi_store *store);

#endif
