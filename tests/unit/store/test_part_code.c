/* Runs and columns as bytes: what is written comes back, and nothing else is believed. */
#include "store/part_code.h"
#include "store_case.h"
#include "support/check_main.h"

/* ---- a store with columns of every kind ------------------------------------------------------ */

#define USERS 70000u

typedef struct rows_made {
    uint64_t ids[3000];
    int64_t times[3000], ints[3000], wide[3000], few[3000];
    double floats[3000];
    uint8_t flags[3000], states[3000], nulls[3000];
} rows_made;

static void rows_make(case_rng *rng, rows_made *r, size_t rows, uint32_t turn)
{
    uint64_t unit = turn % 3 == 0 ? 1 : turn % 3 == 1 ? 1000 : 60000000;
    for (size_t i = 0; i < rows; i++) {
        r->ids[i] = case_below(rng, 4) ? case_below(rng, 300) : case_below(rng, USERS);
        r->times[i] = CASE_NOW - (int64_t)(case_below(rng, 86400000000u) / unit * unit);
        r->ints[i] = (int64_t)case_below(rng, 1000) * 25 - 500;
        r->wide[i] = (int64_t)case_next(rng);
        r->few[i] = 7;
        r->floats[i] = (double)(int64_t)case_next(rng) / 1e6;
        r->flags[i] = case_below(rng, 2) == 1;
        r->states[i] =
            (uint8_t[]){SEG_VALUE_SET, SEG_VALUE_ABSENT, SEG_VALUE_NULL}[case_below(rng, 3)];
        r->nulls[i] = i % 2 ? SEG_VALUE_NULL : SEG_VALUE_ABSENT;
    }
}

static seg_column rows_column(const char *name, seg_type type, const void *values,
                              const uint8_t *states)
{
    seg_column column = SEG_COLUMN_INIT;
    column.type = type;
    column.name = name;
    column.name_size = strlen(name);
    column.values = values;
    column.states = states;
    return column;
}

static void rows_commit(segi_store *store, rows_made *r, size_t rows, const char *event,
                        size_t column_count)
{
    seg_error err = SEG_ERROR_INIT;
    seg_batch batch = SEG_BATCH_INIT;
    seg_column columns[7] = {rows_column("i", SEG_TYPE_INT64, r->ints, NULL),
                             rows_column("some", SEG_TYPE_INT64, r->ints, r->states),
                             rows_column("few", SEG_TYPE_INT64, r->few, r->states),
                             rows_column("null", SEG_TYPE_INT64, r->ints, r->nulls),
                             rows_column("wide", SEG_TYPE_INT64, r->wide, NULL),
                             rows_column("f", SEG_TYPE_FLOAT64, r->floats, r->states),
                             rows_column("b", SEG_TYPE_BOOL, r->flags, NULL)};
    batch.row_count = rows;
    batch.user_ids = r->ids;
    batch.times = r->times;
    batch.event = event;
    batch.event_size = 1;
    batch.columns = columns;
    batch.column_count = column_count;
    ck_assert_msg(segi_store_commit(store, &batch, 1, NULL, NULL, &err) == SEG_OK, "%s",
                  err.message);
}

/* A store whose runs have pages, although no file is behind them. */
static segi_store *paged_store(void)
{
    segi_store *store = case_store(SEG_ID_U64);
    seg_error err = SEG_ERROR_INIT;
    ck_assert_int_eq(segi_cache_create(&store->mem, 0, &store->cache, &err), SEG_OK);
    return store;
}

static segi_store *full_store(case_rng *rng, uint32_t turn, size_t rows)
{
    static rows_made made;
    segi_store *store = paged_store();
    seg_error err = SEG_ERROR_INIT;
    seg_batch batch = SEG_BATCH_INIT;
    static uint64_t ids[USERS];
    for (uint32_t i = 0; i < USERS; i++)
        ids[i] = i;
    batch.row_count = USERS;
    batch.user_ids = ids;
    ck_assert_int_eq(segi_store_commit(store, &batch, 1, NULL, NULL, &err), SEG_OK);
    for (const char *event = "abc"; *event; event++) {
        rows_make(rng, &made, rows, turn);
        rows_commit(store, &made, rows, event, *event == 'a' ? 0 : *event == 'b' ? 3 : 7);
    }
    segi_snapshot_release(case_snapshot(store));
    ck_assert_int_ge(store->run_count, 1);
    return store;
}

/* ---- comparing ------------------------------------------------------------------------------- */

static void check_users(const segi_part *a, const segi_part *b)
{
    check_fast(a->chunk_count == b->chunk_count && a->user_count == b->user_count);
    for (uint32_t i = 0; i < a->chunk_count; i++) {
        const segi_part_chunk *x = &a->chunks[i], *y = &b->chunks[i];
        static uint16_t x_users[65536], y_users[65536];
        check_fast(x->chunk == y->chunk && x->row_begin == y->row_begin &&
                   x->row_count == y->row_count && x->user_begin == y->user_begin &&
                   x->user_count == y->user_count && x->is_bits == y->is_bits);
        segi_part_users(x, x_users);
        segi_part_users(y, y_users);
        check_fast(memcmp(x_users, y_users, x->user_count * sizeof *x_users) == 0);
        for (uint32_t u = 0; u < x->user_count; u++) {
            uint32_t begin[2], end[2];
            check_fast(segi_part_user_rows(a, x, x_users[u], &begin[0], &end[0]) &&
                       segi_part_user_rows(b, y, x_users[u], &begin[1], &end[1]));
            check_fast(begin[0] == begin[1] && end[0] == end[1]);
        }
    }
}

static void check_column(const segi_col *a, const segi_col *b, uint32_t rows)
{
    check_fast(a->type == b->type && a->width == b->width && a->none_set == b->none_set);
    if (a->type == 0)
        return;
    check_fast(a->base == b->base && a->unit == b->unit && a->min == b->min && a->max == b->max);
    for (uint32_t i = 0; i < rows; i++) {
        check_fast(segi_col_is_set(a, i) == segi_col_is_set(b, i));
        check_fast(segi_col_is_null(a, i) == segi_col_is_null(b, i));
        check_fast(!segi_col_is_set(a, i) || segi_col_slot(a, i) == segi_col_slot(b, i));
    }
}

static void check_part(const segi_part *a, const segi_part *b)
{
    check_fast(a->event == b->event && a->row_count == b->row_count &&
               a->generation == b->generation && a->time_min == b->time_min &&
               a->time_max == b->time_max && a->column_count == b->column_count);
    check_users(a, b);
    check_column(&a->time, &b->time, a->row_count);
    check_column(&a->tie, &b->tie, a->row_count);
    for (uint32_t c = 0; c < a->column_count; c++)
        check_column(&a->columns[c], &b->columns[c], a->row_count);
}

/* ---- a run in memory as bytes and back ------------------------------------------------------- */

/* All columns behind each other, as one block. */
static void run_pack(segi_run *run, segi_buf *rows, segi_buf *head)
{
    segi_run_file *file = run->file;
    file->blocks = segi_alloc_zero(run->mem, sizeof *file->blocks);
    ck_assert_ptr_nonnull(file->blocks);
    for (uint32_t i = 0; i < file->page_count; i++) {
        segi_page *page = &file->pages[i];
        size_t before = rows->size;
        segi_column_encode(run->parts[page->part], page->column, rows);
        page->offset = (uint32_t)before;
        page->size = (uint32_t)(rows->size - before);
    }
    file->blocks[0] = (segi_run_block){1, (uint32_t)rows->size, 0, file->page_count};
    file->block_count = 1;
    segi_run_encode(run, head);
    ck_assert(!rows->failed && !head->failed);
}

/* Load a page from bytes of exactly its size. */
static seg_status page_unpack(segi_run *run, const segi_page *page, const char *bytes, size_t size)
{
    seg_error err = SEG_ERROR_INIT;
    segi_arrays arrays;
    uint8_t *copy = malloc(size ? size : 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, bytes, size);
    seg_status status = segi_column_decode(run->mem, run->parts[page->part], page->column, USERS,
                                           copy, size, &arrays, &err);
    free(copy);
    if (status == SEG_OK)
        segi_part_put(run->parts[page->part], page->column, &arrays);
    else
        check_fast(err.code == status && err.message[0] != 0);
    return status;
}

static seg_status head_unpack(const char *bytes, size_t size, segi_run **out)
{
    seg_error err = SEG_ERROR_INIT;
    uint8_t *copy = malloc(size ? size : 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, bytes, size);
    seg_status status = segi_run_decode(segi_mem_default(), copy, size, out, &err);
    free(copy);
    check_fast((status == SEG_OK) == (*out != NULL));
    return status;
}

START_TEST(test_part_code__comes_back)
{
    case_rng rng = {case_seed(11)};
    for (uint32_t turn = 0; turn < 12; turn++) {
        segi_store *store =
            full_store(&rng, turn, turn < 3 ? turn + 1 : 1 + case_below(&rng, 3000));
        segi_buf rows, head;
        segi_buf_init(&rows, segi_mem_default());
        segi_buf_init(&head, segi_mem_default());
        for (size_t r = 0; r < store->run_count; r++) {
            segi_run *run = store->runs[r], *back;
            segi_buf_reset(&rows);
            segi_buf_reset(&head);
            run_pack(run, &rows, &head);
            ck_assert_int_eq(head_unpack(head.data, head.size, &back), SEG_OK);
            ck_assert_int_eq(back->row_count, run->row_count);
            ck_assert_int_eq(back->has_ties, run->has_ties);
            for (uint32_t i = 0; i < back->file->page_count; i++) {
                const segi_page *page = &back->file->pages[i];
                if (page->size > 0)
                    ck_assert_int_eq(page_unpack(back, page, rows.data + page->offset, page->size),
                                     SEG_OK);
            }
            for (uint32_t i = 0; i < run->part_count; i++)
                check_part(run->parts[i], back->parts[i]);
            segi_run_release(back);
        }
        segi_buf_deinit(&rows);
        segi_buf_deinit(&head);
        segi_store_release(store);
    }
}
END_TEST

/* Read everything of a part that was accepted, as an evaluation would: no read may lie outside. */
static uint64_t walk_part(const segi_part *part)
{
    uint64_t sum = 0;
    static uint16_t lows[65536];
    for (uint32_t i = 0; i < part->chunk_count; i++) {
        const segi_part_chunk *pc = &part->chunks[i];
        segi_part_users(pc, lows);
        for (uint32_t u = 0; u < pc->user_count; u++) {
            uint32_t begin, end;
            check_fast(segi_part_user_rows(part, pc, lows[u], &begin, &end));
            check_fast(begin < end && end <= pc->row_begin + pc->row_count);
            for (; begin < end; begin++)
                sum += (uint64_t)segi_col_slot(&part->time, begin);
        }
    }
    return sum;
}

/* Each byte changed, each length: refused, or a column within its bounds. */
START_TEST(test_part_code__hostile_columns)
{
    case_rng rng = {case_seed(12)};
    segi_store *store = full_store(&rng, 1, 200);
    segi_run *run = store->runs[0], *back;
    segi_buf rows, head;
    segi_buf_init(&rows, segi_mem_default());
    segi_buf_init(&head, segi_mem_default());
    run_pack(run, &rows, &head);
    ck_assert_int_eq(head_unpack(head.data, head.size, &back), SEG_OK);
    uint64_t refused = 0, accepted = 0;
    for (uint32_t i = 0; i < back->file->page_count; i++) {
        segi_page *page = &back->file->pages[i];
        segi_part *part = back->parts[page->part];
        segi_page *time = &part->pages[SEGI_COLUMN_TIME];
        if (page->size == 0)
            continue;
        for (uint32_t size = 0; size < page->size; size++)
            ck_assert_int_eq(page_unpack(back, page, rows.data + page->offset, size),
                             SEG_E_CORRUPT);
        if (page->column == SEGI_COLUMN_USERS && time->size > 0)
            ck_assert_int_eq(page_unpack(back, time, rows.data + time->offset, time->size), SEG_OK);
        for (uint32_t at = 0; at < page->size; at++)
            for (uint32_t bit = 0; bit < 8; bit++) {
                char *byte = &rows.data[page->offset + at];
                *byte = (char)(*byte ^ 1 << bit);
                seg_status status = page_unpack(back, page, rows.data + page->offset, page->size);
                *byte = (char)(*byte ^ 1 << bit);
                check_fast(status == SEG_OK || status == SEG_E_CORRUPT);
                refused += status != SEG_OK;
                accepted += status == SEG_OK;
                if (status != SEG_OK)
                    continue;
                if (page->column == SEGI_COLUMN_USERS)
                    walk_part(part);
                segi_arrays arrays = segi_part_take(part, page->column);
                segi_arrays_free(back->mem, &arrays);
            }
        if (page->column == SEGI_COLUMN_USERS && time->size > 0) {
            segi_arrays arrays = segi_part_take(part, SEGI_COLUMN_TIME);
            segi_arrays_free(back->mem, &arrays);
        }
    }
    ck_assert_uint_gt(refused, 1000);
    ck_assert_uint_gt(accepted, 0);
    segi_run_release(back);
    segi_buf_deinit(&rows);
    segi_buf_deinit(&head);
    segi_store_release(store);
}
END_TEST

/* The same for what describes the run: where it is accepted, its columns hold what it says. */
START_TEST(test_part_code__hostile_runs)
{
    case_rng rng = {case_seed(13)};
    segi_store *store = full_store(&rng, 2, 60);
    segi_run *run = store->runs[0], *back;
    segi_buf rows, head;
    segi_buf_init(&rows, segi_mem_default());
    segi_buf_init(&head, segi_mem_default());
    run_pack(run, &rows, &head);
    for (size_t size = 0; size < head.size; size++)
        ck_assert_int_eq(head_unpack(head.data, size, &back), SEG_E_CORRUPT);
    for (size_t at = 0; at < head.size; at++)
        for (uint32_t change = 0; change < 10; change++) {
            char old = head.data[at];
            head.data[at] = (char)(change < 8 ? old ^ 1 << change : change == 8 ? 255 : 0);
            seg_status status = head_unpack(head.data, head.size, &back);
            check_fast(status == SEG_OK || status == SEG_E_CORRUPT);
            for (uint32_t i = 0; back && i < back->part_count; i++) {
                segi_part *part = back->parts[i];
                bool whole = true;
                for (uint32_t c = 0; c < SEGI_COLUMN_PROPERTY + part->column_count; c++) {
                    const segi_page *page = &part->pages[c];
                    if (page->size > 0 && page->offset + (size_t)page->size <= rows.size)
                        whole &=
                            page_unpack(back, page, rows.data + page->offset, page->size) == SEG_OK;
                }
                if (whole)
                    walk_part(part);
            }
            segi_run_release(back);
            head.data[at] = old;
        }
    segi_buf_deinit(&rows);
    segi_buf_deinit(&head);
    segi_store_release(store);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("store/part_code");
    TCase *c = tcase_create("part_code");
    tcase_set_timeout(c, 120);
    tcase_add_test(c, test_part_code__comes_back);
    tcase_add_test(c, test_part_code__hostile_columns);
    tcase_add_test(c, test_part_code__hostile_runs);
    suite_add_tcase(s, c);
    return s;
}
