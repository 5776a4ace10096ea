/* mapping.h - what the columns of a file become in the store.
 *
 * Guessed from their names, from the first rows and from what the store knows, overruled by the
 * options of the import, and printed before a row is taken. Afterwards it is fixed: a row that
 * does not fit is refused, never bent. Only JSON Lines may bring new columns later; each is
 * announced. */
#ifndef CLI_MAPPING_H
#define CLI_MAPPING_H

#include "batch.h"
#include "diag.h"
#include "source.h"

#define COLUMN_NONE SIZE_MAX

typedef enum column_role {
    ROLE_UNKNOWN,
    ROLE_SKIP,
    ROLE_USER,
    ROLE_USER_FALLBACK, /* anonymousId: where there is no userId */
    ROLE_TIME,
    ROLE_EVENT,
    ROLE_ID,
    ROLE_KIND, /* `type` of the Segment spec: track, identify, ... */
    ROLE_VALUE,
    ROLE_LATITUDE,
    ROLE_LONGITUDE
} column_role;

typedef struct map_column {
    column_role role;
    char *name; /* owned: in the store */
    value_type type;
    time_format times; /* timestamps */
    const char *remark;
    bool for_events, for_users;
    size_t partner;               /* latitude: the column of the longitude */
    size_t event_slot, user_slot; /* columns of the batches, COLUMN_NONE before the first value */
} map_column;

typedef struct cli_mapping {
    const import_options *options; /* borrowed */
    seg_store *store;              /* borrowed; NULL with nothing to compare with */
    bool json;
    bool users; /* plain rows are attributes, else events */
    bool spec;  /* rows of the Segment spec, of both kinds */
    map_column *columns;
    size_t count, capacity;
    size_t user, user_fallback, time, event, id, kind; /* columns or COLUMN_NONE */
    time_format times;                                 /* of the event's time */
} cli_mapping;

/* False after an error on `diag`. */
bool mapping_infer(cli_mapping *mapping, const cli_source *source, bool users,
                   const import_options *options, seg_store *store, const cli_diag *diag);
void mapping_deinit(cli_mapping *mapping);
void mapping_print(const cli_mapping *mapping, const cli_source *source, const cli_diag *diag);
/* The column of the file, which may be new or not have had a value yet: its first value, on the
 * line, decides on its type and is announced. */
map_column *mapping_column(cli_mapping *mapping, const cli_source *source, size_t column,
                           const cli_cell *cell, uint64_t line, const cli_diag *diag);

#endif /* CLI_MAPPING_H */
