/* One chunk of an attribute as the bytes of a block. docs/format.md has them. */
#ifndef SEGI_ATTR_BLOCK_H
#define SEGI_ATTR_BLOCK_H

#include "base/wire.h"
#include "store/attr.h"

void segi_attr_block_write(const segi_attr_chunk *chunk, segi_buf *buf);
/* Bounds of values are computed, not read, and each value is checked against the type and the
 * dictionary's count, so that whatever evaluates the chunk may rely on it. SEG_E_CORRUPT or
 * SEG_E_NOMEM. */
seg_status segi_attr_block_read(const segi_mem *mem, seg_type type, uint32_t dict_count,
                                segi_wire *from, segi_attr_chunk **out, seg_error *err);

#endif
