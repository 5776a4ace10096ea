/* json_write.c - the JSON form of a predicate, from the tree of what its canonical text says.
 *
 * Printing and parsing once more costs microseconds, and it makes canonical JSON a function of the
 * canonical text: what the printer keeps apart cannot fall together here. Keys stand in the order
 * of their bytes and what is the default is left out, so equal predicates give equal bytes. The
 * switches have no default, so a construct of the language without a form here does not compile.
 * One thread per call. */
#include <string.h>

#include "lang/json.h"
#include "lang/json_write.h"
#include "lang/print.h"

/* ---- the syntax of JSON ---- */

/* The first thing inside of a bracket has no comma before it. */
void segi_json_out_open(segi_json_out *w, char bracket)
{
    segi_buf_char(w->out, bracket);
    w->comma = false;
}

void segi_json_out_close(segi_json_out *w, char bracket)
{
    segi_buf_char(w->out, bracket);
    w->comma = true;
}

/* Before each element but the first. */
void segi_json_out_comma(segi_json_out *w)
{
    if (w->comma)
        segi_buf_char(w->out, ',');
    w->comma = true;
}

/* Keys are our own words, but are quoted like any text. */
void segi_json_out_key(segi_json_out *w, const char *name)
{
    segi_json_out_comma(w);
    segi_buf_quoted(w->out, name, strlen(name));
    segi_buf_char(w->out, ':');
}

void segi_json_out_text(segi_json_out *w, const char *name, const char *text, size_t size)
{
    segi_json_out_key(w, name);
    segi_buf_quoted(w->out, text, size);
}

void segi_json_out_word(segi_json_out *w, const char *name, const char *word)
{
    segi_json_out_text(w, name, word, strlen(word));
}

/* A flag, left out where it is false. */
void segi_json_out_true(segi_json_out *w, const char *name, bool value)
{
    if (!value)
        return;
    segi_json_out_key(w, name);
    segi_buf_text(w->out, "true");
}

/* Whole numbers of any size: JSON does not limit them, and our reader takes them as they are
 * written. */
void segi_json_out_int(segi_json_out *w, const char *name, int64_t value)
{
    segi_json_out_key(w, name);
    segi_buf_int(w->out, value);
}

/* JSON takes what the printer writes. */
void segi_json_out_float(segi_json_out *w, double value)
{
    segi_printer p = {.out = w->out};
    segi_print_float(&p, value);
}

/* ---- the door ---- */

/* With the version of the form, "v": 1. */
static void write_root(segi_json_out *w, const segi_syn_root *root)
{
    segi_json_out_open(w, '{');
    segi_json_out_key(w, "expr");
    segi_json_out_predicate(w, root->root);
    if (root->zone_given)
        segi_json_out_zone(w, "timezone", &root->zone);
    segi_json_out_int(w, "v", 1);
    if (root->week_given)
        segi_json_out_word(w, "week", root->week_start == 1 ? "monday" : "sunday");
    segi_json_out_close(w, '}');
}

/* O(text). The arena of the parse ends with the call. */
void segi_predicate_json(const segi_predicate *predicate, bool sorted, segi_buf *out)
{
    segi_buf text;
    segi_arena arena;
    segi_buf_init(&text, out->mem);
    segi_arena_init(&arena, out->mem);
    segi_predicate_print(predicate, sorted, &text);
    segi_syn_root root;
    if (text.failed || segi_parse_canonical(&arena, text.data, text.size, &root) != SEG_OK) {
        out->failed = true; /* memory: canonical text is in the language */
    } else {
        segi_json_out w = {out, false};
        write_root(&w, &root);
    }
    segi_arena_deinit(&arena);
    segi_buf_deinit(&text);
}
