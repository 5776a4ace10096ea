/* json_sequence.c - ordered steps in JSON as text. One thread per call.
 *
 * A chain (its steps and switches) is an object of its own, so that a condition and a figure can
 * speak of it alike. */
#include <string.h>

#include "lang/json.h"
#include "lang/json_field.h"

/* ---- steps ---- */

/* Not a quoted name: the language takes a bare one only. */
static void put_alias(segi_json *j, yyjson_val *name)
{
    segi_json_put(j, " as ");
    segi_json_mark(j, name);
    if (segi_word_plain(yyjson_get_str(name), yyjson_get_len(name)))
        segi_buf_add(&j->text, yyjson_get_str(name), yyjson_get_len(name));
    else
        segi_json_fail(j, name, "letters, digits and _", "this cannot be the name of a step");
}

/* ("A" or "B") */
static void put_choices(segi_json *j, yyjson_val *choices)
{
    yyjson_val *choice;
    yyjson_arr_iter all = yyjson_arr_iter_with(choices);
    segi_buf_char(&j->text, '(');
    for (size_t i = 0; (choice = yyjson_arr_iter_next(&all)) != NULL; i++) {
        if (i != 0)
            segi_json_put(j, " or ");
        segi_json_put_object(j, choice, SEGI_JSON_SELECT);
    }
    segi_buf_char(&j->text, ')');
}

/* A selector or choices, and then the suffixes in the order of the printer. */
static void write_step(segi_json *j, const segi_json_object *object)
{
    yyjson_val *select = segi_json_at(object, "select"), *name = segi_json_at(object, "name");
    yyjson_val *choices = segi_json_at(object, "choices"), *times = segi_json_at(object, "times");
    yyjson_val *after = segi_json_at(object, "after"), *within = segi_json_at(object, "within");
    yyjson_val *without = segi_json_at(object, "without");
    if ((select == NULL) == (choices == NULL)) {
        segi_json_fail(j, object->self, NULL, "a step has a selector or choices");
        return;
    }
    if (select != NULL)
        segi_json_put_object(j, select, SEGI_JSON_SELECT);
    else
        put_choices(j, choices);
    if (name != NULL)
        put_alias(j, name);
    if (times != NULL)
        segi_json_put_object(j, times, SEGI_JSON_TIMES);
    if (after != NULL) {
        segi_json_put(j, " at least ");
        segi_json_put_length(j, after, false);
        segi_json_put(j, " after");
    }
    if (within != NULL) {
        segi_json_put(j, " within ");
        segi_json_put_length(j, within, false);
    }
    if (without != NULL) {
        segi_json_put(j, " without ");
        segi_json_put_object(j, without, SEGI_JSON_SELECT);
    }
}

/* ---- chains ---- */

/* same ("a", ...) over all events. */
static void put_same(segi_json *j, yyjson_val *names)
{
    yyjson_val *name;
    yyjson_arr_iter all = yyjson_arr_iter_with(names);
    segi_json_put(j, ", same (");
    for (size_t i = 0; (name = yyjson_arr_iter_next(&all)) != NULL; i++) {
        if (i != 0)
            segi_json_put(j, ", ");
        segi_json_mark(j, name);
        if (yyjson_is_str(name))
            segi_json_put_name(j, name);
        else
            segi_json_fail(j, name, NULL, "expected the name of a property");
    }
    segi_buf_char(&j->text, ')');
}

/* A preset besides switches is left to the parser to refuse. */
static void put_switches(segi_json *j, const segi_json_object *object)
{
    static const struct {
        const char *field, *words[3];
    } switches[] = {
        {"entry", {", entry any", ", entry first", ", entry latest"}},
        {"between", {", between anything", ", between no other step", ", between nothing"}},
        {"repeat", {", repeat ignore", ", repeat break", ", repeat restart"}},
        {"ties", {", ties ingested", ", ties strict", ", ties tolerant "}},
        {"row_matches", {", row matches one step", ", row matches many steps", ""}}};
    yyjson_val *like = segi_json_at(object, "like"), *ties = segi_json_at(object, "ties");
    yyjson_val *tolerance = segi_json_at(object, "tolerance");
    bool tolerant = ties != NULL && segi_json_word(object, "ties") == SEGI_TIE_TOLERANT;
    if (tolerant != (tolerance != NULL)) {
        segi_json_fail(j, object->self, NULL, "\"tolerance\" stands beside tolerant ties");
        return;
    }
    if (like != NULL) {
        segi_json_put(j, ", like ");
        segi_json_mark(j, like);
        segi_json_put(j, yyjson_get_str(like));
    }
    for (size_t i = 0; i < sizeof switches / sizeof *switches; i++) {
        yyjson_val *value = segi_json_at(object, switches[i].field);
        if (value == NULL)
            continue;
        segi_json_mark(j, value);
        segi_json_put(j, switches[i].words[segi_json_word(object, switches[i].field)]);
        if (value == ties && tolerant)
            segi_json_put_length(j, tolerance, false);
    }
}

/* then no ... for ... */
static void put_absence(segi_json *j, const segi_json_object *object)
{
    yyjson_val *absent = segi_json_at(object, "absent");
    yyjson_val *length = segi_json_at(object, "absent_for");
    if ((absent == NULL) != (length == NULL)) {
        segi_json_fail(j, object->self, NULL, "\"absent\" and \"absent_for\" stand together");
        return;
    }
    if (absent == NULL)
        return;
    segi_json_put(j, " then no ");
    segi_json_put_object(j, absent, SEGI_JSON_SELECT);
    segi_json_put(j, " for ");
    segi_json_put_length(j, length, false);
}

static void write_chain(segi_json *j, const segi_json_object *object)
{
    yyjson_val *step, *within = segi_json_at(object, "within");
    yyjson_arr_iter all = yyjson_arr_iter_with(segi_json_at(object, "steps"));
    bool funnel = strcmp(object->form->type, "funnel") == 0;
    segi_json_put(j, funnel ? "funnel (" : "sequence (");
    for (size_t i = 0; (step = yyjson_arr_iter_next(&all)) != NULL; i++) {
        if (i != 0)
            segi_json_put(j, " then ");
        segi_json_put_object(j, step, SEGI_JSON_STEP);
    }
    if (!funnel)
        put_absence(j, object);
    if (segi_json_at(object, "same") != NULL)
        put_same(j, segi_json_at(object, "same"));
    put_switches(j, object);
    segi_buf_char(&j->text, ')');
    if (within != NULL) {
        segi_json_put(j, " within ");
        segi_json_put_length(j, within, false);
    }
}

/* ---- conditions and values ---- */

/* The chain that the object speaks of; a sequence or a funnel, where only one of them will do. */
static void put_chain(segi_json *j, const segi_json_object *object, const char *wanted)
{
    yyjson_val *chain = segi_json_at(object, "chain");
    if (wanted != NULL && !yyjson_equals_str(yyjson_obj_get(chain, "type"), wanted))
        segi_json_fail(j, chain, NULL, "\"%s\" speaks of a chain of type \"%s\"",
                       object->form->type, wanted);
    else
        segi_json_put_object(j, chain, SEGI_JSON_CHAIN);
}

static void write_sequence(segi_json *j, const segi_json_object *object)
{
    put_chain(j, object, "sequence");
    if (segi_json_at(object, "times") != NULL)
        segi_json_put_object(j, segi_json_at(object, "times"), SEGI_JSON_TIMES);
    segi_json_put_window(j, object);
}

static void write_funnel(segi_json *j, const segi_json_object *object)
{
    yyjson_val *reached = segi_json_at(object, "reached");
    yyjson_val *dropped = segi_json_at(object, "dropped_after");
    if ((reached == NULL) == (dropped == NULL)) {
        segi_json_fail(j, object->self, NULL, "a funnel has \"reached\" or \"dropped_after\"");
        return;
    }
    put_chain(j, object, "funnel");
    segi_json_put_window(j, object);
    segi_json_put(j, reached != NULL ? " reached " : " dropped after ");
    segi_json_put_count(j, reached != NULL ? reached : dropped);
}

/* The types of figures differ from the words of the language where those would be ambiguous. */
static void write_figure(segi_json *j, const segi_json_object *object)
{
    static const char *const wanted[] = {"sequence", "funnel", NULL};
    static const char *const words[] = {"count of ", "depth of ", "convert_time of "};
    int figure = strcmp(object->form->type, "chains") == 0  ? SEGI_FIGURE_MATCHES
                 : strcmp(object->form->type, "depth") == 0 ? SEGI_FIGURE_DEPTH
                                                            : SEGI_FIGURE_TIME;
    segi_json_put(j, words[figure]);
    put_chain(j, object, wanted[figure]);
    /* Said in words, so that what follows cannot be taken for the span. */
    if (segi_json_at(object, "window") == NULL)
        segi_json_put(j, " ever");
    segi_json_put_window(j, object);
}

/* ---- the forms ---- */

/* clang-format off */
#define SWITCHES                                                                                   \
    {"same", SEGI_JSON_LIST, MAYBE}, {"entry", SEGI_JSON_WORD, false, "any first latest"},         \
    {"between", SEGI_JSON_WORD, false, "anything no_other_step nothing"},                          \
    {"repeat", SEGI_JSON_WORD, false, "ignore break restart"},                                     \
    {"ties", SEGI_JSON_WORD, false, "ingested strict tolerant"},                                   \
    {"tolerance", SEGI_JSON_NODE, MAYBE},                                                          \
    {"row_matches", SEGI_JSON_WORD, false, "one_step many_steps"},                                 \
    {"like", SEGI_JSON_WORD, false,                                                                \
     "clickhouse_default clickhouse_strict_deduplication clickhouse_strict_order "                 \
     "clickhouse_allow_reentry clickhouse_strict_increase clickhouse_strict_once "                 \
     "clickhouse_sequence_match mixpanel_default mixpanel_reentry"}

static const segi_json_form forms[] = {
    {SEGI_JSON_PREDICATE, "sequence", write_sequence,
     {NODE("chain"), {"times", SEGI_JSON_NODE, MAYBE}, WINDOW}},
    {SEGI_JSON_PREDICATE, "funnel", write_funnel,
     {NODE("chain"), {"reached", SEGI_JSON_NODE, MAYBE}, {"dropped_after", SEGI_JSON_NODE, MAYBE},
      WINDOW}},
    {SEGI_JSON_VALUE, "chains", write_figure, {NODE("chain"), WINDOW}},
    {SEGI_JSON_VALUE, "depth", write_figure, {NODE("chain"), WINDOW}},
    {SEGI_JSON_VALUE, "convert_time", write_figure, {NODE("chain"), WINDOW}},
    {SEGI_JSON_CHAIN, "sequence", write_chain,
     {{"steps", SEGI_JSON_LIST, NEEDED}, {"within", SEGI_JSON_NODE, MAYBE},
      {"absent", SEGI_JSON_NODE, MAYBE}, {"absent_for", SEGI_JSON_NODE, MAYBE}, SWITCHES}},
    {SEGI_JSON_CHAIN, "funnel", write_chain,
     {{"steps", SEGI_JSON_LIST, NEEDED}, {"within", SEGI_JSON_NODE, MAYBE}, SWITCHES}},
    {SEGI_JSON_STEP, "step", write_step,
     {{"select", SEGI_JSON_NODE, MAYBE}, {"choices", SEGI_JSON_LIST, MAYBE},
      {"name", SEGI_JSON_TEXT, MAYBE}, {"times", SEGI_JSON_NODE, MAYBE},
      {"after", SEGI_JSON_NODE, MAYBE}, {"within", SEGI_JSON_NODE, MAYBE},
      {"without", SEGI_JSON_NODE, MAYBE}}},
};
/* clang-format on */

const segi_json_forms segi_json_sequence_forms = {forms, sizeof forms / sizeof *forms};
