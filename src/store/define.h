/* Definitions of columns, saved texts and rules of retention, under the store's mutex: for calls of
 * users and for the log. */
#ifndef SEGI_DEFINE_H
#define SEGI_DEFINE_H

#include "store/record.h"

/* kind: SEGI_RECORD_ATTRIBUTE, _EVENT or _PROPERTY. What is there already is not logged again. */
seg_status segi_store_define(segi_store *store, uint8_t kind, const segi_record_define *define,
                             seg_error *err);
/* The name and the text are good, and the name is there where it is to be removed. */
seg_status segi_store_put_text(segi_store *store, segi_shelf shelf, const char *name,
                               size_t name_size, const char *text, size_t text_size,
                               uint64_t version, seg_error *err);
seg_status segi_store_remove_text(segi_store *store, segi_shelf shelf, const char *name,
                                  size_t name_size, seg_error *err);
/* For event NULL, the rule for all types without their own. Another event type is defined. */
seg_status segi_store_put_rule(segi_store *store, const char *event, size_t event_size,
                               uint64_t keep_us, seg_error *err);

#endif
