/* json_write_rfm.c - rfm in the JSON form; keys in the order of their bytes. */
#include "lang/json_write.h"
#include "lang/print.h"

/* Whole microseconds as ISO 8601, of the largest unit that it is whole in. */
static void write_age(segi_json_out *w, int64_t age)
{
    static const struct {
        int64_t length;
        const char *prefix;
        char letter;
    } units[] = {{INT64_C(86400000000), "P", 'D'},
                 {INT64_C(3600000000), "PT", 'H'},
                 {60000000, "PT", 'M'},
                 {1000000, "PT", 'S'}};
    size_t at = 0, last = sizeof units / sizeof *units - 1;
    segi_printer p = {.out = w->out};
    bool ahead = age < 0;
    age = ahead ? -age : age;
    while (at < last && (age % units[at].length != 0 || age == 0))
        at++;
    segi_buf_format(w->out, ahead ? "\"-%s" : "\"%s", units[at].prefix);
    if (at < last)
        segi_buf_int(w->out, age / units[at].length);
    else
        segi_print_millionths(&p, age);
    segi_buf_format(w->out, "%c\"", units[at].letter);
}

static void write_points(segi_json_out *w, const char *name, const segi_syn_rfm *rfm,
                         uint32_t measure)
{
    segi_printer p = {.out = w->out};
    segi_json_out_key(w, name);
    segi_json_out_open(w, '[');
    for (uint32_t i = 0; i + 1 < rfm->scale; i++) {
        segi_json_out_comma(w);
        if (measure == SEGI_RFM_RECENCY)
            write_age(w, rfm->cuts[measure][i].slot);
        else
            segi_print_literal(&p, &rfm->cuts[measure][i]);
        w->comma = true;
    }
    segi_json_out_close(w, ']');
}

static void write_groups(segi_json_out *w, const segi_syn *groups)
{
    const segi_syn *kid = groups->kids;
    segi_json_out_key(w, "groups");
    segi_json_out_open(w, '[');
    for (; kid->next != NULL; kid = kid->next->next) {
        segi_json_out_comma(w);
        segi_json_out_open(w, '{');
        segi_json_out_text(w, "name", kid->u.name.text, kid->u.name.text_size);
        segi_json_out_word(w, "type", "group");
        segi_json_out_key(w, "when");
        segi_json_out_predicate(w, kid->next);
        w->comma = true;
        segi_json_out_close(w, '}');
    }
    segi_json_out_close(w, ']');
    segi_json_out_text(w, "otherwise", kid->u.name.text, kid->u.name.text_size);
}

void segi_json_out_rfm(segi_json_out *w, const segi_syn *syn)
{
    static const char *const scores[] = {"r", "f", "m"};
    const segi_syn_rfm *rfm = syn->u.rfm;
    segi_json_out_open(w, '{');
    if (rfm->class_name != NULL) {
        segi_json_out_text(w, "class", rfm->class_name->u.name.text,
                           rfm->class_name->u.name.text_size);
        segi_json_out_word(w, "score", scores[rfm->measure]);
        segi_json_out_word(w, "type", "class_score");
        segi_json_out_close(w, '}');
        return;
    }
    const segi_syn_behaviour *bought = rfm->bought->u.behaviour;
    if (rfm->floating) {
        segi_json_out_key(w, "floating");
        segi_buf_text(w->out, "true");
        w->comma = true;
    } else {
        write_points(w, "frequency", rfm, SEGI_RFM_FREQUENCY);
    }
    if (rfm->groups != NULL)
        write_groups(w, rfm->groups);
    if (!rfm->floating)
        write_points(w, "money", rfm, SEGI_RFM_MONEY);
    segi_json_out_key(w, "property");
    segi_json_out_value(w, rfm->property);
    w->comma = true;
    if (!rfm->floating)
        write_points(w, "recency", rfm, SEGI_RFM_RECENCY);
    if (rfm->floating && rfm->scale != SEGI_RFM_SCALE_USUAL)
        segi_json_out_number(w, "scale", (segi_syn_number){rfm->scale, NULL});
    if (rfm->measure != SEGI_RFM_GROUP)
        segi_json_out_word(w, "score", scores[rfm->measure]);
    segi_json_out_selector(w, "select", bought->selector);
    segi_json_out_word(w, "type", "rfm");
    segi_json_out_window(w, bought->window, false);
    segi_json_out_close(w, '}');
}
