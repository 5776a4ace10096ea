/* json_write_history.c - what asks for the history of an attribute, in JSON. */
#include "lang/json_write.h"

/* A value that a history had; null has a key of its own. */
static void write_state(segi_json_out *w, const char *name, const segi_syn_state *state)
{
    if (!state->given || state->null)
        return;
    segi_json_out_key(w, name);
    segi_json_out_value(w, state->literal);
}

static void write_null(segi_json_out *w, const char *name, const segi_syn_state *state)
{
    if (!state->null)
        return;
    segi_json_out_key(w, name);
    segi_buf_text(w->out, "true");
}

static void write_held(segi_json_out *w, const segi_syn *syn)
{
    const segi_syn_history *history = syn->u.history;
    segi_json_out_open(w, '{');
    segi_json_out_duration(w, "for", history->length);
    write_null(w, "null", &history->to);
    write_state(w, "to", &history->to);
    segi_json_out_word(w, "type", "has_been");
    segi_json_out_key(w, "value");
    segi_json_out_value(w, syn->kids);
    segi_json_out_close(w, '}');
}

static void write_changed(segi_json_out *w, const segi_syn *syn)
{
    const segi_syn_history *history = syn->u.history;
    segi_json_out_open(w, '{');
    write_state(w, "from", &history->from);
    write_null(w, "from_null", &history->from);
    write_state(w, "to", &history->to);
    write_null(w, "to_null", &history->to);
    segi_json_out_word(w, "type", "changed");
    segi_json_out_key(w, "value");
    segi_json_out_value(w, syn->kids);
    segi_json_out_window(w, history->window, false);
    segi_json_out_close(w, '}');
}

void segi_json_out_history(segi_json_out *w, const segi_syn *syn)
{
    if (syn->kind == SEGI_SYN_HELD)
        write_held(w, syn);
    else
        write_changed(w, syn);
}
