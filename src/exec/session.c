/* Sessions: a user's rows in order, cut where a gap is too long (S-21).
 *
 * A block of users at a time: their rows become a table of sessions, and that takes the place of a
 * list of users: `where`, arguments and shares are worked out for it by the same filters, place i
 * being a session. What passes becomes rows again, one per session at its first instant, which are
 * reduced like any others (gather.c). Rows of aggregates inside `where` are gathered once more for
 * the block and handed out to the sessions around them. */
#include <string.h>

#include "exec/exec_int.h"

/* ---- the table ---- */

static bool session_add(segi_worker *w, const segi_list_row *first, const segi_list_row *last)
{
    segi_session_table *t = &w->sessions;
    if (!segi_grow(w->mem, (void **)&t->rows, &t->capacity, t->count + 1, sizeof *t->rows)) {
        segi_worker_fail(w, SEG_E_NOMEM, "out of memory");
        return false;
    }
    t->rows[t->count++] = (segi_session_row){.begin = first->time,
                                             .end = last->time,
                                             .events = (uint32_t)(last - first + 1),
                                             .low = first->low};
    return true;
}

/* Sessions of one user that begin in [begin, end). */
static bool session_cut(segi_worker *w, const segi_prep_session *session, const segi_list_row *rows,
                        size_t n, int64_t begin, int64_t end)
{
    for (size_t first = 0, next; first < n; first = next) {
        next = first + 1;
        while (next < n && rows[next].time - rows[next - 1].time <= session->gap)
            next++;
        if (rows[first].time >= begin && rows[first].time < end &&
            !session_add(w, &rows[first], &rows[next - 1]))
            return false;
    }
    return true;
}

static bool session_table(segi_worker *w, const segi_prep_session *session, segi_users users,
                          segi_gather_block block)
{
    w->sessions.count = 0;
    if (!segi_gather_collect(w, session->events, block))
        return false;
    for (uint32_t i = block.first; i < block.last; i++) {
        uint32_t low = users.lows[i], at = low - block.low_begin;
        int64_t begin = session->each ? w->bound_begin[low] : session->begin;
        int64_t end = session->each ? w->bound_end[low] : session->end;
        size_t n = w->starts[at + 1] - w->starts[at];
        if (n && !session_cut(w, session, w->rows_sorted + w->starts[at], n, begin, end))
            return false;
    }
    return true;
}

/* ---- values of sessions ---- */

static void session_fields(segi_worker *w, const segi_prep_value *value, segi_users users,
                           segi_vector *out)
{
    const segi_session_row *rows = w->sessions.rows + w->sessions.first;
    segi_builtin builtin = value->node->builtin;
    for (uint32_t i = 0; i < users.count; i++) {
        switch (builtin) {
        case SEGI_BUILTIN_TIME: out->slots[i] = rows[i].begin; break;
        case SEGI_BUILTIN_DURATION: out->slots[i] = rows[i].end - rows[i].begin; break;
        case SEGI_BUILTIN_COUNT: out->slots[i] = rows[i].events; break;
        default:
            out->slots[i] = segi_civil_field(
                builtin,
                segi_zone_local(segi_user_zone(w, value->zones, users.lows[i]), rows[i].begin));
            break;
        }
    }
    segi_bits_fill(out->set, users.count);
}

/* An aggregate over what lies within each session. Both rows and sessions rise within a user, and
 * sessions do not overlap, so one walk hands them out. */
static void session_aggregates(segi_worker *w, const segi_prep_value *value, segi_users users,
                               segi_vector *out)
{
    const segi_session_row *rows = w->sessions.rows + w->sessions.first;
    segi_gather_block block = w->sessions.block;
    if (!segi_gather_collect(w, value, block))
        return;
    memset(out->set, 0, ((size_t)users.count + 63) / 64 * sizeof *out->set);
    size_t at = 0;
    for (uint32_t i = 0; i < users.count; i++) {
        uint32_t place = rows[i].low - block.low_begin;
        size_t end = w->starts[place + 1];
        if (i == 0 || rows[i].low != rows[i - 1].low)
            at = w->starts[place];
        while (at < end && w->rows_sorted[at].time < rows[i].begin)
            at++;
        size_t first = at;
        while (at < end && w->rows_sorted[at].time <= rows[i].end)
            at++;
        segi_list_row *within = at > first ? w->rows_sorted + first : NULL;
        uint8_t state = segi_gather_reduce(w, value, within, at - first, &out->slots[i]);
        if (state == SEG_VALUE_SET)
            segi_bit_set(out->set, i);
        else if (state == SEG_VALUE_NULL)
            segi_bit_set(out->null, i);
    }
}

void segi_session_values(segi_worker *w, const segi_prep_value *value, segi_users users,
                         segi_vector *out)
{
    memset(out->null, 0, ((size_t)users.count + 63) / 64 * sizeof *out->null);
    if (value->node->kind == SEGI_NODE_BUILTIN)
        session_fields(w, value, users, out);
    else
        session_aggregates(w, value, users, out);
}

/* ---- sessions as rows ---- */

typedef void session_function(segi_worker *w, const segi_prep_value *value, segi_users slice);

/* The table in slices as long as a vector. */
static bool session_slices(segi_worker *w, const segi_prep_value *value, session_function *function)
{
    segi_session_table *t = &w->sessions;
    if (!segi_worker_array(w, (void **)&t->lows, SEGI_CHUNK_USERS, sizeof *t->lows))
        return false;
    for (t->first = 0; t->first < t->count && !segi_worker_stop(w); t->first += SEGI_CHUNK_USERS) {
        size_t left = t->count - t->first;
        uint32_t count = left < SEGI_CHUNK_USERS ? (uint32_t)left : SEGI_CHUNK_USERS;
        for (uint32_t i = 0; i < count; i++)
            t->lows[i] = t->rows[t->first + i].low;
        function(w, value, (segi_users){t->lows, count});
    }
    return w->status == SEG_OK;
}

/* Those that pass `where` move to the front. */
static void session_where(segi_worker *w, const segi_prep_value *value, segi_users slice)
{
    segi_session_table *t = &w->sessions;
    uint64_t *passed = segi_worker_bits_push(w, SEGI_MASK_WORDS);
    if (!passed)
        return;
    segi_filter_users(w, value->session->where, slice, passed);
    for (uint32_t i = 0; w->status == SEG_OK && i < slice.count; i++) {
        if (segi_bit_get(passed, i))
            t->rows[t->kept++] = t->rows[t->first + i];
    }
    segi_worker_bits_pop(w);
}

/* One row per session, with its argument and whether the share counts it. */
static void session_rows(segi_worker *w, const segi_prep_value *value, segi_users slice)
{
    const segi_session_row *rows = w->sessions.rows + w->sessions.first;
    uint64_t *shared = segi_worker_bits_push(w, SEGI_MASK_WORDS);
    segi_vector *argument = shared ? segi_worker_vector_push(w) : NULL;
    if (argument) {
        if (value->session->share)
            segi_filter_users(w, value->session->share, slice, shared);
        if (value->argument)
            segi_value_users(w, value->argument, slice, argument);
        for (uint32_t i = 0; w->status == SEG_OK && i < slice.count; i++) {
            segi_list_row *row = &w->sessions.list[w->sessions.first + i];
            *row = (segi_list_row){.time = rows[i].begin, .low = rows[i].low};
            row->state = SEG_VALUE_ABSENT;
            if (value->argument && segi_bit_get(argument->set, i)) {
                row->slot = argument->slots[i];
                row->state = SEG_VALUE_SET;
            }
            row->flag = value->session->share && segi_bit_get(shared, i);
        }
        segi_worker_vector_pop(w);
    }
    if (shared)
        segi_worker_bits_pop(w);
}

/* The block's sessions as rows. What is asked of a session is asked of those that pass alone: a sum
 * in another one may not fit. */
static bool session_list(segi_worker *w, const segi_prep_value *value)
{
    segi_session_table *t = &w->sessions;
    if (value->session->where) {
        t->kept = 0;
        if (!session_slices(w, value, session_where))
            return false;
        t->count = t->kept;
    }
    /* The spare room of a reduction holds as many rows as it is given. */
    if (!segi_grow(w->mem, (void **)&t->list, &t->list_capacity, t->count, sizeof *t->list) ||
        !segi_grow(w->mem, (void **)&w->rows, &w->rows_capacity, t->count, sizeof *w->rows)) {
        segi_worker_fail(w, SEG_E_NOMEM, "out of memory");
        return false;
    }
    return session_slices(w, value, session_rows);
}

/* ---- blocks ---- */

static void session_block(segi_worker *w, const segi_prep_value *value, segi_users users,
                          segi_gather_block block, segi_vector *out)
{
    const segi_session_table *t = &w->sessions;
    w->sessions.block = block;
    if (!session_table(w, value->session, users, block) || !session_list(w, value))
        return;
    size_t at = 0;
    for (uint32_t i = block.first; i < block.last; i++) {
        size_t first = at;
        while (at < t->count && t->list[at].low == users.lows[i])
            at++;
        segi_list_row *own = at > first ? t->list + first : NULL;
        uint8_t state = segi_gather_reduce(w, value, own, at - first, &out->slots[i]);
        if (state == SEG_VALUE_SET)
            segi_bit_set(out->set, i);
    }
}

void segi_sessions_users(segi_worker *w, const segi_prep_value *value, segi_users users,
                         segi_vector *out)
{
    const segi_prep_window *each = value->session->each;
    if (!each || segi_gather_bounds(w, each, users))
        segi_gather_blocks(w, value, users, session_block, out);
}
