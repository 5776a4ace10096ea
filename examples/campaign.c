/* examples/campaign.c - one predicate with parameters, asked for several campaigns.
 *
 * A parameter stands for a literal only, so a value that somebody typed into a form can never
 * change what the predicate means. Its type follows from its place. */
#include <seg/seg.h>

#include <stdio.h>
#include <string.h>

#define TEXT(literal) (literal), (sizeof(literal) - 1)
#define DAY_US INT64_C(86400000000)
#define JANUARY_1 INT64_C(1767225600000000)

static const char campaign[] = "country in $countries and age >= $age "
                               "and did \"visit\" in last $days days and not did \"purchase\"";

static seg_status add_people(seg_store *store, seg_error *err)
{
    static const char *const countries[] = {"KR", "DE", "US"};
    seg_appender *rows = NULL;
    seg_status status = seg_appender_create(store, &rows, err);
    for (int i = 0; i < 300 && status == SEG_OK; i++) {
        char id[16];
        size_t size = (size_t)snprintf(id, sizeof id, "p%d", i);
        status = seg_appender_user(rows, id, size, err);
        if (status == SEG_OK) {
            status = seg_appender_set_string(rows, TEXT("country"), countries[i % 3], 2, err);
        }
        if (status == SEG_OK) {
            status = seg_appender_set_int64(rows, TEXT("age"), 18 + i % 60, err);
        }
        if (status == SEG_OK) {
            status =
                seg_appender_event(rows, id, size, TEXT("visit"), JANUARY_1 + i % 31 * DAY_US, err);
        }
        if (status == SEG_OK && i % 4 == 0) {
            status = seg_appender_event(rows, id, size, TEXT("purchase"),
                                        JANUARY_1 + i % 31 * DAY_US, err);
        }
    }
    if (status == SEG_OK) {
        status = seg_appender_commit(rows, NULL, NULL, err);
    }
    seg_appender_destroy(rows);
    return status;
}

/* Binds the values and counts. `segment` stays as it is, for the next campaign. */
static seg_status count_campaign(const seg_segment *segment, seg_snapshot *snapshot,
                                 const char *const *countries, size_t country_count, int64_t age,
                                 int64_t days, seg_error *err)
{
    seg_params *params = NULL;
    seg_segment *bound = NULL;
    uint64_t count = 0;
    seg_status status = seg_params_create(NULL, &params, err);
    for (size_t i = 0; i < country_count && status == SEG_OK; i++) {
        status = seg_params_add_string(params, TEXT("countries"), countries[i],
                                       strlen(countries[i]), err);
    }
    if (status == SEG_OK) {
        status = seg_params_add_int64(params, TEXT("age"), age, err);
    }
    if (status == SEG_OK) {
        status = seg_params_add_int64(params, TEXT("days"), days, err);
    }
    if (status == SEG_OK) {
        status = seg_segment_bind(segment, params, &bound, err);
    }
    if (status == SEG_OK) {
        status = seg_segment_count(bound, snapshot, JANUARY_1 + 31 * DAY_US, NULL, &count, err);
    }
    if (status == SEG_OK) {
        printf("age >= %d, visit in last %d days: %llu people\n", (int)age, (int)days,
               (unsigned long long)count);
    }
    seg_segment_release(bound);
    seg_params_destroy(params);
    return status;
}

static seg_status run_campaigns(seg_store *store, seg_error *err)
{
    static const char *const europe[] = {"DE"};
    static const char *const others[] = {"KR", "US"};
    seg_segment *segment = NULL;
    seg_snapshot *snapshot = NULL;
    seg_status status = seg_segment_compile(store, TEXT(campaign), 0, &segment, err);
    if (status == SEG_OK) {
        status = seg_snapshot_create(store, &snapshot, err);
    }
    if (status == SEG_OK) {
        status = count_campaign(segment, snapshot, europe, 1, 30, 14, err);
    }
    if (status == SEG_OK) {
        status = count_campaign(segment, snapshot, others, 2, 18, 30, err);
    }
    seg_snapshot_release(snapshot);
    seg_segment_release(segment);
    return status;
}

int main(void)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = NULL;
    seg_status status = seg_store_open(TEXT(":memory:"), NULL, &store, &err);
    if (status == SEG_OK) {
        status = add_people(store, &err);
    }
    if (status == SEG_OK) {
        status = run_campaigns(store, &err);
    }
    if (status != SEG_OK) {
        fprintf(stderr, "%s: %s %s\n", seg_status_name(status), err.message, err.hint);
    }
    seg_status closed = seg_store_close(store, NULL);
    return status == SEG_OK && closed == SEG_OK ? 0 : 1;
}
