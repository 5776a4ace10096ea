/* support/store_image.h - a small whole store that is the same each time, with any bytes in place
 * of one of its parts, and all that a host may do with the result. */
#ifndef SEG_TEST_STORE_IMAGE_H
#define SEG_TEST_STORE_IMAGE_H

#include "support/sim_vfs.h"

#define STORE_IMAGE_FILE "store"
#define STORE_IMAGE_LOG "store-wal"

/* Users (with ids of bytes, or of 64 bits), attributes of all types, events, dictionaries, event
 * ids, a saved segment, an erased user, expired events; commits in the log. Owned by the caller. */
sim_vfs *store_image_make(uint32_t id_kind);

/* Put the bytes in place of the payload of a block of that kind (the `nth`, over and over), of the
 * root, or of the records of the log; everything that names it fits. False: there is none. */
bool store_image_put_block(sim_vfs *sim, uint32_t kind, size_t nth, const void *bytes, size_t size);
bool store_image_put_root(sim_vfs *sim, const void *bytes, size_t size);
bool store_image_put_record(sim_vfs *sim, const void *bytes, size_t size);
/* The payload as it is, for a corpus: borrowed. NULL: there is none. */
const unsigned char *store_image_block(sim_vfs *sim, uint32_t kind, size_t nth, size_t *out_size);
const unsigned char *store_image_root(sim_vfs *sim, size_t *out_size);
const unsigned char *store_image_record(sim_vfs *sim, size_t *out_size);

/* Predicates that together read all that such a store holds, and what tests add to it: an attribute
 * and one with a history, an event type, segments, a class, an occasion. */
#define STORE_IMAGE_QUESTIONS 15
extern const char *const store_image_questions[STORE_IMAGE_QUESTIONS];

/* Open for reading and for writing, ask, check, change, close; then salvage, and the same with
 * what that has left. Stops the process where the library breaks its word. */
void store_image_use(sim_vfs *sim);

#endif /* SEG_TEST_STORE_IMAGE_H */
