/* json_write_value.c - the JSON form of values. */
#include "lang/json_write.h"
#include "lang/print.h"

/* {"name": ..., "type": ...} */
static void write_name(segi_json_out *w, const segi_syn *syn, const char *type)
{
    segi_json_out_open(w, '{');
    segi_json_out_text(w, "name", syn->u.name.text, syn->u.name.text_size);
    segi_json_out_word(w, "type", type);
    segi_json_out_close(w, '}');
}

static void write_as_of(segi_json_out *w, const segi_syn *syn)
{
    const segi_syn_window *window = syn->u.window;
    segi_json_out_open(w, '{');
    if (window->kind == SEGI_WINDOW_OLDER)
        segi_json_out_duration(w, "ago", window->length);
    else
        segi_json_out_moment(w, "as_of", &window->from);
    segi_json_out_text(w, "name", syn->kids->u.name.text, syn->kids->u.name.text_size);
    segi_json_out_word(w, "type", "name");
    segi_json_out_close(w, '}');
}

/* What distinguishes periods and broken streaks are other keys. */
static const char *aggregate_name(segi_aggregate aggregate)
{
    switch (aggregate) {
    case SEGI_AGG_COUNT: return "count";
    case SEGI_AGG_SUM: return "sum";
    case SEGI_AGG_AVG: return "avg";
    case SEGI_AGG_MIN: return "min";
    case SEGI_AGG_MAX: return "max";
    case SEGI_AGG_MEDIAN: return "median";
    case SEGI_AGG_PERCENTILE: return "percentile";
    case SEGI_AGG_STDDEV: return "stddev";
    case SEGI_AGG_DISTINCT:
    case SEGI_AGG_DISTINCT_PERIOD: return "distinct";
    case SEGI_AGG_MODE: return "mode";
    case SEGI_AGG_TOP: return "top";
    case SEGI_AGG_FIRST: return "first";
    case SEGI_AGG_LAST: return "last";
    case SEGI_AGG_NTH: return "nth";
    case SEGI_AGG_SHARE: return "share";
    case SEGI_AGG_STREAK:
    case SEGI_AGG_STREAK_BROKEN: return "streak";
    case SEGI_AGG_CURRENT_STREAK: return "current_streak";
    case SEGI_AGG_OVERDUE: return "overdue";
    case SEGI_AGG_SINCE:
    case SEGI_AGG_CHANGES: break; /* said in other words */
    }
    return "";
}

/* Left out where it is 1, the default. */
static void write_not_one(segi_json_out *w, const char *name, int64_t value)
{
    if (value != 1)
        segi_json_out_int(w, name, value);
}

/* One object for all aggregates; the keys that one does not have are at their defaults. */
static void write_aggregate(segi_json_out *w, const segi_syn_behaviour *of)
{
    static const char *const ties[] = {"latest", "none", "all"};
    static const segi_streak plain = {1, 1, 0, 1};
    const segi_streak *streak = of->streak != NULL ? of->streak : &plain;
    segi_json_out_open(w, '{');
    segi_json_out_true(w, "broken", of->aggregate == SEGI_AGG_STREAK_BROKEN);
    segi_json_out_word(w, "fn", aggregate_name(of->aggregate));
    if (of->aggregate == SEGI_AGG_PERCENTILE) {
        segi_json_out_key(w, "fraction");
        segi_json_out_float(w, of->fraction);
    }
    write_not_one(w, "length", streak->length);
    bool top = of->aggregate == SEGI_AGG_TOP, mode = top || of->aggregate == SEGI_AGG_MODE;
    write_not_one(w, "min", mode ? of->min_events : streak->min_events);
    if (streak->missed != 0)
        segi_json_out_int(w, "missed", streak->missed);
    if (top)
        segi_json_out_int(w, "most", of->nth);
    if (of->aggregate == SEGI_AGG_NTH)
        segi_json_out_int(w, "nth", of->nth);
    if (of->aggregate == SEGI_AGG_SHARE) {
        segi_json_out_key(w, "of");
        segi_json_out_predicate(w, of->argument);
    }
    if (streak->missed != 0)
        segi_json_out_int(w, "per", streak->per);
    if (of->argument != NULL && of->aggregate != SEGI_AGG_SHARE) {
        segi_json_out_key(w, "property");
        segi_json_out_value(w, of->argument);
    }
    segi_json_out_selector(w, "select", of->selector);
    if (mode && of->ties != SEGI_TIES_LATEST)
        segi_json_out_word(w, "ties", ties[of->ties]);
    segi_json_out_word(w, "type", "aggregate");
    if (of->aggregate == SEGI_AGG_DISTINCT_PERIOD || of->streak != NULL)
        segi_json_out_word(w, "unit", segi_unit_name(of->period));
    segi_json_out_window(w, of->window, false);
    segi_json_out_close(w, '}');
}

/* Numbers or percentages, as the score has them. */
static void write_cuts(segi_json_out *w, const segi_score *score)
{
    segi_printer p = {.out = w->out};
    segi_json_out_open(w, '[');
    for (uint32_t i = 0; i < score->cut_count; i++) {
        segi_json_out_comma(w);
        if (score->cuts == SEGI_CUTS_PARTS)
            segi_json_out_percent(w, score->parts[i]);
        else
            segi_print_literal(&p, &score->points[i]);
    }
    segi_json_out_close(w, ']');
}

/* quartile, quintile, decile, or tier with its cut points. */
static void write_score(segi_json_out *w, const segi_syn *syn)
{
    const segi_syn_score *written = syn->u.score;
    const segi_score *score = &written->score;
    segi_json_out_open(w, '{');
    if (syn->kids->next != NULL) {
        segi_json_out_key(w, "among");
        segi_json_out_predicate(w, syn->kids->next);
    }
    if (score->quantile == 0 && score->cuts == SEGI_CUTS_FIXED) {
        segi_json_out_key(w, "cuts");
        write_cuts(w, score);
    }
    if (written->label_list != NULL) {
        segi_json_out_key(w, "labels");
        segi_json_out_texts(w, written->label_list);
    }
    if (score->quantile == 0 && score->cuts == SEGI_CUTS_PARTS) {
        segi_json_out_key(w, "percentiles");
        write_cuts(w, score);
    }
    segi_json_out_word(w, "type",
                       score->quantile == 0   ? "tier"
                       : score->quantile == 4 ? "quartile"
                       : score->quantile == 5 ? "quintile"
                                              : "decile");
    segi_json_out_key(w, "value");
    segi_json_out_value(w, syn->kids);
    segi_json_out_true(w, "with_zeros", score->zeros);
    segi_json_out_close(w, '}');
}

/* An object around one value. */
void segi_json_out_one(segi_json_out *w, const char *type, const segi_syn *kid)
{
    segi_json_out_open(w, '{');
    segi_json_out_word(w, "type", type);
    segi_json_out_key(w, "value");
    segi_json_out_value(w, kid);
    segi_json_out_close(w, '}');
}

/* left op right, of values. */
void segi_json_out_two(segi_json_out *w, const segi_syn *syn, const char *op, const char *type)
{
    segi_json_out_open(w, '{');
    segi_json_out_key(w, "left");
    segi_json_out_value(w, syn->kids);
    segi_json_out_word(w, "op", op);
    segi_json_out_key(w, "right");
    segi_json_out_value(w, syn->kids->next);
    segi_json_out_word(w, "type", type);
    segi_json_out_close(w, '}');
}

static void write_anniversary(segi_json_out *w, const segi_syn *syn)
{
    segi_json_out_open(w, '{');
    if (syn->op == 1)
        segi_json_out_word(w, "leap_day", "feb_28");
    segi_json_out_word(w, "type", "anniversary");
    segi_json_out_key(w, "value");
    segi_json_out_value(w, syn->kids);
    segi_json_out_close(w, '}');
}

void segi_json_out_value(segi_json_out *w, const segi_syn *syn)
{
    static const char *const signs[] = {"+", "-", "*", "/"};
    segi_printer p = {.out = w->out};
    switch (syn->kind) {
    case SEGI_SYN_NUMBER:
    case SEGI_SYN_BOOL: segi_print_literal(&p, &syn->u.literal); break;
    case SEGI_SYN_STRING: segi_buf_quoted(w->out, syn->u.name.text, syn->u.name.text_size); break;
    case SEGI_SYN_MOMENT:
        segi_json_out_open(w, '{');
        segi_json_out_word(w, "type", "moment");
        segi_json_out_key(w, "value");
        segi_json_out_moment_text(w, syn->u.moment);
        segi_json_out_close(w, '}');
        break;
    case SEGI_SYN_DURATION: segi_json_out_duration_value(w, syn->u.duration); break;
    case SEGI_SYN_NOW:
        segi_json_out_open(w, '{');
        segi_json_out_word(w, "type", "now");
        segi_json_out_close(w, '}');
        break;
    case SEGI_SYN_PARAM: segi_json_out_param(w, syn); break;
    case SEGI_SYN_NAME: write_name(w, syn, "name"); break;
    case SEGI_SYN_AS_OF: write_as_of(w, syn); break;
    case SEGI_SYN_BUILTIN:
        segi_json_out_open(w, '{');
        segi_json_out_word(w, "name", segi_builtin_name((segi_builtin)syn->op));
        segi_json_out_word(w, "type", "builtin");
        segi_json_out_close(w, '}');
        break;
    case SEGI_SYN_AGGREGATE: write_aggregate(w, syn->u.behaviour); break;
    case SEGI_SYN_ARITH: segi_json_out_two(w, syn, signs[syn->op], "arithmetic"); break;
    case SEGI_SYN_NEGATE: segi_json_out_one(w, "negate", syn->kids); break;
    case SEGI_SYN_SIZE: segi_json_out_one(w, "size", syn->kids); break;
    case SEGI_SYN_ANNIVERSARY: write_anniversary(w, syn); break;
    case SEGI_SYN_SCORE: write_score(w, syn); break;
    case SEGI_SYN_RFM: segi_json_out_rfm(w, syn); break;
    case SEGI_SYN_FIGURE: segi_json_out_sequence(w, syn); break;
    case SEGI_SYN_EVERYONE:
    case SEGI_SYN_NOBODY:
    case SEGI_SYN_NOT:
    case SEGI_SYN_AND:
    case SEGI_SYN_OR:
    case SEGI_SYN_XOR:
    case SEGI_SYN_AT_LEAST:
    case SEGI_SYN_DID:
    case SEGI_SYN_EDGE:
    case SEGI_SYN_SEGMENT:
    case SEGI_SYN_COMPARE:
    case SEGI_SYN_BETWEEN:
    case SEGI_SYN_IN:
    case SEGI_SYN_RANK:
    case SEGI_SYN_STATE:
    case SEGI_SYN_HAS:
    case SEGI_SYN_TEXT:
    case SEGI_SYN_RADIUS:
    case SEGI_SYN_POLYGON:
    case SEGI_SYN_LIFECYCLE:
    case SEGI_SYN_SPLIT:
    case SEGI_SYN_CLASS:
    case SEGI_SYN_SEQUENCE:
    case SEGI_SYN_HELD:
    case SEGI_SYN_CHANGED:
    case SEGI_SYN_TIME: break; /* a predicate is no value: the parser has seen to that */
    }
}
