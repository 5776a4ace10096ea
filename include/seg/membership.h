/* seg/membership.h - which of many segments a customer is in, at once.
 *
 * A seg_set answers "who is in this segment"; a seg_membership turns a few hundred of them round
 * and answers "which of these segments is this customer in" from one row of bits per customer.
 * It never changes: share it between threads. Make a new one when the sets are evaluated anew. */
#ifndef SEG_MEMBERSHIP_H
#define SEG_MEMBERSHIP_H

#include <seg/base.h>
#include <seg/set.h>

SEG_BEGIN_DECLS

#define SEG_MEMBERSHIP_SETS_MAX 65536u /* sets of one membership */

typedef struct seg_membership seg_membership;

/* Of set_count sets of one store, at least one. Set i is bit i % 64 of word i / 64 of each row.
 * Costs ((set_count + 63) / 64) x 8 bytes for every customer of the latest snapshot among them.
 *   out_membership  owned by the caller: seg_membership_destroy(). The sets are not retained.
 * Fails with SEG_E_ARG (none, NULL, different stores), SEG_E_LIMIT, SEG_E_NOMEM. Any thread.
 * Since 0.1. */
SEG_API SEG_MUST_USE seg_status seg_membership_create(const seg_set *const *sets, size_t set_count,
                                                      seg_membership **out_membership,
                                                      seg_error *err);
SEG_API void seg_membership_destroy(seg_membership *membership);

/* Words of one row: (set_count + 63) / 64. */
SEG_API uint64_t seg_membership_word_count(const seg_membership *membership);

/* One customer's row into out_words[word_count]. Returns 1, or 0 for an id that is not known,
 * whose row is all 0. The bytes form is for SEG_ID_BYTES stores, the other for SEG_ID_U64. */
SEG_API int32_t seg_membership_get(const seg_membership *membership, const char *user,
                                   size_t user_size, uint64_t *out_words);
SEG_API int32_t seg_membership_get_u64(const seg_membership *membership, uint64_t user,
                                       uint64_t *out_words);
/* The rows of many, one after the other, into out_words[id_count * word_count]; returns how many
 * ids are known. Ids as in seg_set_contains_many(). */
SEG_API uint64_t seg_membership_get_many(const seg_membership *membership, const char *bytes,
                                         const uint64_t *offsets, uint64_t id_count,
                                         uint64_t *out_words);
SEG_API uint64_t seg_membership_get_many_u64(const seg_membership *membership, const uint64_t *ids,
                                             uint64_t id_count, uint64_t *out_words);

SEG_END_DECLS
#endif /* SEG_MEMBERSHIP_H */
