/* gen_users.c - attributes of the generated users. See gen.h. */
#include "gen_people.h"
#include "gen_tables.h"

#include <stdlib.h>
#include <string.h>

#define USER_COLUMNS 10

enum {
    COLUMN_COUNTRY,
    COLUMN_AGE,
    COLUMN_BIRTHDAY,
    COLUMN_INCOME,
    COLUMN_EMPLOYED,
    COLUMN_PLAN,
    COLUMN_INTERESTS,
    COLUMN_HOME,
    COLUMN_TIMEZONE,
    COLUMN_SIGNED_UP
};

/* A dictionary of texts in the form of seg_column. */
typedef struct word_list {
    char *bytes;
    uint64_t *offsets;
} word_list;

/* One batch of users. */
typedef struct user_batch {
    uint64_t rows;
    uint64_t *ids;
    char *id_bytes;
    uint64_t *id_offsets;
    uint32_t *countries, *plans, *zones, *interests;
    int64_t *ages, *incomes, *signed_up;
    int32_t *birthdays;
    uint8_t *employed;
    double *homes;
    uint64_t *lists;
    uint8_t *age_states, *income_states, *interest_states, *home_states;
    word_list words[USER_COLUMNS];
    uint64_t place_sums[GEN_PLACES];
    uint64_t interest_sums[GEN_INTERESTS];
} user_batch;

#define INTERESTS_MAX 5

static int words_init(word_list *list, const char *const *words, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        size += strlen(words[i]);
    }
    list->bytes = malloc(size);
    list->offsets = malloc((count + 1) * sizeof *list->offsets);
    if (!list->bytes || !list->offsets) {
        return GEN_E_NOMEM;
    }
    list->offsets[0] = 0;
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(words[i]);
        memcpy(list->bytes + list->offsets[i], words[i], length);
        list->offsets[i + 1] = list->offsets[i] + length;
    }
    return 0;
}

static void user_batch_deinit(user_batch *batch)
{
    void *owned[] = {batch->ids,
                     batch->id_bytes,
                     batch->id_offsets,
                     batch->countries,
                     batch->plans,
                     batch->zones,
                     batch->interests,
                     batch->ages,
                     batch->incomes,
                     batch->signed_up,
                     batch->birthdays,
                     batch->employed,
                     batch->homes,
                     batch->lists,
                     batch->age_states,
                     batch->income_states,
                     batch->interest_states,
                     batch->home_states};
    for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++) {
        free(owned[i]);
    }
    for (size_t i = 0; i < USER_COLUMNS; i++) {
        free(batch->words[i].bytes);
        free(batch->words[i].offsets);
    }
}

static int user_batch_init(user_batch *batch, size_t rows)
{
    *batch = (user_batch){0};
    batch->ids = malloc(rows * sizeof *batch->ids);
    batch->id_bytes = malloc(rows * 24);
    batch->id_offsets = malloc((rows + 1) * sizeof *batch->id_offsets);
    batch->countries = malloc(rows * sizeof *batch->countries);
    batch->plans = malloc(rows * sizeof *batch->plans);
    batch->zones = malloc(rows * sizeof *batch->zones);
    batch->interests = malloc(rows * INTERESTS_MAX * sizeof *batch->interests);
    batch->ages = malloc(rows * sizeof *batch->ages);
    batch->incomes = malloc(rows * sizeof *batch->incomes);
    batch->signed_up = malloc(rows * sizeof *batch->signed_up);
    batch->birthdays = malloc(rows * sizeof *batch->birthdays);
    batch->employed = malloc(rows);
    batch->homes = malloc(rows * 2 * sizeof *batch->homes);
    batch->lists = malloc((rows + 1) * sizeof *batch->lists);
    batch->age_states = malloc(rows);
    batch->income_states = malloc(rows);
    batch->interest_states = malloc(rows);
    batch->home_states = malloc(rows);
    if (!batch->ids || !batch->id_bytes || !batch->id_offsets || !batch->countries ||
        !batch->plans || !batch->zones || !batch->interests || !batch->ages || !batch->incomes ||
        !batch->signed_up || !batch->birthdays || !batch->employed || !batch->homes ||
        !batch->lists || !batch->age_states || !batch->income_states || !batch->interest_states ||
        !batch->home_states ||
        words_init(&batch->words[COLUMN_COUNTRY], gen_countries, GEN_COUNTRIES) ||
        words_init(&batch->words[COLUMN_PLAN], gen_plans, GEN_PLANS) ||
        words_init(&batch->words[COLUMN_TIMEZONE], gen_zones, GEN_ZONES) ||
        words_init(&batch->words[COLUMN_INTERESTS], gen_interests, GEN_INTERESTS)) {
        return GEN_E_NOMEM;
    }
    for (uint32_t i = 0; i < GEN_PLACES; i++) {
        batch->place_sums[i] = gen_places[i].weight + (i ? batch->place_sums[i - 1] : 0);
    }
    for (uint32_t i = 0; i < GEN_INTERESTS; i++) {
        batch->interest_sums[i] = gen_ranks[i + 4] + (i ? batch->interest_sums[i - 1] : 0);
    }
    return 0;
}

/* ---- one user -------------------------------------------------------------------------------- */

/* Where the user lives: near a city, closer places likelier than far ones. */
static void make_place(user_batch *batch, uint64_t row, gen_random *random)
{
    uint64_t total = batch->place_sums[GEN_PLACES - 1];
    const gen_place *place =
        &gen_places[gen_pick(batch->place_sums, GEN_PLACES, gen_below(random, total))];
    int64_t offsets[2] = {0, 0};
    for (int axis = 0; axis < 2; axis++) {
        for (int i = 0; i < 3; i++) {
            offsets[axis] += (int64_t)gen_below(random, 4000001) - 2000000;
        }
    }
    batch->countries[row] = place->country;
    batch->zones[row] = place->zone;
    /* One division, correctly rounded everywhere. */
    batch->homes[2 * row] = (double)(place->latitude + offsets[0]) / 10000000.0;
    batch->homes[2 * row + 1] = (double)(place->longitude + offsets[1]) / 10000000.0;
    batch->home_states[row] = gen_below(random, 100) < 5 ? SEG_VALUE_ABSENT : SEG_VALUE_SET;
}

static void make_person(user_batch *batch, uint64_t row, gen_random *random)
{
    uint64_t first = gen_below(random, 68);
    uint64_t second = gen_below(random, 68);
    batch->ages[row] = 18 + (int64_t)(first < second ? first : second);
    batch->age_states[row] = gen_below(random, 100) < 4 ? SEG_VALUE_ABSENT : SEG_VALUE_SET;
    int32_t today = (int32_t)(GEN_NOW / GEN_DAY_US);
    batch->birthdays[row] =
        today - (int32_t)(batch->ages[row] * 36525 / 100) - (int32_t)gen_below(random, 365);
    batch->incomes[row] = (int64_t)(gen_quantile(random, gen_incomes) / 100 * 100);
    uint64_t missing = gen_below(random, 100);
    batch->income_states[row] = (uint8_t)(missing < 7    ? SEG_VALUE_ABSENT
                                          : missing < 15 ? SEG_VALUE_NULL
                                                         : SEG_VALUE_SET);
    bool working_age = batch->ages[row] >= 22 && batch->ages[row] < 65;
    batch->employed[row] = gen_below(random, 100) < (working_age ? 78u : 25u);
    uint64_t plan = gen_below(random, 100);
    batch->plans[row] = plan < 62 ? 0 : plan < 82 ? 1 : plan < 95 ? 2 : 3;
}

static void make_interests(user_batch *batch, uint64_t row, gen_random *random)
{
    uint64_t begin = batch->lists[row];
    uint64_t end = begin;
    uint64_t wanted = gen_below(random, INTERESTS_MAX + 1);
    batch->interest_states[row] = gen_below(random, 100) < 10 ? SEG_VALUE_ABSENT : SEG_VALUE_SET;
    if (batch->interest_states[row] != SEG_VALUE_SET) {
        wanted = 0;
    }
    while (end - begin < wanted) {
        uint64_t total = batch->interest_sums[GEN_INTERESTS - 1];
        uint32_t interest = gen_pick(batch->interest_sums, GEN_INTERESTS, gen_below(random, total));
        uint64_t at = begin;
        while (at < end && batch->interests[at] != interest) {
            at++;
        }
        if (at == end) {
            batch->interests[end++] = interest;
        }
    }
    batch->lists[row + 1] = end;
}

static void make_user(user_batch *batch, const gen_people *people, uint64_t user)
{
    uint64_t row = batch->rows++;
    gen_random random = gen_stream(people->seed, GEN_STREAM_ATTRIBUTES, user);
    batch->ids[row] = user + 1;
    batch->id_offsets[row + 1] =
        batch->id_offsets[row] + gen_user_id(user, batch->id_bytes + batch->id_offsets[row]);
    batch->signed_up[row] = gen_signed_up(people, user) / 1000000 * 1000000;
    make_place(batch, row, &random);
    make_person(batch, row, &random);
    make_interests(batch, row, &random);
}

/* ---- the batch ------------------------------------------------------------------------------- */

static seg_column column(const char *name, seg_type type, const void *values, const uint8_t *states)
{
    seg_column made = SEG_COLUMN_INIT;
    made.name = name;
    made.name_size = strlen(name);
    made.type = type;
    made.values = values;
    made.states = states;
    return made;
}

static seg_column coded(const user_batch *batch, const char *name, int index, const uint32_t *codes,
                        uint64_t words)
{
    seg_column made = column(name, SEG_TYPE_STRING, batch->words[index].bytes, NULL);
    made.offsets = batch->words[index].offsets;
    made.codes = codes;
    made.dictionary_count = words;
    return made;
}

static int send(const user_batch *batch, const gen_options *options, gen_sink sink, void *user)
{
    seg_column columns[USER_COLUMNS];
    columns[COLUMN_COUNTRY] =
        coded(batch, "country", COLUMN_COUNTRY, batch->countries, GEN_COUNTRIES);
    columns[COLUMN_AGE] = column("age", SEG_TYPE_INT64, batch->ages, batch->age_states);
    columns[COLUMN_BIRTHDAY] =
        column("birthday", SEG_TYPE_DATE, batch->birthdays, batch->age_states);
    columns[COLUMN_INCOME] = column("income", SEG_TYPE_INT64, batch->incomes, batch->income_states);
    columns[COLUMN_EMPLOYED] = column("employed", SEG_TYPE_BOOL, batch->employed, NULL);
    columns[COLUMN_PLAN] = coded(batch, "plan", COLUMN_PLAN, batch->plans, GEN_PLANS);
    columns[COLUMN_INTERESTS] =
        coded(batch, "interests", COLUMN_INTERESTS, batch->interests, GEN_INTERESTS);
    columns[COLUMN_INTERESTS].type = SEG_TYPE_STRING_SET;
    columns[COLUMN_INTERESTS].lists = batch->lists;
    columns[COLUMN_INTERESTS].states = batch->interest_states;
    columns[COLUMN_HOME] = column("home", SEG_TYPE_GEO, batch->homes, batch->home_states);
    columns[COLUMN_TIMEZONE] = coded(batch, "timezone", COLUMN_TIMEZONE, batch->zones, GEN_ZONES);
    columns[COLUMN_SIGNED_UP] = column("signed_up", SEG_TYPE_TIMESTAMP, batch->signed_up, NULL);
    seg_batch made = SEG_BATCH_INIT;
    made.row_count = batch->rows;
    if (options->ids_u64) {
        made.user_ids = batch->ids;
    } else {
        made.user_bytes = batch->id_bytes;
        made.user_offsets = batch->id_offsets;
    }
    made.columns = columns;
    made.column_count = USER_COLUMNS;
    return sink(user, &made);
}

int gen_users(const gen_options *options, gen_sink sink, void *user)
{
    gen_people people;
    user_batch batch;
    uint64_t rows_max = options->batch_rows ? options->batch_rows : 65536;
    if (options->users == 0 || options->users > UINT32_MAX) {
        return GEN_E_OPTIONS;
    }
    gen_people_init(&people, options);
    int result = user_batch_init(&batch, (size_t)rows_max);
    for (uint64_t next = 0; next < options->users && result == 0;) {
        batch.rows = 0;
        batch.id_offsets[0] = 0;
        batch.lists[0] = 0;
        while (next < options->users && batch.rows < rows_max) {
            make_user(&batch, &people, next++);
        }
        result = send(&batch, options, sink, user);
    }
    user_batch_deinit(&batch);
    return result;
}
