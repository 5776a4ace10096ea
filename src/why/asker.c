/* asker.c - the evaluator asked about one user, and the instants of that user's data.
 *
 * Nothing here knows what a predicate means. A node becomes a program of its own, which exec runs
 * for one user, so that the answer of a part and that of the whole come from the same code as the
 * set. */
#include <stdlib.h>
#include <string.h>

#include "why/why_int.h"

/* ---- asking ---- */

bool segi_asker_test(segi_asker *a, const segi_program *program, int64_t now)
{
    bool member = false;
    segi_request request = a->request->run;
    if (a->status != SEG_OK)
        return false;
    request.program = program;
    request.now = now;
    request.among = NULL;
    a->work++;
    a->status = segi_exec_test(&request, a->request->ordinal, &member, a->err);
    return a->status == SEG_OK && member;
}

bool segi_asker_test_node(segi_asker *a, const segi_node *node, int64_t now)
{
    segi_program *program = NULL;
    if (a->status != SEG_OK)
        return false;
    a->status = segi_program_build(a->mem, &node, 1, &program, a->err);
    bool member = segi_asker_test(a, program, now);
    segi_program_destroy(program);
    return member;
}

segi_values *segi_asker_value(segi_asker *a, const segi_node *node)
{
    segi_program *program = NULL;
    segi_values *values = NULL;
    segi_request request = a->request->run;
    if (a->status != SEG_OK)
        return NULL;
    a->status = segi_program_build_value(a->mem, node, &program, a->err);
    if (a->status == SEG_OK) {
        request.program = program;
        a->work++;
        a->status = segi_exec_values(&request, node, a->self, &values, a->err);
    }
    segi_program_destroy(program);
    return values;
}

const segi_zone *segi_asker_zone(const segi_asker *a, segi_zone_ref ref)
{
    return ref.kind == SEGI_ZONE_USER && a->zone != NULL ? a->zone : ref.zone;
}

/* ---- the user's own data ---- */

/* In any order and with repeats; next.c sorts. */
static void add_instant(segi_asker *a, int64_t instant)
{
    void *list = a->instants;
    if (a->status != SEG_OK)
        return;
    if (!segi_grow(a->mem, &list, &a->instant_capacity, a->instant_count + 1,
                   sizeof *a->instants)) {
        a->status = segi_fail_nomem(a->err);
        return;
    }
    a->instants = list;
    a->instants[a->instant_count++] = instant;
}

static void add_event(segi_asker *a, uint32_t type, int64_t time)
{
    void *list = a->events;
    if (a->status != SEG_OK)
        return;
    if (!segi_grow(a->mem, &list, &a->event_capacity, a->event_count + 1, sizeof *a->events)) {
        a->status = segi_fail_nomem(a->err);
        return;
    }
    a->events = list;
    a->events[a->event_count++] = (segi_own_event){type, time};
    add_instant(a, time);
}

/* Other properties cannot become true or false as time goes by. */
static bool holds_instants(const segi_part *part, uint32_t property)
{
    return part->columns[property].type == SEG_TYPE_TIMESTAMP;
}

/* Of expired first events only the instant is left: they decide, but are not shown. */
static void read_rows(segi_asker *a, const segi_part *part, const segi_part_chunk *pc, bool expired)
{
    uint32_t begin, end;
    if (!segi_part_user_rows(part, pc, a->request->ordinal & 0xffff, &begin, &end))
        return;
    for (uint32_t row = begin; row < end; row++) {
        int64_t time = segi_col_slot(&part->time, row);
        if (expired)
            add_instant(a, time);
        else
            add_event(a, part->event, time);
        for (uint32_t p = 0; p < part->column_count; p++) {
            if (holds_instants(part, p) && segi_col_is_set(&part->columns[p], row))
                add_instant(a, segi_col_slot(&part->columns[p], row));
        }
    }
}

/* One part of one event type. Only the columns that are looked at are held in memory. */
static void read_part(segi_asker *a, const segi_part *part, bool expired)
{
    const segi_part_chunk *pc = segi_part_find(part, a->request->ordinal >> 16);
    if (pc == NULL || a->status != SEG_OK)
        return;
    segi_pins pins;
    segi_pins_init(&pins, a->mem);
    bool good = segi_pins_want(&pins, part, SEGI_COLUMN_USERS) &&
                segi_pins_want(&pins, part, SEGI_COLUMN_TIME);
    for (uint32_t p = 0; p < part->column_count; p++) {
        if (holds_instants(part, p))
            good = good && segi_pins_want(&pins, part, SEGI_COLUMN_PROPERTY + p);
    }
    a->status = good ? segi_snapshot_hold(a->request->run.snapshot, &pins, NULL, 1, a->err)
                     : segi_fail_nomem(a->err);
    if (a->status == SEG_OK)
        read_rows(a, part, pc, expired);
    segi_pins_release(&pins);
}

/* By time, then by type, so that the order of what is shown does not depend on how parts were
 * made. */
static int event_order(const void *a, const void *b)
{
    const segi_own_event *x = a, *y = b;
    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return x->type < y->type ? -1 : x->type > y->type;
}

/* Where expired first events are kept beside the others, their view holds more parts than that of
 * the events; else both are the same and are read once. */
static void read_events(segi_asker *a)
{
    const segi_snapshot *snapshot = a->request->run.snapshot;
    for (uint32_t i = 0; i < snapshot->schema->event_count; i++) {
        const segi_event_view *view = &snapshot->events[i];
        for (uint32_t k = 0; k < view->part_count; k++)
            read_part(a, view->parts[k], false);
        const segi_event_view *all = &snapshot->first_events[i];
        for (uint32_t k = 0; all->part_count > view->part_count && k < all->part_count; k++)
            read_part(a, all->parts[k], true);
    }
    if (a->event_count > 1)
        qsort(a->events, a->event_count, sizeof *a->events, event_order);
}

/* The text of the attribute `timezone`, where it names a zone.
 * Asked through the evaluator like any attribute, by a node made for the purpose. A text that
 * names no zone is the same as none: the user then has the zone of the store. */
static void read_zone(segi_asker *a)
{
    const segi_field *field =
        segi_schema_attribute(a->request->run.snapshot->schema, "timezone", strlen("timezone"));
    if (field == NULL || field->type != SEG_TYPE_STRING)
        return;
    segi_node node;
    memset(&node, 0, sizeof node);
    node.kind = SEGI_NODE_ATTRIBUTE;
    node.field = field;
    node.type.type = SEG_TYPE_STRING;
    segi_values *values = segi_asker_value(a, &node);
    if (values != NULL && values->count == 1 && values->states[0] == SEG_VALUE_SET) {
        seg_status status =
            segi_zone_load(a->mem, values->text.data, values->text.size, &a->zone, NULL);
        if (status == SEG_E_NOMEM)
            a->status = segi_fail_nomem(a->err);
    }
    segi_values_destroy(values);
}

/* Failures are left in `status`; close it in any case. */
void segi_asker_open(segi_asker *a)
{
    a->status = segi_bitmap_from_ordinals(&a->request->ordinal, 1, &a->self, a->err);
    read_events(a);
    read_zone(a);
}

void segi_asker_close(segi_asker *a)
{
    segi_bitmap_destroy(a->self);
    segi_zone_destroy(a->zone);
    segi_free(a->mem, a->events);
    segi_free(a->mem, a->instants);
}
