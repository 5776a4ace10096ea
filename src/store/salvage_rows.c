/* salvage_rows.c - the rows of runs go to the tail of the new store, in the order in which they
 * arrived: run after run by generation, and within a run by their ties, since only rows of one
 * user and instant have to stay in order. A column that is damaged costs its values, unless it is
 * one without which a row is none. See salvage.h. */
#include <string.h>

#include "base/error.h"
#include "store/removal.h"
#include "store/salvage.h"
#include "store/sort.h"

/* Rows of a part that are left, and where they go. */
typedef struct rows_part {
    const segi_part *part;
    uint32_t *users; /* owned: by row, UINT32_MAX: lost */
    uint32_t *rows;  /* owned: those that are left, in their order in the tail */
    uint32_t count;  /* of them */
    size_t begin;    /* first of them among the rows of its type in the tail */
} rows_part;

/* A row that comes after others of its user and instant. */
typedef struct rows_tied {
    uint32_t part, row;
} rows_tied;

typedef struct rows_work {
    segi_salvage *s;
    const segi_run *run;
    rows_part *parts; /* owned, run->part_count of them */
    rows_tied *tied;  /* owned */
    size_t tied_count, tied_capacity;
    uint64_t *order; /* owned: tie << 32 | place in tied */
    size_t order_capacity;
} rows_work;

/* ---- users, times and ties ------------------------------------------------------------------- */

static bool part_users(const rows_work *w, rows_part *p)
{
    segi_scratch *scratch = &w->s->from->scratch;
    uint16_t *lows = segi_scratch_get(scratch, SEGI_SCRATCH_LOWS, SEGI_CHUNK_USERS, sizeof *lows);
    uint32_t row = 0;
    if (!lows)
        return false;
    for (uint32_t c = 0; c < p->part->chunk_count; c++) {
        const segi_part_chunk *pc = &p->part->chunks[c];
        segi_part_users(pc, lows);
        for (uint32_t i = 0; i < pc->user_count; i++) {
            uint32_t user =
                segi_salvage_map_get(&w->s->users, (pc->chunk << SEGI_CHUNK_BITS) + lows[i]);
            int64_t rows = segi_col_slot(&p->part->counts, pc->user_begin + i);
            for (; rows > 0; rows--)
                p->users[row++] = user;
        }
    }
    return true;
}

/* One row to the tail, where there is room. */
static void rows_push(rows_work *w, uint32_t index, uint32_t row)
{
    rows_part *p = &w->parts[index];
    segi_tail *tail = &w->s->to->tail;
    tail->ordinals[tail->pending] = p->users[row];
    tail->times[tail->pending] = segi_col_slot(&p->part->time, row);
    tail->events[tail->pending++] = (uint16_t)p->part->event;
    p->rows[p->count++] = row;
}

static bool rows_tie(rows_work *w, uint32_t index, uint32_t row, uint64_t tie)
{
    if (!segi_grow(&w->s->to->mem, (void **)&w->tied, &w->tied_capacity, w->tied_count + 1,
                   sizeof *w->tied) ||
        !segi_grow(&w->s->to->mem, (void **)&w->order, &w->order_capacity, w->tied_count + 1,
                   sizeof *w->order))
        return false;
    w->order[w->tied_count] = tie << 32 | w->tied_count;
    w->tied[w->tied_count++] = (rows_tied){index, row};
    return true;
}

/* The rows that nothing comes before go at once, the others wait. */
static bool part_rows(rows_work *w, uint32_t index)
{
    rows_part *p = &w->parts[index];
    uint32_t rows = p->part->row_count;
    p->users = segi_alloc_array(&w->s->to->mem, rows, sizeof *p->users);
    p->rows = segi_alloc_array(&w->s->to->mem, rows, sizeof *p->rows);
    if (!p->users || !p->rows || !segi_tail_reserve(&w->s->to->tail, w->tied_count + rows) ||
        !part_users(w, p))
        return false;
    for (uint32_t row = 0; row < rows; row++) {
        if (p->users[row] == UINT32_MAX)
            continue;
        int64_t tie = w->run->has_ties ? segi_col_slot(&p->part->tie, row) : 0;
        if (tie == 0)
            rows_push(w, index, row);
        else if (!rows_tie(w, index, row, (uint64_t)tie))
            return false;
    }
    return true;
}

static seg_status part_hold(segi_salvage *s, const segi_part *part, uint32_t first, uint32_t last,
                            segi_pins *pins)
{
    seg_error ignored = SEG_ERROR_INIT;
    segi_pins_init(pins, &s->from->mem);
    for (uint32_t column = first; column <= last; column++)
        if (!segi_pins_want(pins, part, column))
            return SEG_E_NOMEM;
    return segi_pins_hold(pins, NULL, 1, &ignored);
}

/* Users, times and ties of all parts are held until the last row is in the tail. A part of which
 * one is lost is left out. */
static seg_status run_rows(rows_work *w, segi_pins *pins)
{
    uint64_t *swap = NULL;
    seg_status status = SEG_OK;
    for (uint32_t i = 0; status == SEG_OK && i < w->run->part_count; i++) {
        w->parts[i].part = w->run->parts[i];
        status = part_hold(w->s, w->run->parts[i], SEGI_COLUMN_USERS, SEGI_COLUMN_TIE, &pins[i]);
        if (status == SEG_OK && !part_rows(w, i))
            status = SEG_E_NOMEM;
        status = segi_salvage_lost(status) ? SEG_OK : status;
    }
    if (status == SEG_OK && w->tied_count > 0) {
        swap = segi_alloc_array(&w->s->to->mem, w->tied_count, sizeof *swap);
        const uint64_t *sorted = swap ? segi_sort_high(w->order, swap, w->tied_count) : NULL;
        for (size_t i = 0; sorted && i < w->tied_count; i++) {
            const rows_tied *tied = &w->tied[(uint32_t)sorted[i]];
            rows_push(w, tied->part, tied->row);
        }
    }
    if (status == SEG_OK && (w->tied_count == 0 || swap)) {
        segi_free(&w->s->to->mem, swap);
        return SEG_OK;
    }
    return segi_fail_nomem(w->s->err);
}

/* ---- properties ------------------------------------------------------------------------------ */

/* The rows' values of one property, into the column of the tail. */
static bool property_copy(rows_work *w, const rows_part *p, uint32_t property,
                          const segi_salvage_map *codes)
{
    segi_store *to = w->s->to;
    const segi_col *from = &p->part->columns[property];
    segi_scratch *scratch = &w->s->from->scratch;
    size_t rows = p->part->row_count, end = p->begin + p->count;
    int64_t *slots = segi_scratch_get(scratch, SEGI_SCRATCH_SLOTS, rows, sizeof *slots);
    uint8_t *states = segi_scratch_get(scratch, SEGI_SCRATCH_STATES, rows, 1);
    segi_tail_col *col = segi_tail_col_at(&to->tail, segi_tail_type_at(&to->tail, p->part->event),
                                          property, p->begin, end);
    if (!slots || !states || !col)
        return false;
    segi_col_decode(from, 0, rows, slots, states);
    for (uint32_t i = 0; i < p->count; i++) {
        int64_t slot = slots[p->rows[i]];
        uint8_t state = states[p->rows[i]];
        if (state == SEG_VALUE_SET && codes) {
            uint32_t code = segi_salvage_map_get(codes, (uint32_t)slot);
            state = code == UINT32_MAX ? SEG_VALUE_ABSENT : state;
            slot = code;
        }
        col->slots[p->begin + i] = state == SEG_VALUE_SET ? slot : 0;
        col->states[p->begin + i] = state;
    }
    col->filled = end;
    return true;
}

static seg_status part_property(rows_work *w, const rows_part *p, uint32_t property,
                                const segi_salvage_map *codes)
{
    segi_pins pins;
    uint32_t column = SEGI_COLUMN_PROPERTY + property;
    if (p->part->columns[property].type == 0 || p->count == 0)
        return SEG_OK;
    seg_status status = part_hold(w->s, p->part, column, column, &pins);
    if (segi_salvage_lost(status)) {
        w->s->out->properties_lost++;
        status = SEG_OK;
    } else if (status == SEG_OK && !property_copy(w, p, property, codes)) {
        status = SEG_E_NOMEM;
    }
    segi_pins_release(&pins);
    return status == SEG_OK ? SEG_OK : segi_fail_nomem(w->s->err);
}

/* ---- dictionaries ---------------------------------------------------------------------------- */

/* How codes change, by event type and property; all are there before the first row. */
typedef struct rows_codes {
    segi_salvage_map **events; /* owned: an array per event type, as long as its dictionaries */
} rows_codes;

static seg_status codes_event(segi_salvage *s, uint32_t event, segi_salvage_map **out)
{
    const segi_event_dicts *dicts = &s->from->dicts[event];
    *out = segi_alloc_zero(&s->to->mem, (dicts->count + 1) * sizeof **out);
    if (!*out)
        return segi_fail_nomem(s->err);
    for (uint32_t k = 0; k < dicts->count; k++) {
        if (!dicts->dicts[k])
            continue;
        segi_strings *to = segi_store_dict(s->to, event, k);
        if (!to)
            return segi_fail_nomem(s->err);
        SEGI_TRY(segi_salvage_strings(s, dicts->dicts[k], to, &(*out)[k]));
    }
    return SEG_OK;
}

static seg_status codes_make(segi_salvage *s, rows_codes *codes)
{
    codes->events = segi_alloc_zero(&s->to->mem, (s->from->dict_count + 1) * sizeof *codes->events);
    if (!codes->events)
        return segi_fail_nomem(s->err);
    for (uint32_t i = 0; i < s->from->dict_count; i++)
        SEGI_TRY(codes_event(s, i, &codes->events[i]));
    return SEG_OK;
}

static void codes_free(const segi_salvage *s, rows_codes *codes)
{
    const segi_mem *mem = &s->to->mem;
    for (uint32_t i = 0; codes->events && i < s->from->dict_count; i++) {
        for (uint32_t k = 0; codes->events[i] && k < s->from->dicts[i].count; k++)
            segi_salvage_map_deinit(&codes->events[i][k], mem);
        segi_free(mem, codes->events[i]);
    }
    segi_free(mem, codes->events);
}

static const segi_salvage_map *codes_of(const segi_salvage *s, const rows_codes *codes,
                                        uint32_t event, uint32_t property)
{
    const segi_event_dicts *dicts = event < s->from->dict_count ? &s->from->dicts[event] : NULL;
    bool known = dicts && property < dicts->count && dicts->dicts[property];
    return known ? &codes->events[event][property] : NULL;
}

/* ---- runs ------------------------------------------------------------------------------------ */

static seg_status run_properties(rows_work *w, const rows_codes *codes)
{
    segi_tail *tail = &w->s->to->tail;
    for (uint32_t i = 0; i < w->run->part_count; i++) {
        rows_part *p = &w->parts[i];
        if (p->count == 0)
            continue;
        segi_tail_type *type = segi_tail_type_at(tail, p->part->event);
        if (!type)
            return segi_fail_nomem(w->s->err);
        p->begin = type->pending;
        for (uint32_t k = 0; k < p->part->column_count; k++)
            SEGI_TRY(part_property(w, p, k, codes_of(w->s, codes, p->part->event, k)));
        tail->types[p->part->event].pending = p->begin + p->count;
    }
    return SEG_OK;
}

/* The rows of the run are in the tail: the store has them. */
static void run_accept(const rows_work *w)
{
    segi_store *to = w->s->to;
    const segi_tail *tail = &to->tail;
    for (size_t i = tail->count; i < tail->pending; i++) {
        int64_t time = tail->times[i];
        if (to->event_count == 0)
            to->time_min = to->time_max = time;
        to->time_min = time < to->time_min ? time : to->time_min;
        to->time_max = time > to->time_max ? time : to->time_max;
        to->event_count++;
    }
    segi_tail_accept(&to->tail);
}

static seg_status run_copy(segi_salvage *s, const segi_run *run, const rows_codes *codes)
{
    const segi_mem *mem = &s->to->mem;
    rows_work work = {.s = s, .run = run};
    segi_pins *pins = segi_alloc_zero(mem, run->part_count * sizeof *pins);
    work.parts = segi_alloc_zero(mem, run->part_count * sizeof *work.parts);
    for (uint32_t i = 0; pins && i < run->part_count; i++)
        segi_pins_init(&pins[i], mem);
    seg_status status = pins && work.parts ? run_rows(&work, pins) : segi_fail_nomem(s->err);
    for (uint32_t i = 0; pins && i < run->part_count; i++)
        segi_pins_release(&pins[i]);
    if (status == SEG_OK)
        status = run_properties(&work, codes);
    if (status == SEG_OK)
        run_accept(&work);
    for (uint32_t i = 0; work.parts && i < run->part_count; i++) {
        segi_free(mem, work.parts[i].users);
        segi_free(mem, work.parts[i].rows);
    }
    segi_free(mem, pins);
    segi_free(mem, work.parts);
    segi_free(mem, work.tied);
    segi_free(mem, work.order);
    return status;
}

/* Rising by generation: that is the order in which their rows arrived. */
static void runs_sort(segi_run **runs, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        segi_run *run = runs[i];
        size_t at = i;
        for (; at > 0 && runs[at - 1]->generation > run->generation; at--)
            runs[at] = runs[at - 1];
        runs[at] = run;
    }
}

/* ---- expired first events -------------------------------------------------------------------- */

/* What is in parts becomes expired, whatever its time: the store is left without events. */
static seg_status firsts_part(segi_salvage *s)
{
    segi_store *to = s->to;
    uint32_t count = to->schema->event_count;
    int64_t *until = segi_alloc_array(&to->mem, count, sizeof *until);
    for (uint32_t i = 0; until && i < count; i++)
        until[i] = SEG_TIME_MAX;
    segi_row_filter filter = {.until = until};
    seg_status status = until && segi_store_seal(to)
                            ? segi_firsts_create(to, &filter, &to->firsts, s->err)
                            : segi_fail_nomem(s->err);
    segi_free(&to->mem, until);
    for (; to->run_count > 0; to->run_count--)
        segi_run_release(to->runs[to->run_count - 1]);
    to->event_count = 0;
    to->time_min = to->time_max = 0;
    return status;
}

/* They take the way of events, and are then set apart again. */
static seg_status firsts_copy(segi_salvage *s, const rows_codes *codes)
{
    segi_run *run = s->from->firsts;
    s->out->firsts_lost = s->from->keep->firsts_lost;
    if (!run)
        return SEG_OK;
    SEGI_TRY(run_copy(s, run, codes));
    s->out->firsts_lost = run->row_count - s->to->event_count;
    return s->to->event_count > 0 ? firsts_part(s) : SEG_OK;
}

/* ---- all of them ----------------------------------------------------------------------------- */

seg_status segi_salvage_events(segi_salvage *s)
{
    rows_codes codes = {0};
    runs_sort(s->from->runs, s->from->run_count);
    seg_status status = codes_make(s, &codes);
    if (status == SEG_OK)
        status = firsts_copy(s, &codes);
    for (size_t i = 0; status == SEG_OK && i < s->from->run_count; i++) {
        status = run_copy(s, s->from->runs[i], &codes);
        if (status == SEG_OK && s->to->tail.count >= s->to->tail_rows_max)
            status = segi_salvage_settle(s);
    }
    codes_free(s, &codes);
    if (s->from->event_count > s->to->event_count)
        s->out->events_lost = s->from->event_count - s->to->event_count;
    return status;
}
