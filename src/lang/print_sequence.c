/* print_sequence.c - canonical text of sequences and funnels.
 *
 * In sorted form, which the fingerprint hashes, steps that later ones speak of are called s1, s2,
 * ...: their names mean nothing. */
#include <string.h>

#include "lang/print.h"

static void print_alias(segi_printer *p, const segi_sequence *sequence, uint32_t step)
{
    const segi_text *name = &sequence->steps[step].name;
    if (p->sorted)
        segi_buf_format(p->out, "s%u", (unsigned)step + 1);
    else
        segi_buf_add(p->out, name->text, name->size);
}

/* alias.property as one name, quoted where the property needs it. */
static void print_held(segi_printer *p, const segi_sequence *sequence, const segi_held *held)
{
    segi_buf name, *out = p->out;
    segi_buf_init(&name, out->mem);
    p->out = &name;
    print_alias(p, sequence, held->step);
    segi_buf_char(&name, '.');
    segi_buf_add(&name, held->name.text, held->name.size);
    p->out = out;
    if (name.failed)
        out->failed = true;
    else
        segi_print_name(p, name.data, name.size);
    segi_buf_deinit(&name);
}

/* The events are compared with what an earlier step holds. */
static bool compares(const segi_sequence *sequence, uint32_t step, const segi_step_events *events,
                     uint32_t h)
{
    const segi_held *held = &sequence->held[h];
    return !held->same && events->held[h] != NULL && held->step != step;
}

/* Whether any of the held values is compared with here. */
static bool is_linked(const segi_sequence *sequence, uint32_t step, const segi_step_events *events)
{
    bool linked = false;
    for (uint32_t h = 0; h < sequence->held_count; h++)
        linked = linked || compares(sequence, step, events, h);
    return linked;
}

/* EVENT where (... and own = alias.property) */
static void print_events(segi_printer *p, const segi_sequence *sequence, uint32_t step,
                         const segi_step_events *events, segi_zone_ref zone)
{
    segi_selector plain = *events->selector;
    if (!is_linked(sequence, step, events)) {
        segi_print_selector(p, &plain, zone);
        return;
    }
    plain.where = NULL;
    segi_print_selector(p, &plain, zone);
    const char *before = " where (";
    if (events->selector->where != NULL) {
        segi_zone_ref outer = p->zone;
        p->zone = zone;
        segi_buf_text(p->out, before);
        segi_print_conjunct(p, events->selector->where);
        p->zone = outer;
        before = " and ";
    }
    for (uint32_t h = 0; h < sequence->held_count; h++) {
        if (!compares(sequence, step, events, h))
            continue;
        segi_buf_text(p->out, before);
        segi_print_name(p, events->held[h]->name, events->held[h]->name_size);
        segi_buf_text(p->out, " = ");
        print_held(p, sequence, &sequence->held[h]);
        before = " and ";
    }
    segi_buf_char(p->out, ')');
}

/* The suffixes in one fixed order; the parser takes them in any. */
static void print_step(segi_printer *p, const segi_sequence *sequence, uint32_t index,
                       segi_zone_ref zone)
{
    const segi_step *step = &sequence->steps[index];
    if (step->choice_count > 1)
        segi_buf_char(p->out, '(');
    for (uint32_t i = 0; i < step->choice_count; i++) {
        if (i != 0)
            segi_buf_text(p->out, " or ");
        print_events(p, sequence, index, &step->choices[i], zone);
    }
    if (step->choice_count > 1)
        segi_buf_char(p->out, ')');
    if (step->name.text != NULL) {
        segi_buf_text(p->out, " as ");
        print_alias(p, sequence, index);
    }
    segi_print_bound(p, &step->repeat);
    if (step->has_after) {
        segi_buf_text(p->out, " at least ");
        segi_print_duration(p, step->after);
        segi_buf_text(p->out, " after");
    }
    if (step->has_within) {
        segi_buf_text(p->out, " within ");
        segi_print_duration(p, step->within);
    }
    if (step->without != NULL) {
        segi_buf_text(p->out, " without ");
        print_events(p, sequence, UINT32_MAX, step->without, zone);
    }
}

/* Names come sorted from the checker. */
static void print_same(segi_printer *p, const segi_sequence *sequence)
{
    uint32_t count = 0;
    for (uint32_t h = 0; h < sequence->held_count; h++) {
        if (!sequence->held[h].same)
            continue;
        segi_buf_text(p->out, count++ == 0 ? ", same (" : ", ");
        segi_print_name(p, sequence->held[h].name.text, sequence->held[h].name.size);
    }
    if (count != 0)
        segi_buf_char(p->out, ')');
}

/* Switches that hold anyway are left out. Presets come out as the switches that they are short
 * for, but for the scans, which no switch says. */
static void print_options(segi_printer *p, const segi_sequence *sequence)
{
    static const char *const scans[] = {"",
                                        ", like clickhouse_strict_deduplication",
                                        ", like clickhouse_strict_order",
                                        ", like clickhouse_allow_reentry",
                                        ", like clickhouse_strict_increase",
                                        ", like clickhouse_strict_once"};
    static const char *const entries[] = {"", ", entry first", ", entry latest"};
    static const char *const betweens[] = {"", ", between no other step", ", between nothing"};
    static const char *const repeats[] = {"", ", repeat break", ", repeat restart"};
    static const char *const ties[] = {"", ", ties strict", ", ties tolerant "};
    print_same(p, sequence);
    segi_buf_text(p->out, scans[sequence->scan]);
    segi_buf_text(p->out, entries[sequence->entry]);
    segi_buf_text(p->out, betweens[sequence->between]);
    segi_buf_text(p->out, repeats[sequence->repeat]);
    segi_buf_text(p->out, ties[sequence->tie]);
    if (sequence->tie == SEGI_TIE_TOLERANT)
        segi_print_duration(p, sequence->tolerance);
    if (sequence->row_many)
        segi_buf_text(p->out, ", row matches many steps");
}

/* `tail` as in segi_print_value(). */
void segi_print_sequence(segi_printer *p, const segi_node *node, bool tail)
{
    static const char *const figures[] = {"count of ", "depth of ", "convert_time of "};
    const segi_sequence *sequence = node->sequence;
    segi_zone_ref zone = node->window.zone;
    if (node->kind == SEGI_NODE_FIGURE)
        segi_buf_text(p->out, figures[node->figure]);
    segi_buf_text(p->out, sequence->funnel ? "funnel (" : "sequence (");
    for (uint32_t i = 0; i < sequence->step_count; i++) {
        if (i != 0)
            segi_buf_text(p->out, " then ");
        print_step(p, sequence, i, zone);
    }
    if (sequence->absence != NULL) {
        segi_buf_text(p->out, " then no ");
        print_events(p, sequence, UINT32_MAX, sequence->absence, zone);
        segi_buf_text(p->out, " for ");
        segi_print_duration(p, sequence->absence_for);
    }
    print_options(p, sequence);
    segi_buf_char(p->out, ')');
    if (sequence->has_within) {
        segi_buf_text(p->out, " within ");
        segi_print_duration(p, sequence->within);
    }
    if (node->kind == SEGI_NODE_SEQUENCE && !sequence->funnel)
        segi_print_bound(p, &node->bound);
    segi_print_window(p, &node->window, tail);
    if (node->kind == SEGI_NODE_FIGURE || !sequence->funnel)
        return;
    segi_buf_text(p->out, node->bound.max == INT64_MAX ? " reached " : " dropped after ");
    segi_print_number(p, node->bound.min);
}
