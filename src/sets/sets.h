/* Door of the room `sets`: saved segments by name, and the references between them. */
#ifndef SEGI_SETS_H
#define SEGI_SETS_H

#include "lang/lang.h"
#include "store/store.h"

/* The saved segments of one store: name -> text, version. Changes take a lock; readers of the
 * resolver hold it for the length of a compile. */
typedef struct segi_catalog segi_catalog;

seg_status segi_catalog_create(const segi_mem *mem, segi_catalog **out, seg_error *err);
void segi_catalog_destroy(segi_catalog *catalog);

/* Compile `text` with the saved segments as they are now. As segi_compile(). */
seg_status segi_catalog_compile(segi_catalog *catalog, const segi_mem *mem,
                                const segi_schema *schema, const char *text, size_t text_size,
                                uint32_t flags, const segi_param_value *params, size_t param_count,
                                segi_predicate **out, seg_error *err);
seg_status segi_catalog_compile_value(segi_catalog *catalog, const segi_mem *mem,
                                      const segi_schema *schema, const char *text, size_t text_size,
                                      uint32_t flags, segi_predicate **out, seg_error *err);
/* Save: compiles first, refuses circles and parameters. */
seg_status segi_catalog_define(segi_catalog *catalog, const segi_schema *schema, const char *name,
                               size_t name_size, const char *text, size_t text_size,
                               uint64_t *out_version, seg_error *err);
seg_status segi_catalog_drop(segi_catalog *catalog, const char *name, size_t name_size,
                             seg_error *err);
/* The text saved under the name, copied into buf. SEG_E_NOT_FOUND. */
seg_status segi_catalog_text(segi_catalog *catalog, const char *name, size_t name_size,
                             segi_buf *buf, seg_error *err);

#endif
