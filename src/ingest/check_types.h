/* The event types of a batch, cut down to those that its rows use. */
#ifndef SEGI_CHECK_TYPES_H
#define SEGI_CHECK_TYPES_H

#include "ingest/ingest.h"

/* Replaces a dictionary that has entries of no row by one without them, in the arena and in the
 * same order; codes are in range. So whatever follows may walk over the dictionary, and a commit of
 * few rows costs what its rows cost. A name that is too long becomes an empty one, as its rows were
 * refused. False: out of memory. */
bool segi_check_cut_types(segi_arena *arena, uint64_t rows, seg_column *types);

#endif
