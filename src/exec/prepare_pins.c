/* Which columns of which parts an evaluation reads, noted while it is prepared.
 *
 * In a store with a file a column may be read only while it is held (segi_pins in store.h). Parts
 * outside of a source's window need nothing; of the others everyone reads the users, who cuts at
 * the window's edge the times, filters and aggregates their properties. What is noted here has to
 * cover what the workers do: a form of value that is not known below is given times and ties, and
 * all that it reads through a source or an argument. One column too many costs a read from disk.
 *
 * Nothing happens in a store in memory. */
#include "exec/exec_int.h"

/* A column of each part that the source reaches, of one of its types. */
static bool pins_column(segi_prep *p, const segi_prep_source *source, uint32_t t, uint32_t column)
{
    const segi_event_view *view = source->types[t].view;
    for (uint32_t i = 0; i < view->part_count && p->status == SEG_OK; i++) {
        const segi_part *part = view->parts[i];
        if (segi_span_overlaps(part, source) &&
            column < SEGI_COLUMN_PROPERTY + part->column_count &&
            !segi_pins_want(&p->run->pins, part, column))
            p->status = segi_fail_nomem(p->err);
    }
    return p->status == SEG_OK;
}

/* Times of the parts that lie across an edge of the window. */
static bool pins_edges(segi_prep *p, const segi_prep_source *source, uint32_t t)
{
    const segi_event_view *view = source->types[t].view;
    for (uint32_t i = 0; i < view->part_count && p->status == SEG_OK; i++) {
        const segi_part *part = view->parts[i];
        bool cut = part->time_min < source->begin || part->time_max >= source->end;
        if (cut && segi_span_overlaps(part, source) &&
            !segi_pins_want(&p->run->pins, part, SEGI_COLUMN_TIME))
            p->status = segi_fail_nomem(p->err);
    }
    return p->status == SEG_OK;
}

/* What a value of rows reads. */
static bool pins_rows(segi_prep *p, const segi_prep_source *source, uint32_t t,
                      const segi_prep_value *value)
{
    uint32_t position = source->types[t].position;
    if (!value)
        return true;
    if (value->form == SEGI_VALUE_CIVIL && !pins_column(p, source, t, SEGI_COLUMN_TIME))
        return false;
    if (value->form == SEGI_VALUE_COLUMN && position < value->field_count &&
        value->fields[position] &&
        !pins_column(p, source, t, SEGI_COLUMN_PROPERTY + value->fields[position]->index))
        return false;
    return pins_rows(p, source, t, value->left) && pins_rows(p, source, t, value->right);
}

static bool pins_filter(segi_prep *p, const segi_prep_source *source, uint32_t t,
                        const segi_prep_filter *filter)
{
    if (!filter)
        return true;
    if (filter->form == SEGI_TEST_CALENDAR && !pins_column(p, source, t, SEGI_COLUMN_TIME))
        return false;
    for (uint32_t i = 0; i < filter->child_count; i++)
        if (!pins_filter(p, source, t, filter->children[i]))
            return false;
    for (uint32_t i = 0; i < 3; i++)
        if (!pins_rows(p, source, t, filter->values[i]))
            return false;
    return true;
}

bool segi_prep_pin_source(segi_prep *p, const segi_prep_source *source)
{
    for (uint32_t t = 0; p->run->snapshot->paged && t < source->type_count; t++)
        if (!pins_column(p, source, t, SEGI_COLUMN_USERS) || !pins_edges(p, source, t) ||
            !pins_filter(p, source, t, source->types[t].filter))
            return false;
    return p->status == SEG_OK;
}

/* One column of all types of the source. */
static bool pins_all(segi_prep *p, const segi_prep_source *source, uint32_t column)
{
    for (uint32_t t = 0; p->run->snapshot->paged && t < source->type_count; t++)
        if (!pins_column(p, source, t, column))
            return false;
    return p->status == SEG_OK;
}

bool segi_prep_pin_times(segi_prep *p, const segi_prep_source *source)
{
    return pins_all(p, source, SEGI_COLUMN_TIME);
}

bool segi_prep_pin_order(segi_prep *p, const segi_prep_source *source)
{
    return segi_prep_pin_times(p, source) && pins_all(p, source, SEGI_COLUMN_TIE);
}

/* Figures over rows that need neither their times nor their order. */
static bool pins_needs_order(const segi_prep_value *value)
{
    if (value->source->each)
        return true;
    if (value->form == SEGI_VALUE_BAG || value->periods)
        return false;
    if (value->form != SEGI_VALUE_TALLY)
        return true;
    switch (value->node->aggregate) {
    case SEGI_AGG_COUNT:
    case SEGI_AGG_SUM:
    case SEGI_AGG_AVG:
    case SEGI_AGG_MIN:
    case SEGI_AGG_MAX:
    case SEGI_AGG_SHARE: return false;
    default: return true;
    }
}

bool segi_prep_pin_value(segi_prep *p, const segi_prep_value *value)
{
    const segi_prep_source *source = value->source;
    if (!p->run->snapshot->paged)
        return true;
    if (pins_needs_order(value) && !segi_prep_pin_order(p, source))
        return false;
    if (value->periods && !segi_prep_pin_times(p, source))
        return false;
    for (uint32_t t = 0; t < source->type_count; t++)
        if (!pins_rows(p, source, t, value->argument) ||
            !pins_filter(p, source, t, value->share ? value->share[t] : NULL))
            return false;
    return p->status == SEG_OK;
}
