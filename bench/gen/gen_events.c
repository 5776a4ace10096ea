/* gen_events.c - the events of the generated users, in order of time. See gen.h.
 *
 * Sessions begin one after the other in the order of time; each walks through its template in
 * steps of seconds to minutes. A heap of the sessions under way, the one with the earliest next
 * event on top, merges them: its size is the number of sessions at once, not of users. */
#include "gen_people.h"
#include "gen_tables.h"

#include <stdlib.h>
#include <string.h>

#define STEPS_MAX 6

/* What happens in a session, and how often such sessions are. */
typedef struct session_template {
    uint32_t weight;
    uint8_t count;
    uint8_t steps[STEPS_MAX];
} session_template;

static const session_template templates[] = {
    {620, 1, {GEN_APP_OPEN}},
    {200, 3, {GEN_APP_OPEN, GEN_PAGE_VIEW, GEN_PAGE_VIEW}},
    {45, 5, {GEN_APP_OPEN, GEN_SEARCH, GEN_PAGE_VIEW, GEN_PAGE_VIEW, GEN_ADD_TO_CART}},
    {80, 5, {GEN_APP_OPEN, GEN_SEARCH, GEN_PAGE_VIEW, GEN_ADD_TO_CART, GEN_PURCHASE}},
    {10, 3, {GEN_APP_OPEN, GEN_PAGE_VIEW, GEN_REFUND}},
    {80, 3, {GEN_APP_OPEN, GEN_VIDEO_WATCHED, GEN_VIDEO_WATCHED}},
    {60, 3, {GEN_APP_OPEN, GEN_LEVEL_COMPLETED, GEN_LEVEL_COMPLETED}},
    {90, 2, {GEN_MESSAGE_OPENED, GEN_APP_OPEN}},
    {15, 3, {GEN_APP_OPEN, GEN_PAGE_VIEW, GEN_REVIEW_SUBMITTED}},
    {40, 2, {GEN_PAGE_VIEW, GEN_SIGNUP_STARTED}},
    {30, 3, {GEN_PAGE_VIEW, GEN_SIGNUP_STARTED, GEN_SIGNUP_COMPLETED}}};

#define TEMPLATES (sizeof templates / sizeof templates[0])

/* A session under way: its next event is templates[kind].steps[step] at `time`. */
typedef struct session_state {
    int64_t time;
    uint64_t index;
    uint64_t user;
    gen_random random;
    uint32_t sku;
    uint8_t kind, step, category;
} session_state;

enum {
    COLUMN_AMOUNT,
    COLUMN_CATEGORY,
    COLUMN_SKU,
    COLUMN_COUPON,
    COLUMN_PAGE,
    COLUMN_OBJECT,
    COLUMN_SECONDS,
    COLUMN_TERM,
    COLUMN_CHANNEL,
    COLUMN_STARS,
    COLUMN_LEVEL,
    EVENT_COLUMNS
};

#define GEN_SKUS 50000
#define GEN_PAGES 200
#define GEN_TERMS 5000

static const struct {
    const char *name;
    seg_type type;
    uint32_t words; /* of a text's dictionary */
} event_columns[EVENT_COLUMNS] = {[COLUMN_AMOUNT] = {"amount", SEG_TYPE_DECIMAL, 0},
                                  [COLUMN_CATEGORY] = {"category", SEG_TYPE_STRING, GEN_CATEGORIES},
                                  [COLUMN_SKU] = {"sku", SEG_TYPE_STRING, GEN_SKUS},
                                  [COLUMN_COUPON] = {"coupon", SEG_TYPE_BOOL, 0},
                                  [COLUMN_PAGE] = {"page", SEG_TYPE_STRING, GEN_PAGES},
                                  [COLUMN_OBJECT] = {"object", SEG_TYPE_STRING, GEN_OBJECTS},
                                  [COLUMN_SECONDS] = {"seconds", SEG_TYPE_INT64, 0},
                                  [COLUMN_TERM] = {"term", SEG_TYPE_STRING, GEN_TERMS},
                                  [COLUMN_CHANNEL] = {"channel", SEG_TYPE_STRING, GEN_CHANNELS},
                                  [COLUMN_STARS] = {"stars", SEG_TYPE_INT64, 0},
                                  [COLUMN_LEVEL] = {"level", SEG_TYPE_INT64, 0}};

/* A column of a batch: numbers or codes, whichever its type takes. */
typedef struct event_column {
    int64_t *numbers;
    uint32_t *codes;
    uint8_t *flags;
    uint8_t *states;
    char *bytes;
    uint64_t *offsets;
} event_column;

typedef struct event_batch {
    uint64_t rows, rows_max;
    uint64_t sequence; /* of the next event, for event ids */
    uint64_t *ids;
    char *id_bytes;
    uint64_t *id_offsets;
    int64_t *times;
    uint32_t *types;
    char *event_id_bytes;
    uint64_t *event_id_offsets;
    event_column columns[EVENT_COLUMNS];
    event_column names; /* the dictionary of event types */
} event_batch;

typedef struct generator {
    const gen_options *options;
    gen_people people;
    uint64_t kind_sums[TEMPLATES];
    uint64_t category_sums[GEN_CATEGORIES];
    session_state *heap; /* owned */
    size_t heap_count, heap_capacity;
    event_batch batch;
    gen_sink sink;
    void *user;
} generator;

/* ---- dictionaries ---------------------------------------------------------------------------- */

/* The index-th text of a column into `out`, which has room for 64 bytes; returns its size. */
static uint32_t make_word(int column, uint32_t index, char *out)
{
    const char *parts[2] = {"", ""};
    const char *middle = "";
    uint32_t number = UINT32_MAX;
    switch (column) {
    case COLUMN_CATEGORY: parts[0] = gen_categories[index]; break;
    case COLUMN_OBJECT: parts[0] = gen_objects[index]; break;
    case COLUMN_CHANNEL: parts[0] = gen_channels[index]; break;
    case COLUMN_TERM:
        parts[0] = gen_adjectives[index / GEN_NOUNS];
        middle = " ";
        parts[1] = gen_nouns[index % GEN_NOUNS];
        break;
    case COLUMN_PAGE:
        middle = "/";
        parts[1] = gen_sections[index % GEN_SECTIONS];
        number = index < GEN_SECTIONS ? UINT32_MAX : index / GEN_SECTIONS;
        break;
    default:
        parts[0] = "SKU";
        number = index + 10000;
        break;
    }
    uint32_t size = 0;
    for (const char *p = parts[0]; *p; p++) {
        out[size++] = *p;
    }
    for (const char *p = middle; *p; p++) {
        out[size++] = *p;
    }
    for (const char *p = parts[1]; *p; p++) {
        out[size++] = *p;
    }
    if (number != UINT32_MAX) {
        char digits[10];
        uint32_t count = 0;
        out[size++] = column == COLUMN_PAGE ? '/' : '-';
        do {
            digits[count++] = (char)('0' + number % 10);
            number /= 10;
        } while (number);
        while (count) {
            out[size++] = digits[--count];
        }
    }
    return size;
}

static int dictionary_init(event_column *column, int index, uint32_t words)
{
    column->bytes = malloc((size_t)words * 32);
    column->offsets = malloc(((size_t)words + 1) * sizeof *column->offsets);
    if (!column->bytes || !column->offsets) {
        return GEN_E_NOMEM;
    }
    column->offsets[0] = 0;
    for (uint32_t i = 0; i < words; i++) {
        char word[64];
        uint32_t size = make_word(index, i, word);
        memcpy(column->bytes + column->offsets[i], word, size);
        column->offsets[i + 1] = column->offsets[i] + size;
    }
    return 0;
}

static int names_init(event_column *names)
{
    names->bytes = malloc(GEN_EVENT_TYPES * 32);
    names->offsets = malloc((GEN_EVENT_TYPES + 1) * sizeof *names->offsets);
    if (!names->bytes || !names->offsets) {
        return GEN_E_NOMEM;
    }
    names->offsets[0] = 0;
    for (uint32_t i = 0; i < GEN_EVENT_TYPES; i++) {
        size_t size = strlen(gen_event_names[i]);
        memcpy(names->bytes + names->offsets[i], gen_event_names[i], size);
        names->offsets[i + 1] = names->offsets[i] + size;
    }
    return 0;
}

/* ---- batches --------------------------------------------------------------------------------- */

static void event_column_deinit(event_column *column)
{
    free(column->numbers);
    free(column->codes);
    free(column->flags);
    free(column->states);
    free(column->bytes);
    free(column->offsets);
}

static int event_column_init(event_column *column, int index, size_t rows)
{
    seg_type type = event_columns[index].type;
    column->states = malloc(rows);
    if (!column->states) {
        return GEN_E_NOMEM;
    }
    memset(column->states, SEG_VALUE_ABSENT, rows);
    if (type == SEG_TYPE_STRING) {
        column->codes = calloc(rows, sizeof *column->codes);
        return column->codes ? dictionary_init(column, index, event_columns[index].words)
                             : GEN_E_NOMEM;
    }
    if (type == SEG_TYPE_BOOL) {
        column->flags = calloc(rows, 1);
        return column->flags ? 0 : GEN_E_NOMEM;
    }
    column->numbers = calloc(rows, sizeof *column->numbers);
    return column->numbers ? 0 : GEN_E_NOMEM;
}

static void event_batch_deinit(event_batch *batch)
{
    free(batch->ids);
    free(batch->id_bytes);
    free(batch->id_offsets);
    free(batch->times);
    free(batch->types);
    free(batch->event_id_bytes);
    free(batch->event_id_offsets);
    for (int i = 0; i < EVENT_COLUMNS; i++) {
        event_column_deinit(&batch->columns[i]);
    }
    event_column_deinit(&batch->names);
}

static int event_batch_init(event_batch *batch, size_t rows)
{
    batch->rows_max = rows;
    batch->ids = malloc(rows * sizeof *batch->ids);
    batch->id_bytes = malloc(rows * 24);
    batch->id_offsets = calloc(rows + 1, sizeof *batch->id_offsets);
    batch->times = malloc(rows * sizeof *batch->times);
    batch->types = malloc(rows * sizeof *batch->types);
    batch->event_id_bytes = malloc(rows * 24);
    batch->event_id_offsets = calloc(rows + 1, sizeof *batch->event_id_offsets);
    if (!batch->ids || !batch->id_bytes || !batch->id_offsets || !batch->times || !batch->types ||
        !batch->event_id_bytes || !batch->event_id_offsets) {
        return GEN_E_NOMEM;
    }
    for (int i = 0; i < EVENT_COLUMNS; i++) {
        int result = event_column_init(&batch->columns[i], i, rows);
        if (result) {
            return result;
        }
    }
    return names_init(&batch->names);
}

/* Batches show only the columns that some row of theirs fills. */
static uint64_t view_columns(const event_batch *batch, seg_column *out)
{
    uint64_t used = 0;
    for (int i = 0; i < EVENT_COLUMNS; i++) {
        const event_column *column = &batch->columns[i];
        if (!memchr(column->states, SEG_VALUE_SET, (size_t)batch->rows)) {
            continue;
        }
        seg_column view = SEG_COLUMN_INIT;
        view.type = event_columns[i].type;
        view.scale = i == COLUMN_AMOUNT ? 2 : 0;
        view.name = event_columns[i].name;
        view.name_size = strlen(view.name);
        view.states = column->states;
        if (column->codes) {
            view.values = column->bytes;
            view.offsets = column->offsets;
            view.codes = column->codes;
            view.dictionary_count = event_columns[i].words;
        } else if (column->flags) {
            view.values = column->flags;
        } else {
            view.values = column->numbers;
        }
        out[used++] = view;
    }
    return used;
}

static int send(generator *gen)
{
    event_batch *batch = &gen->batch;
    seg_column columns[EVENT_COLUMNS];
    seg_column types = SEG_COLUMN_INIT;
    seg_column ids = SEG_COLUMN_INIT;
    seg_batch made = SEG_BATCH_INIT;
    types.type = ids.type = SEG_TYPE_STRING;
    types.name = "event";
    types.name_size = 5;
    types.values = batch->names.bytes;
    types.offsets = batch->names.offsets;
    types.codes = batch->types;
    types.dictionary_count = GEN_EVENT_TYPES;
    ids.name = "id";
    ids.name_size = 2;
    ids.values = batch->event_id_bytes;
    ids.offsets = batch->event_id_offsets;
    made.row_count = batch->rows;
    if (gen->options->ids_u64) {
        made.user_ids = batch->ids;
    } else {
        made.user_bytes = batch->id_bytes;
        made.user_offsets = batch->id_offsets;
    }
    made.times = batch->times;
    made.event_types = &types;
    made.event_ids = gen->options->event_ids ? &ids : NULL;
    made.columns = columns;
    made.column_count = view_columns(batch, columns);
    int result = gen->sink(gen->user, &made);
    for (int i = 0; i < EVENT_COLUMNS; i++) {
        memset(batch->columns[i].states, SEG_VALUE_ABSENT, (size_t)batch->rows);
    }
    batch->rows = 0;
    return result;
}

/* ---- one event ------------------------------------------------------------------------------- */

static void put_number(event_batch *batch, int column, uint64_t row, uint64_t number)
{
    batch->columns[column].numbers[row] = (int64_t)number;
    batch->columns[column].states[row] = SEG_VALUE_SET;
}

static void put_code(event_batch *batch, int column, uint64_t row, uint64_t code)
{
    batch->columns[column].codes[row] = (uint32_t)code;
    batch->columns[column].states[row] = SEG_VALUE_SET;
}

/* Small numbers are much likelier than large ones. */
static uint64_t skewed(gen_random *random, uint64_t bound)
{
    uint64_t first = gen_below(random, bound);
    uint64_t second = gen_below(random, bound);
    uint64_t third = gen_below(random, bound);
    uint64_t least = first < second ? first : second;
    return least < third ? least : third;
}

/* What is put into the cart is what is bought later in the session. */
static void choose_product(generator *gen, session_state *session)
{
    uint64_t total = gen->category_sums[GEN_CATEGORIES - 1];
    session->category = gen_below(&session->random, 2)
                            ? (uint8_t)gen_favourite(&gen->people, session->user)
                            : (uint8_t)gen_pick(gen->category_sums, GEN_CATEGORIES,
                                                gen_below(&session->random, total));
    uint64_t per_category = GEN_SKUS / GEN_CATEGORIES;
    session->sku =
        (uint32_t)(session->category * per_category + skewed(&session->random, per_category));
}

static void put_product(generator *gen, const session_state *session, uint64_t row)
{
    put_code(&gen->batch, COLUMN_CATEGORY, row, session->category);
    put_code(&gen->batch, COLUMN_SKU, row, session->sku);
}

static void put_properties(generator *gen, session_state *session, uint32_t type, uint64_t row)
{
    event_batch *batch = &gen->batch;
    gen_random *random = &session->random;
    switch (type) {
    case GEN_ADD_TO_CART:
        choose_product(gen, session);
        put_product(gen, session, row);
        break;
    case GEN_PURCHASE:
        put_product(gen, session, row);
        put_number(batch, COLUMN_AMOUNT, row, gen_quantile(random, gen_amounts));
        batch->columns[COLUMN_COUPON].flags[row] = gen_below(random, 5) == 0;
        batch->columns[COLUMN_COUPON].states[row] = SEG_VALUE_SET;
        break;
    case GEN_REFUND:
        put_number(batch, COLUMN_AMOUNT, row, gen_quantile(random, gen_amounts));
        break;
    case GEN_PAGE_VIEW: put_code(batch, COLUMN_PAGE, row, skewed(random, GEN_PAGES)); break;
    case GEN_VIDEO_WATCHED:
        put_code(batch, COLUMN_OBJECT, row, skewed(random, GEN_OBJECTS));
        put_number(batch, COLUMN_SECONDS, row, gen_quantile(random, gen_seconds));
        break;
    case GEN_SEARCH: put_code(batch, COLUMN_TERM, row, skewed(random, GEN_TERMS)); break;
    case GEN_MESSAGE_OPENED:
        put_code(batch, COLUMN_CHANNEL, row, skewed(random, GEN_CHANNELS));
        break;
    case GEN_REVIEW_SUBMITTED: put_number(batch, COLUMN_STARS, row, 5 - skewed(random, 5)); break;
    case GEN_LEVEL_COMPLETED: put_number(batch, COLUMN_LEVEL, row, 1 + skewed(random, 60)); break;
    default: break;
    }
}

static void put_event(generator *gen, session_state *session)
{
    event_batch *batch = &gen->batch;
    uint64_t row = batch->rows++;
    uint32_t type = templates[session->kind].steps[session->step];
    batch->ids[row] = session->user + 1;
    batch->id_offsets[row + 1] =
        batch->id_offsets[row] +
        gen_user_id(session->user, batch->id_bytes + batch->id_offsets[row]);
    batch->times[row] = session->time;
    batch->types[row] = type;
    uint32_t size =
        gen_user_id(batch->sequence++, batch->event_id_bytes + batch->event_id_offsets[row]);
    batch->event_id_bytes[batch->event_id_offsets[row]] = 'e';
    batch->event_id_offsets[row + 1] = batch->event_id_offsets[row] + size;
    put_properties(gen, session, type, row);
}

/* ---- the heap of sessions -------------------------------------------------------------------- */

static bool earlier(const session_state *a, const session_state *b)
{
    return a->time < b->time || (a->time == b->time && a->index < b->index);
}

static void sift_down(session_state *heap, size_t count, size_t at)
{
    session_state moving = heap[at];
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= count) {
            break;
        }
        if (child + 1 < count && earlier(&heap[child + 1], &heap[child])) {
            child++;
        }
        if (!earlier(&heap[child], &moving)) {
            break;
        }
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = moving;
}

static int heap_add(generator *gen, const session_state *session)
{
    if (gen->heap_count == gen->heap_capacity) {
        size_t capacity = gen->heap_capacity ? gen->heap_capacity * 2 : 1024;
        session_state *grown = realloc(gen->heap, capacity * sizeof *grown);
        if (!grown) {
            return GEN_E_NOMEM;
        }
        gen->heap = grown;
        gen->heap_capacity = capacity;
    }
    size_t at = gen->heap_count++;
    while (at > 0 && earlier(session, &gen->heap[(at - 1) / 2])) {
        gen->heap[at] = gen->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    gen->heap[at] = *session;
    return 0;
}

/* ---- sessions -------------------------------------------------------------------------------- */

static uint8_t session_kind(const generator *gen, uint64_t index)
{
    gen_random random = gen_stream(gen->options->seed, GEN_STREAM_SESSION_KIND, index);
    uint64_t total = gen->kind_sums[TEMPLATES - 1];
    return (uint8_t)gen_pick(gen->kind_sums, TEMPLATES, gen_below(&random, total));
}

/* So many sessions hold the events asked for; the last ones may be cut short. */
static uint64_t count_sessions(const generator *gen)
{
    uint64_t sessions = 0;
    for (uint64_t events = 0; events < gen->options->events; sessions++) {
        events += templates[session_kind(gen, sessions)].count;
    }
    return sessions;
}

/* Session `index` of `count`: evenly over the days, over the day by the hours' shares. */
static int64_t session_time(const generator *gen, uint64_t index, uint64_t count)
{
    gen_random random = gen_stream(gen->options->seed, GEN_STREAM_SESSION, index ^ UINT64_MAX);
    uint64_t place = (index * 1024 + gen_below(&random, 1024)) * GEN_DAYS;
    uint64_t day = place / (count * 1024);
    uint64_t share = place % (count * 1024) * 4194304 / (count * 1024);
    uint32_t hour = 0;
    while (share >= gen_hours[hour + 1]) {
        hour++;
    }
    uint64_t width = gen_hours[hour + 1] - gen_hours[hour];
    uint64_t inside_ms = (share - gen_hours[hour]) * 3600000 / width;
    return GEN_BEGIN + (int64_t)day * GEN_DAY_US +
           ((int64_t)hour * 3600000 + (int64_t)inside_ms) * 1000;
}

static void begin_session(const generator *gen, uint64_t index, int64_t time, session_state *out)
{
    *out = (session_state){.time = time, .index = index};
    out->random = gen_stream(gen->options->seed, GEN_STREAM_SESSION, index);
    out->kind = session_kind(gen, index);
    bool signup = templates[out->kind].steps[1] == GEN_SIGNUP_STARTED;
    out->user = signup ? gen_new_user(&gen->people, time)
                       : gen_active_user(&gen->people, &out->random, time);
}

/* The session's next step: 3 seconds to 4 minutes later, mostly soon. */
static void step_session(session_state *session)
{
    session->step++;
    session->time += (int64_t)(3000 + skewed(&session->random, 237000)) * 1000;
}

static int run_sessions(generator *gen)
{
    uint64_t left = gen->options->events;
    uint64_t sessions = count_sessions(gen);
    uint64_t next = 0;
    int64_t next_time = sessions ? session_time(gen, 0, sessions) : 0;
    int result = 0;
    while (left > 0 && result == 0) {
        if (next < sessions && (gen->heap_count == 0 || next_time <= gen->heap[0].time)) {
            session_state fresh;
            begin_session(gen, next++, next_time, &fresh);
            next_time = next < sessions ? session_time(gen, next, sessions) : 0;
            result = heap_add(gen, &fresh);
            continue;
        }
        session_state *top = &gen->heap[0];
        put_event(gen, top);
        left--;
        step_session(top);
        if (top->step == templates[top->kind].count) {
            gen->heap[0] = gen->heap[--gen->heap_count];
        }
        if (gen->heap_count > 0) {
            sift_down(gen->heap, gen->heap_count, 0);
        }
        if (gen->batch.rows == gen->batch.rows_max || left == 0) {
            result = send(gen);
        }
    }
    return result;
}

int gen_events(const gen_options *options, gen_sink sink, void *user)
{
    if (options->users == 0 || options->users > UINT32_MAX) {
        return GEN_E_OPTIONS;
    }
    generator gen = {.options = options, .sink = sink, .user = user};
    gen_people_init(&gen.people, options);
    for (size_t i = 0; i < TEMPLATES; i++) {
        gen.kind_sums[i] = templates[i].weight + (i ? gen.kind_sums[i - 1] : 0);
    }
    for (size_t i = 0; i < GEN_CATEGORIES; i++) {
        gen.category_sums[i] = gen_ranks[i] + (i ? gen.category_sums[i - 1] : 0);
    }
    int result = event_batch_init(&gen.batch, options->batch_rows ? options->batch_rows : 65536);
    if (result == 0) {
        result = run_sessions(&gen);
    }
    event_batch_deinit(&gen.batch);
    free(gen.heap);
    return result;
}
