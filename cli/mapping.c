/* mapping.c - columns of a file become columns of the store. See mapping.h. */
#include "mapping.h"

#include <stdlib.h>
#include <string.h>

/* Names by which a column is known, best first; compared without case, `_`, `-`, `.` and blanks. */
static const char *const user_names[] = {"userid",    "user",       "customerid", "customer",
                                         "uid",       "distinctid", "memberid",   "clientid",
                                         "profileid", "personid",   "visitorid"};
static const char *const fallback_names[] = {"anonymousid"};
static const char *const time_names[] = {
    "timestamp", "time",      "ts",          "eventtime",       "occurredat", "datetime",    "date",
    "createdat", "eventdate", "invoicedate", "transactiondate", "orderdate",  "purchasedate"};
static const char *const event_names[] = {"event", "eventname", "eventtype", "action", "activity"};
static const char *const id_names[] = {"messageid", "eventid", "insertid", "dedupid"};
static const char *const spec_types[] = {"track", "identify", "page", "screen", "group", "alias"};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static bool same_name(const char *column, const char *known)
{
    for (; *column; column++) {
        char c = *column;
        if (c == '_' || c == '-' || c == '.' || c == ' ' || c == '$') {
            continue;
        }
        c = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
        if (c != *known++) {
            return false;
        }
    }
    return *known == '\0';
}

static size_t find_known(const cli_source *source, const char *const *names, size_t name_count)
{
    for (size_t n = 0; n < name_count; n++) {
        for (size_t i = 0; i < source_column_count(source); i++) {
            if (same_name(source_column_name(source, i), names[n])) {
                return i;
            }
        }
    }
    return COLUMN_NONE;
}

static size_t find_exact(const cli_source *source, const char *name)
{
    for (size_t i = 0; i < source_column_count(source); i++) {
        if (strcmp(source_column_name(source, i), name) == 0) {
            return i;
        }
    }
    return COLUMN_NONE;
}

static const cli_cell *sample_cell(const cli_source *source, size_t row, size_t column)
{
    static const cli_cell none = {.kind = CELL_NONE, .text = {"", 0}};
    const cli_row *sample = &source->sample[row];
    return sample->fault || column >= sample->cell_count ? &none : &sample->cells[column];
}

/* ---- roles ----------------------------------------------------------------------------------- */

static map_column *grow(cli_mapping *mapping)
{
    mapping->columns =
        xgrow(mapping->columns, &mapping->capacity, mapping->count + 1, sizeof *mapping->columns);
    map_column *column = &mapping->columns[mapping->count++];
    *column =
        (map_column){.partner = COLUMN_NONE, .event_slot = COLUMN_NONE, .user_slot = COLUMN_NONE};
    return column;
}

static bool is_spec(const cli_source *source)
{
    size_t kind = find_exact(source, "type");
    size_t hits = 0;
    if (kind == COLUMN_NONE || (find_exact(source, "userId") == COLUMN_NONE &&
                                find_exact(source, "anonymousId") == COLUMN_NONE)) {
        return false;
    }
    for (size_t i = 0; i < source->sample_count; i++) {
        const cli_cell *cell = sample_cell(source, i, kind);
        for (size_t t = 0; t < COUNT(spec_types); t++) {
            hits += cell->kind == CELL_TEXT && text_equals(cell->text, spec_types[t]);
        }
    }
    return hits * 2 > source->sample_count;
}

/* The column that --map names for a role, or the one whose name is known. */
static bool choose(const cli_mapping *mapping, const cli_source *source, const char *role,
                   const char *const *names, size_t name_count, size_t *out, const cli_diag *diag)
{
    const char *asked = pairs_find(&mapping->options->map, role);
    *out = asked ? find_exact(source, asked)
                 : (names ? find_known(source, names, name_count) : COLUMN_NONE);
    if (asked && *out == COLUMN_NONE) {
        diag_fail(diag, NULL, "%s: there is no column \"%s\" (--map %s=%s)", source->path, asked,
                  role, asked);
        return false;
    }
    return true;
}

static void list_columns(const cli_source *source, text_buf *out)
{
    for (size_t i = 0; i < source_column_count(source) && i < 20; i++) {
        const char *name = source_column_name(source, i);
        buf_text(out, i ? ", " : "columns are ");
        buf_shown(out, name, strlen(name), 40);
    }
}

static bool require(const cli_source *source, size_t column, const char *what, const char *hint,
                    const cli_diag *diag)
{
    if (column != COLUMN_NONE) {
        return true;
    }
    text_buf text = {0};
    buf_printf(&text, "%s; ", hint);
    list_columns(source, &text);
    diag_fail(diag, text.data, "%s: no column looks like %s", source->path, what);
    buf_deinit(&text);
    return false;
}

static bool choose_roles(cli_mapping *mapping, const cli_source *source, const cli_diag *diag)
{
    const bool users = mapping->users && !mapping->spec;
    if (!choose(mapping, source, "user", user_names, COUNT(user_names), &mapping->user, diag) ||
        !choose(mapping, source, "time", users ? NULL : time_names, COUNT(time_names),
                &mapping->time, diag) ||
        !choose(mapping, source, "event", users || mapping->options->event ? NULL : event_names,
                COUNT(event_names), &mapping->event, diag) ||
        !choose(mapping, source, "id", users ? NULL : id_names, COUNT(id_names), &mapping->id,
                diag)) {
        return false;
    }
    mapping->user_fallback = find_known(source, fallback_names, COUNT(fallback_names));
    mapping->kind = mapping->spec ? find_exact(source, "type") : COLUMN_NONE;
    if (mapping->user == COLUMN_NONE && users) {
        mapping->user = find_exact(source, "id");
    }
    if (mapping->user == COLUMN_NONE) {
        mapping->user = mapping->user_fallback;
    }
    if (mapping->user_fallback == mapping->user) {
        mapping->user_fallback = COLUMN_NONE;
    }
    if (!require(source, mapping->user, "the user's id", "say which with --map user=COLUMN",
                 diag)) {
        return false;
    }
    if (users) {
        return true;
    }
    if (!require(source, mapping->time, "the time", "say which with --map time=COLUMN", diag)) {
        return false;
    }
    return mapping->options->event || mapping->spec ||
           require(source, mapping->event, "the event's name",
                   "name all events with --event NAME or say --map event=COLUMN", diag);
}

static void set_role(cli_mapping *mapping, size_t column, column_role role)
{
    if (column != COLUMN_NONE) {
        mapping->columns[column].role = role;
    }
}

/* ---- names ----------------------------------------------------------------------------------- */

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* Where the values of a column go and under which name, for one that has no other role. */
static void name_column(const cli_mapping *mapping, const char *source_name, map_column *column)
{
    const char *name = source_name;
    column->role = ROLE_VALUE;
    if (mapping->json && starts_with(name, "properties.")) {
        column->for_events = true;
        name += strlen("properties.");
    } else if (mapping->json && starts_with(name, "traits.")) {
        column->for_users = true;
        name += strlen("traits.");
    } else if (mapping->spec) {
        column->for_events = strcmp(name, "name") == 0;
        if (!column->for_events) {
            column->role = ROLE_SKIP;
            column->remark = "not a property or trait";
        }
    }
    if (!mapping->spec) {
        column->for_users = mapping->users;
        column->for_events = !mapping->users;
    }
    const char *renamed = pairs_find(&mapping->options->renames, source_name);
    column->name = xstrdup(renamed ? renamed : name);
    if (pairs_find(&mapping->options->skips, source_name)) {
        column->role = ROLE_SKIP;
        column->remark = "as asked";
    } else if (strlen(column->name) > SEG_NAME_SIZE_MAX || !*column->name) {
        column->role = ROLE_SKIP;
        column->remark = "its name is empty or longer than 255 bytes";
    }
}

/* ---- types ----------------------------------------------------------------------------------- */

/* The type that the store already has under this name. */
static value_type stored_type(const cli_mapping *mapping, const map_column *column)
{
    value_type found = {0};
    uint64_t count = mapping->store ? seg_store_column_count(mapping->store) : 0;
    for (uint64_t i = 0; i < count; i++) {
        seg_column_info info = {.struct_size = (uint32_t)sizeof info};
        if (seg_store_column_at(mapping->store, i, &info, NULL) != SEG_OK || !info.name ||
            info.name_size != strlen(column->name) ||
            memcmp(info.name, column->name, info.name_size) != 0) {
            continue;
        }
        bool fits = info.event ? column->for_events : column->for_users;
        const char *event = mapping->options->event;
        if (fits && info.event && event &&
            !(info.event_size == strlen(event) &&
              memcmp(info.event, event, info.event_size) == 0)) {
            continue;
        }
        if (fits) {
            found = (value_type){.type = info.type, .scale = info.scale};
        }
    }
    return found;
}

/* Decides a column from what its cells looked like. */
static void decide(const cli_mapping *mapping, const char *source_name, const column_stats *stats,
                   map_column *column)
{
    bool mixed = false;
    const char *declared = pairs_find(&mapping->options->types, source_name);
    value_type guessed = stats_type(stats, &mixed);
    value_type stored = stored_type(mapping, column);
    if (declared && value_type_parse(declared, &column->type)) {
        column->remark = "as declared";
    } else if (stored.type && stored.type != SEG_TYPE_GEO) {
        column->type = stored;
        column->type.delimiter = stored.type == SEG_TYPE_STRING_SET ? '|' : 0;
        column->remark = "as in the store";
    } else {
        column->type = guessed;
        column->remark = mixed ? "some of the first values do not fit" : NULL;
        if (stats->others && stats->others == stats->filled) {
            column->role = ROLE_SKIP;
            column->remark = "lists of other things than texts are not imported";
        } else if (!guessed.type && !mapping->json) {
            column->type.type = SEG_TYPE_STRING;
            column->remark = "no value in the first rows";
        }
    }
    if (column->type.type == SEG_TYPE_STRING_SET && column->for_events && !column->for_users) {
        column->role = ROLE_SKIP;
        column->remark = "sets of texts are for users, not for events";
    }
    if (column->type.type == SEG_TYPE_TIMESTAMP) {
        column->times = stats_time(stats);
        if (mapping->options->time.form != TIME_NONE && column->times.form != TIME_ISO) {
            column->times = mapping->options->time;
        }
        if (column->times.form == TIME_NONE) {
            column->times.form = TIME_ISO;
        }
    }
}

static void collect(const cli_mapping *mapping, const cli_source *source, size_t column,
                    column_stats *out)
{
    *out = (column_stats){.json = mapping->json};
    for (size_t i = 0; i < source->sample_count; i++) {
        stats_add(out, sample_cell(source, i, column), mapping->options->null_text);
    }
}

/* ---- geo points ------------------------------------------------------------------------------ */

static bool is_number_type(value_type type)
{
    return type.type == SEG_TYPE_DECIMAL || type.type == SEG_TYPE_FLOAT64 ||
           type.type == SEG_TYPE_INT64;
}

static void make_geo(cli_mapping *mapping, size_t latitude, size_t longitude, const char *name,
                     size_t name_size)
{
    map_column *first = &mapping->columns[latitude];
    map_column *second = &mapping->columns[longitude];
    free(first->name);
    first->name = xstrndup(name, name_size);
    first->role = ROLE_LATITUDE;
    first->partner = longitude;
    first->type = (value_type){.type = SEG_TYPE_GEO};
    second->role = ROLE_LONGITUDE;
    second->partner = latitude;
    second->type = first->type;
}

/* x_lat and x_lon (or home.latitude, lng, ...) become the geo point x. */
static void find_geo(cli_mapping *mapping, const cli_source *source)
{
    static const char *const pairs[][2] = {
        {"latitude", "longitude"}, {"lat", "longitude"}, {"lat", "lon"}, {"lat", "lng"}};
    for (size_t i = 0; i < mapping->count; i++) {
        for (size_t p = 0; p < COUNT(pairs); p++) {
            const map_column *first = &mapping->columns[i];
            size_t tail = strlen(pairs[p][0]);
            if (first->role != ROLE_VALUE || !is_number_type(first->type) ||
                strlen(first->name) < tail ||
                strcmp(first->name + strlen(first->name) - tail, pairs[p][0]) != 0) {
                continue;
            }
            size_t head = strlen(first->name) - tail;
            for (size_t k = 0; k < mapping->count; k++) {
                const map_column *second = &mapping->columns[k];
                if (second->role == ROLE_VALUE && is_number_type(second->type) &&
                    strlen(second->name) == head + strlen(pairs[p][1]) &&
                    strncmp(first->name, second->name, head) == 0 &&
                    strcmp(second->name + head, pairs[p][1]) == 0) {
                    size_t size = head;
                    while (size && strchr("_.- ", first->name[size - 1])) {
                        size--;
                    }
                    char *name = size ? xstrndup(first->name, size) : xstrdup("location");
                    make_geo(mapping, i, k, name, strlen(name));
                    free(name);
                    break;
                }
            }
        }
    }
    (void)source;
}

static bool asked_geo(cli_mapping *mapping, const cli_source *source, const cli_diag *diag)
{
    for (size_t i = 0; i < mapping->options->geos.count; i++) {
        const option_pair *pair = &mapping->options->geos.items[i];
        const char *comma = strchr(pair->value, ',');
        char *first = xstrndup(pair->value, (size_t)(comma - pair->value));
        size_t latitude = find_exact(source, first);
        size_t longitude = find_exact(source, comma + 1);
        free(first);
        if (latitude == COLUMN_NONE || longitude == COLUMN_NONE || latitude == longitude) {
            diag_fail(diag, NULL, "%s: --geo %s=%s does not name two columns", source->path,
                      pair->name, pair->value);
            return false;
        }
        make_geo(mapping, latitude, longitude, pair->name, strlen(pair->name));
    }
    return true;
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* Options that name columns which a CSV file does not have are mistakes; the lines of a JSON file
 * may bring them yet. */
static bool check_names(const cli_mapping *mapping, const cli_source *source, const cli_diag *diag)
{
    const option_pairs *lists[] = {&mapping->options->types, &mapping->options->renames,
                                   &mapping->options->skips, &mapping->options->histories};
    static const char *const options[] = {"--type", "--rename", "--skip", "--history"};
    for (size_t l = 0; l < COUNT(lists) && !mapping->json; l++) {
        for (size_t i = 0; i < lists[l]->count; i++) {
            if (find_exact(source, lists[l]->items[i].name) == COLUMN_NONE) {
                text_buf hint = {0};
                list_columns(source, &hint);
                diag_fail(diag, hint.data, "%s: there is no column \"%s\" (%s)", source->path,
                          lists[l]->items[i].name, options[l]);
                buf_deinit(&hint);
                return false;
            }
        }
    }
    return true;
}

static void infer_column(cli_mapping *mapping, const cli_source *source, size_t index)
{
    column_stats stats;
    map_column *column = &mapping->columns[index];
    const char *name = source_column_name(source, index);
    collect(mapping, source, index, &stats);
    if (column->role == ROLE_TIME) {
        mapping->times = mapping->options->time;
        if (mapping->times.form == TIME_NONE) {
            mapping->times = stats_time(&stats);
        }
        if (mapping->times.form == TIME_NONE) {
            mapping->times.form = TIME_ISO;
        }
    }
    if (column->role == ROLE_UNKNOWN) {
        name_column(mapping, name, column);
    }
    if (column->role == ROLE_VALUE) {
        decide(mapping, name, &stats, column);
    }
}

bool mapping_infer(cli_mapping *mapping, const cli_source *source, bool users,
                   const import_options *options, seg_store *store, const cli_diag *diag)
{
    *mapping = (cli_mapping){.options = options,
                             .store = store,
                             .json = source->format == FORMAT_JSONL,
                             .users = users,
                             .user = COLUMN_NONE};
    mapping->spec = mapping->json && is_spec(source);
    if (source_column_count(source) == 0) {
        diag_fail(diag, NULL, "%s: there is no record in it that can be read", source->path);
        return false;
    }
    if (!check_names(mapping, source, diag) || !choose_roles(mapping, source, diag)) {
        return false;
    }
    while (mapping->count < source_column_count(source)) {
        grow(mapping);
    }
    set_role(mapping, mapping->user_fallback, ROLE_USER_FALLBACK);
    set_role(mapping, mapping->user, ROLE_USER);
    set_role(mapping, mapping->time, ROLE_TIME);
    set_role(mapping, mapping->event, ROLE_EVENT);
    set_role(mapping, mapping->id, ROLE_ID);
    set_role(mapping, mapping->kind, ROLE_KIND);
    for (size_t i = 0; i < mapping->count; i++) {
        infer_column(mapping, source, i);
    }
    if (!asked_geo(mapping, source, diag)) {
        return false;
    }
    find_geo(mapping, source);
    return true;
}

void mapping_deinit(cli_mapping *mapping)
{
    for (size_t i = 0; i < mapping->count; i++) {
        free(mapping->columns[i].name);
    }
    free(mapping->columns);
    *mapping = (cli_mapping){0};
}

map_column *mapping_column(cli_mapping *mapping, const cli_source *source, size_t index,
                           const cli_cell *cell, uint64_t line, const cli_diag *diag)
{
    while (mapping->count <= index) {
        map_column *added = grow(mapping);
        name_column(mapping, source_column_name(source, mapping->count - 1), added);
    }
    map_column *column = &mapping->columns[index];
    bool value = cell->kind != CELL_NONE && cell->kind != CELL_NULL;
    if (column->role != ROLE_VALUE || column->type.type || !value) {
        return column;
    }
    column_stats stats = {.json = mapping->json};
    const char *name = source_column_name(source, index);
    stats_add(&stats, cell, mapping->options->null_text);
    decide(mapping, name, &stats, column);
    text_buf text = {0};
    buf_text(&text, "  line ");
    buf_uint(&text, line);
    buf_text(&text, " brings the column ");
    buf_shown(&text, name, strlen(name), 60);
    buf_text(&text, ": ");
    if (column->role == ROLE_SKIP) {
        buf_printf(&text, "skipped, %s", column->remark);
    } else {
        buf_value_type(&text, column->type);
    }
    diag_note(diag, "%s", text.data);
    buf_deinit(&text);
    return column;
}

/* ---- printing -------------------------------------------------------------------------------- */

static void describe(const cli_mapping *mapping, const map_column *column, text_buf *becomes,
                     text_buf *type)
{
    static const char *const roles[] = {
        [ROLE_USER] = "user id",  [ROLE_USER_FALLBACK] = "user id, where there is no other",
        [ROLE_TIME] = "time",     [ROLE_EVENT] = "event name",
        [ROLE_ID] = "event id",   [ROLE_KIND] = "kind of the row",
        [ROLE_SKIP] = "(skipped)"};
    if (column->role < COUNT(roles) && roles[column->role]) {
        buf_text(becomes, roles[column->role]);
    } else {
        const char *name =
            column->role == ROLE_LONGITUDE ? mapping->columns[column->partner].name : column->name;
        buf_text(becomes, column->for_events ? "property " : "attribute ");
        buf_shown(becomes, name, strlen(name), 60);
    }
    const time_format *times = column->role == ROLE_TIME ? &mapping->times : &column->times;
    if (column->role == ROLE_VALUE) {
        buf_value_type(type, column->type);
    } else if (column->role == ROLE_LATITUDE || column->role == ROLE_LONGITUDE) {
        buf_text(type, column->role == ROLE_LATITUDE ? "geo, latitude" : "geo, longitude");
    }
    if (times->form != TIME_NONE) {
        buf_printf(type, "%s%s", type->size ? ", " : "", time_format_name(times));
        if (times->form == TIME_ISO || times->form == TIME_YYYYMMDD ||
            times->form == TIME_PATTERN) {
            buf_printf(type, ", local times in %s", times_zone());
        }
    }
    if (column->remark) {
        buf_printf(type, "%s(%s)", type->size ? " " : "", column->remark);
    }
}

static void pad(text_buf *line, size_t column)
{
    size_t width = utf8_count(line->data ? line->data : "", line->size);
    for (; width < column; width++) {
        buf_char(line, ' ');
    }
}

void mapping_print(const cli_mapping *mapping, const cli_source *source, const cli_diag *diag)
{
    text_buf line = {0};
    text_buf becomes = {0};
    text_buf type = {0};
    static const char *const kinds[] = {"events", "users", "Segment spec"};
    buf_shown(&line, source->path, strlen(source->path), 200);
    buf_printf(&line, ": %s as %s", mapping->json ? "JSON lines" : "CSV",
               kinds[mapping->spec ? 2 : mapping->users]);
    if (!mapping->json) {
        char delimiter = source->csv.delimiter;
        buf_printf(&line, ", separated by %s",
                   delimiter == ','
                       ? "commas"
                       : (delimiter == '\t' ? "tabs" : (delimiter == ' ' ? "blanks" : "")));
        if (delimiter != ',' && delimiter != '\t' && delimiter != ' ') {
            buf_char(&line, delimiter);
        }
    }
    diag_note(diag, "%s", line.data);
    for (size_t i = 0; i < mapping->count; i++) {
        const char *name = source_column_name(source, i);
        buf_clear(&line);
        buf_clear(&becomes);
        buf_clear(&type);
        describe(mapping, &mapping->columns[i], &becomes, &type);
        buf_text(&line, "  ");
        buf_shown(&line, name, strlen(name), 60);
        pad(&line, 20);
        buf_printf(&line, "  %s", becomes.data);
        if (type.size) {
            pad(&line, 44);
            buf_printf(&line, "  %s", type.data);
        }
        diag_note(diag, "%s", line.data);
    }
    if (mapping->options->event && !mapping->users) {
        diag_note(diag, "  every row is the event \"%s\"", mapping->options->event);
    }
    buf_deinit(&line);
    buf_deinit(&becomes);
    buf_deinit(&type);
}
