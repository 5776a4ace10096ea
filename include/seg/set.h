/* seg/set.h - sets of customers: the answer to an evaluation, and what is made from answers.
 *
 * A seg_set never changes: share it between threads. It belongs to one store and knows the
 * snapshot it was made from. Internally customers are 32-bit ordinals, which mean nothing
 * outside their store; everything here speaks of external ids unless it says "ordinal". */
#ifndef SEG_SET_H
#define SEG_SET_H

#include <seg/base.h>
#include <seg/store.h>

SEG_BEGIN_DECLS

typedef struct seg_set seg_set;

SEG_API void seg_set_retain(seg_set *set);
SEG_API void seg_set_release(seg_set *set);

/* ---- making sets ------------------------------------------------------------------------- */

/* Everyone in the snapshot. out_set is owned by the caller: seg_set_release(). */
SEG_API SEG_MUST_USE seg_status seg_set_everyone(seg_snapshot *snapshot, seg_set **out_set,
                                                 seg_error *err);

/* The customers with these ids. Ids that the snapshot does not know are left out and counted in
 * *out_unknown (may be NULL). The bytes form is for SEG_ID_BYTES stores: ids are
 * bytes[offsets[i] .. offsets[i + 1]); the other one for SEG_ID_U64 stores. */
SEG_API SEG_MUST_USE seg_status seg_set_from_ids(seg_snapshot *snapshot, const char *bytes,
                                                 const uint64_t *offsets, uint64_t id_count,
                                                 seg_set **out_set, uint64_t *out_unknown,
                                                 seg_error *err);
SEG_API SEG_MUST_USE seg_status seg_set_from_ids_u64(seg_snapshot *snapshot, const uint64_t *ids,
                                                     uint64_t id_count, seg_set **out_set,
                                                     uint64_t *out_unknown, seg_error *err);

/* ---- asking ------------------------------------------------------------------------------- */

SEG_API uint64_t seg_set_count(const seg_set *set);
/* `now` of the evaluation; 0 for sets made otherwise. */
SEG_API int64_t seg_set_now(const seg_set *set);

/* 1 if the customer is in the set, else 0. Never fails: an unknown id is in no set. */
SEG_API int32_t seg_set_contains(const seg_set *set, const char *user, size_t user_size);
SEG_API int32_t seg_set_contains_u64(const seg_set *set, uint64_t user);
/* out_members[i] = 1 if id i is in the set, else 0. Returns how many are. Far cheaper per id
 * than one call each. */
SEG_API uint64_t seg_set_contains_many(const seg_set *set, const char *bytes,
                                       const uint64_t *offsets, uint64_t id_count,
                                       uint8_t *out_members);
SEG_API uint64_t seg_set_contains_many_u64(const seg_set *set, const uint64_t *ids,
                                           uint64_t id_count, uint8_t *out_members);

/* ---- algebra ------------------------------------------------------------------------------ */

#define SEG_SET_AND 1u
#define SEG_SET_OR 2u
#define SEG_SET_XOR 3u
#define SEG_SET_ANDNOT 4u

/* left OP right. Both of one store (else SEG_E_ARG); the result belongs to the later snapshot.
 * out_set is owned by the caller. Any thread. Since 0.1. */
SEG_API SEG_MUST_USE seg_status seg_set_combine(uint32_t operation, const seg_set *left,
                                                const seg_set *right, seg_set **out_set,
                                                seg_error *err);
/* How many left OP right would have, without building it. */
SEG_API SEG_MUST_USE seg_status seg_set_combine_count(uint32_t operation, const seg_set *left,
                                                      const seg_set *right, uint64_t *out_count,
                                                      seg_error *err);
/* Everyone of the set's snapshot who is not in it. */
SEG_API SEG_MUST_USE seg_status seg_set_complement(const seg_set *set, seg_set **out_set,
                                                   seg_error *err);
/* 1 if both hold the same customers of the same store. */
SEG_API int32_t seg_set_equals(const seg_set *left, const seg_set *right);

/* ---- reading out --------------------------------------------------------------------------- */

/* Walks the external ids in the order in which the store first saw them, which is the same in
 * every set. One thread per handle. The cursor retains the set.
 *
 * In a set made before an erasure (seg/privacy.h), a customer who was erased keeps his place, so
 * that ids stay beside the values of seg_value_evaluate(), but has no id any more: it is empty, or
 * UINT64_MAX, which no customer's id can be. Pass such places over. */
typedef struct seg_set_cursor seg_set_cursor;
SEG_API SEG_MUST_USE seg_status seg_set_cursor_create(const seg_set *set,
                                                      seg_set_cursor **out_cursor, seg_error *err);
SEG_API void seg_set_cursor_destroy(seg_set_cursor *cursor);

/* The next ids, at most id_capacity: out_offsets[0 .. *out_count] into *out_bytes, which is
 * borrowed until the next call on the cursor. *out_count = 0 is the end. */
SEG_API SEG_MUST_USE seg_status seg_set_cursor_next(seg_set_cursor *cursor, uint64_t id_capacity,
                                                    uint64_t *out_offsets, const char **out_bytes,
                                                    uint64_t *out_count, seg_error *err);
/* For SEG_ID_U64 stores: the next ids into out_ids[id_capacity]. */
SEG_API SEG_MUST_USE seg_status seg_set_cursor_next_u64(seg_set_cursor *cursor,
                                                        uint64_t id_capacity, uint64_t *out_ids,
                                                        uint64_t *out_count, seg_error *err);

/* ---- roaring -------------------------------------------------------------------------------- */

#define SEG_ROARING_ORDINALS 1u /* portable 32-bit format over ordinals: for this store only */
#define SEG_ROARING_IDS 2u      /* portable 64-bit format over the ids of a SEG_ID_U64 store */

/* out_bytes is owned by the caller: seg_buffer_destroy(). SEG_E_ARG where the store's ids are
 * bytes and SEG_ROARING_IDS is asked for. */
SEG_API SEG_MUST_USE seg_status seg_set_to_roaring(const seg_set *set, uint32_t format,
                                                   seg_buffer **out_bytes, seg_error *err);

/* Read such bytes back. They are checked fully: SEG_E_ROARING where they are not a valid bitmap
 * of that format, or where an ordinal lies beyond the snapshot. With SEG_ROARING_IDS, ids that
 * the snapshot does not know are left out and counted in *out_unknown (may be NULL); SEG_E_LIMIT
 * for more than 2^24 ids beyond the number of users. */
SEG_API SEG_MUST_USE seg_status seg_set_from_roaring(seg_snapshot *snapshot, uint32_t format,
                                                     const void *bytes, size_t bytes_size,
                                                     seg_set **out_set, uint64_t *out_unknown,
                                                     seg_error *err);

SEG_END_DECLS
#endif /* SEG_SET_H */
