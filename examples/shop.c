/* examples/shop.c - the shortest way through the library: rows in, a predicate, ids out.
 *
 *   cc shop.c $(pkg-config --cflags --libs libseg) && ./a.out */
#include <seg/seg.h>

#include <stdio.h>
#include <string.h>

#define TEXT(literal) (literal), (sizeof(literal) - 1)
#define DAY_US INT64_C(86400000000)
#define JANUARY_1 INT64_C(1767225600000000) /* 2026-01-01T00:00:00Z */

/* Gathers rows and commits them together: all of them or none. */
static seg_status add_rows(seg_store *store, seg_error *err)
{
    static const struct {
        const char *user;
        int day;
        int64_t cents;
    } purchases[] = {{"ana", 2, 4999}, {"ana", 20, 1250}, {"kim", 25, 20000}, {"lee", 3, 900}};
    seg_appender *rows = NULL;
    seg_status status = seg_appender_create(store, &rows, err);
    for (size_t i = 0; i < 4 && status == SEG_OK; i++) {
        status = seg_appender_event(rows, purchases[i].user, strlen(purchases[i].user),
                                    TEXT("purchase"), JANUARY_1 + purchases[i].day * DAY_US, err);
        if (status == SEG_OK) {
            /* Money is a decimal: an integer and where its point stands. */
            status = seg_appender_set_decimal(rows, TEXT("amount"), purchases[i].cents, 2, err);
        }
    }
    if (status == SEG_OK) {
        status = seg_appender_user(rows, TEXT("ana"), err);
    }
    if (status == SEG_OK) {
        status = seg_appender_set_string(rows, TEXT("country"), TEXT("ES"), err);
    }
    if (status == SEG_OK) {
        status = seg_appender_commit(rows, NULL, NULL, err);
    }
    seg_appender_destroy(rows);
    return status;
}

/* Ids come in blocks; each is bytes[offsets[i] .. offsets[i + 1]). */
static seg_status print_ids(const seg_set *set, seg_error *err)
{
    seg_set_cursor *cursor = NULL;
    uint64_t offsets[64 + 1];
    const char *bytes;
    uint64_t count = 1;
    seg_status status = seg_set_cursor_create(set, &cursor, err);
    while (status == SEG_OK && count > 0) {
        status = seg_set_cursor_next(cursor, 64, offsets, &bytes, &count, err);
        for (uint64_t i = 0; i < count && status == SEG_OK; i++) {
            printf("  %.*s\n", (int)(offsets[i + 1] - offsets[i]), bytes + offsets[i]);
        }
    }
    seg_set_cursor_destroy(cursor);
    return status;
}

static seg_status ask(seg_store *store, const char *predicate, seg_error *err)
{
    seg_segment *segment = NULL;
    seg_snapshot *snapshot = NULL;
    seg_set *set = NULL;
    seg_status status = seg_segment_compile(store, predicate, strlen(predicate), 0, &segment, err);
    if (status == SEG_OK) {
        status = seg_snapshot_create(store, &snapshot, err);
    }
    if (status == SEG_OK) {
        /* The instant of evaluation is always said: the library has no clock. */
        status = seg_segment_evaluate(segment, snapshot, JANUARY_1 + 31 * DAY_US, NULL, &set, err);
    }
    if (status == SEG_OK) {
        printf("%s: %llu\n", predicate, (unsigned long long)seg_set_count(set));
        status = print_ids(set, err);
    }
    seg_set_release(set);
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
        status = add_rows(store, &err);
    }
    if (status == SEG_OK) {
        status = ask(store, "did \"purchase\" in last 14 days", &err);
    }
    if (status == SEG_OK) {
        status = ask(store, "sum(amount) of \"purchase\" >= 50 and country = \"ES\"", &err);
    }
    if (status != SEG_OK) {
        fprintf(stderr, "%s: %s %s\n", seg_status_name(status), err.message, err.hint);
    }
    seg_status closed = seg_store_close(store, NULL);
    return status == SEG_OK && closed == SEG_OK ? 0 : 1;
}
