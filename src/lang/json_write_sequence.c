/* json_write_sequence.c - ordered steps in the JSON form; keys in the order of their bytes.
 *
 * The chain is one object, the figure or condition around it another; json_sequence.c reads both
 * back. */
#include "lang/json_write.h"

/* One choice is a plain selector. */
static void write_step(segi_json_out *w, const segi_syn_step *step)
{
    segi_json_out_open(w, '{');
    if (step->has_after)
        segi_json_out_duration(w, "after", step->after);
    if (step->choice_count > 1) {
        segi_json_out_key(w, "choices");
        segi_json_out_open(w, '[');
        for (const segi_syn_choice *choice = step->choices; choice != NULL; choice = choice->next)
            segi_json_out_selector(w, NULL, choice->selector);
        segi_json_out_close(w, ']');
    }
    if (step->name != NULL)
        segi_json_out_text(w, "name", step->name, step->name_size);
    if (step->choice_count == 1)
        segi_json_out_selector(w, "select", step->choices->selector);
    segi_json_out_bound(w, "times", step->repeat);
    segi_json_out_word(w, "type", "step");
    if (step->has_within)
        segi_json_out_duration(w, "within", step->within);
    if (step->without != NULL)
        segi_json_out_selector(w, "without", step->without);
    segi_json_out_close(w, '}');
}

/* Switches that are not what holds anyway. */
static void write_switch(segi_json_out *w, const char *name, const char *const *words, int value)
{
    if (value != 0)
        segi_json_out_word(w, name, words[value]);
}

/* All of it but what is asked of it. The presets that are no scan have come apart into switches. */
static void write_chain(segi_json_out *w, const segi_syn_sequence *sequence)
{
    static const char *const betweens[] = {"anything", "no_other_step", "nothing"};
    static const char *const entries[] = {"any", "first", "latest"};
    static const char *const scans[] = {"",
                                        "clickhouse_strict_deduplication",
                                        "clickhouse_strict_order",
                                        "clickhouse_allow_reentry",
                                        "clickhouse_strict_increase",
                                        "clickhouse_strict_once"};
    static const char *const repeats[] = {"ignore", "break", "restart"};
    static const char *const rows[] = {"one_step", "many_steps"};
    static const char *const ties[] = {"ingested", "strict", "tolerant"};
    segi_json_out_key(w, "chain");
    segi_json_out_open(w, '{');
    if (sequence->absence != NULL) {
        segi_json_out_selector(w, "absent", sequence->absence->choices->selector);
        segi_json_out_duration(w, "absent_for", sequence->absence->within);
    }
    write_switch(w, "between", betweens, (int)sequence->between);
    write_switch(w, "entry", entries, (int)sequence->entry);
    write_switch(w, "like", scans, (int)sequence->scan);
    write_switch(w, "repeat", repeats, (int)sequence->repeat);
    write_switch(w, "row_matches", rows, sequence->row_many);
    if (sequence->same != NULL) {
        segi_json_out_key(w, "same");
        segi_json_out_texts(w, sequence->same);
    }
    segi_json_out_key(w, "steps");
    segi_json_out_open(w, '[');
    for (const segi_syn_step *step = sequence->steps; step != NULL; step = step->next) {
        segi_json_out_comma(w);
        write_step(w, step);
    }
    segi_json_out_close(w, ']');
    write_switch(w, "ties", ties, (int)sequence->tie);
    if (sequence->tie == SEGI_TIE_TOLERANT)
        segi_json_out_duration(w, "tolerance", sequence->tolerance);
    segi_json_out_word(w, "type", sequence->funnel ? "funnel" : "sequence");
    if (sequence->has_within)
        segi_json_out_duration(w, "within", sequence->within);
    segi_json_out_close(w, '}');
}

/* A condition (how many chains, how deep) or a figure. */
void segi_json_out_sequence(segi_json_out *w, const segi_syn *syn)
{
    static const char *const figures[] = {"chains", "depth", "convert_time"};
    const segi_syn_sequence *sequence = syn->u.sequence;
    segi_json_out_open(w, '{');
    write_chain(w, sequence);
    if (sequence->has_reached)
        segi_json_out_number(w, sequence->dropped ? "dropped_after" : "reached", sequence->reached);
    segi_json_out_bound(w, "times", sequence->bound);
    if (syn->kind == SEGI_SYN_FIGURE)
        segi_json_out_word(w, "type", figures[sequence->figure]);
    else
        segi_json_out_word(w, "type", sequence->funnel ? "funnel" : "sequence");
    segi_json_out_window(w, sequence->window, false);
    segi_json_out_close(w, '}');
}
