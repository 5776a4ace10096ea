/* Sessions: a user's rows in order, cut where a gap is too long (S-21).
 *
 * A block of users at a time: the times of their rows, without the rows (bag.c), become a table of
 * sessions, and that takes the place of a list of users: `where`, arguments and shares are worked
 * out for it by the same filters, place i being a session. What passes becomes rows, one per
 * session at its first instant, which are reduced like any others (gather.c). Rows of aggregates
 * inside `where` are gathered for the block and handed out to the sessions around them. */
#include <string.h>

#include "exec/exec_int.h"

/* Rows of a block: 18 bytes for each, and 24 for each session. Most chunks are a single block, in
 * which no part has to be searched for users. */
#define SESSION_ROWS 65536u

/* ---- the table ---- */

/* Sessions of one user that begin within the bounds and last long enough, to the end of the table,
 * which has room. */
static void session_cut(segi_session_table *t, const segi_prep_session *session,
                        const int64_t *times, size_t n, const segi_session_row *bounds)
{
    for (size_t first = 0, next; first < n; first = next) {
        next = first + 1;
        while (next < n && times[next] - times[next - 1] <= session->gap)
            next++;
        if (times[next - 1] - times[first] < session->least || times[first] < bounds->begin ||
            times[first] >= bounds->end)
            continue;
        t->rows[t->count++] = (segi_session_row){times[first], times[next - 1],
                                                 (uint32_t)(next - first), bounds->low};
    }
}

static bool session_table(segi_worker *w, const segi_prep_session *session, segi_users users,
                          segi_gather_block block)
{
    segi_session_table *t = &w->sessions;
    t->count = 0;
    if (!segi_bag_times(w, session->events, users, block))
        return false;
    if (!segi_grow(w->mem, (void **)&t->rows, &t->capacity, w->bag_count, sizeof *t->rows)) {
        segi_worker_fail(w, SEG_E_NOMEM, "out of memory");
        return false;
    }
    for (uint32_t i = block.first; i < block.last; i++) {
        uint32_t low = users.lows[i], at = i - block.first;
        size_t n = w->starts[at + 1] - w->starts[at];
        segi_session_row bounds = {session->begin, session->end, 0, (uint16_t)low};
        if (session->each) {
            bounds.begin = w->bound_begin[low];
            bounds.end = w->bound_end[low];
        }
        if (n)
            session_cut(t, session, w->bag_sorted + w->starts[at], n, &bounds);
    }
    return true;
}

/* ---- values of sessions ---- */

static void session_fields(segi_worker *w, const segi_prep_value *value, segi_users users,
                           segi_vector *out)
{
    const segi_session_row *rows = w->sessions.rows + w->sessions.first;
    segi_builtin builtin = value->node->builtin;
    if (builtin == SEGI_BUILTIN_TIME) {
        for (uint32_t i = 0; i < users.count; i++)
            out->slots[i] = rows[i].begin;
    } else if (builtin == SEGI_BUILTIN_DURATION) {
        for (uint32_t i = 0; i < users.count; i++)
            out->slots[i] = rows[i].end - rows[i].begin;
    } else if (builtin == SEGI_BUILTIN_COUNT) {
        for (uint32_t i = 0; i < users.count; i++)
            out->slots[i] = rows[i].events;
    } else {
        for (uint32_t i = 0; i < users.count; i++) {
            const segi_zone *zone = segi_user_zone(w, value->zones, users.lows[i]);
            out->slots[i] = segi_civil_field(builtin, segi_zone_local(zone, rows[i].begin));
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
    for (uint32_t i = 0; w->status == SEG_OK && i * 64 < slice.count; i++) {
        for (uint64_t word = passed[i]; word; word &= word - 1) {
            uint32_t at = i * 64 + (uint32_t)segi_ctz(word);
            if (at < slice.count)
                t->rows[t->kept++] = t->rows[t->first + at];
        }
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
        segi_gather_blocks(w, value, users, SESSION_ROWS, session_block, out);
}
