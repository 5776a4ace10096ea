/* json_write.h - private to lang: what the files that write the JSON form share. */
#ifndef SEGI_JSON_WRITE_H
#define SEGI_JSON_WRITE_H

#include "lang/syntax.h"

typedef struct segi_json_out {
    segi_buf *out;
    bool comma; /* something stands before the next key or element */
} segi_json_out;

/* ---- json_write.c: the syntax ---- */

/* Brackets, commas and keys. Commas come by themselves, before each key or element. */
void segi_json_out_open(segi_json_out *w, char bracket);
void segi_json_out_close(segi_json_out *w, char bracket);
void segi_json_out_comma(segi_json_out *w);
void segi_json_out_key(segi_json_out *w, const char *name);
void segi_json_out_text(segi_json_out *w, const char *name, const char *text, size_t size);
void segi_json_out_word(segi_json_out *w, const char *name, const char *word);
void segi_json_out_true(segi_json_out *w, const char *name, bool value); /* nothing for false */
void segi_json_out_int(segi_json_out *w, const char *name, int64_t value);
void segi_json_out_float(segi_json_out *w, double value);

/* ---- json_write_part.c ---- */

/* With a name a field of an object, without one what stands behind a key. */
void segi_json_out_param(segi_json_out *w, const segi_syn *param);
void segi_json_out_number(segi_json_out *w, const char *name, segi_syn_number number);
void segi_json_out_duration(segi_json_out *w, const char *name, segi_syn_duration duration);
void segi_json_out_duration_value(segi_json_out *w, segi_syn_duration duration);
void segi_json_out_percent(segi_json_out *w, int64_t parts);
void segi_json_out_moment_text(segi_json_out *w, segi_moment moment);
void segi_json_out_moment(segi_json_out *w, const char *name, const segi_syn_moment *moment);
void segi_json_out_zone(segi_json_out *w, const char *name, const segi_syn_zone *zone);
void segi_json_out_texts(segi_json_out *w, const segi_syn *texts);
/* name NULL: an element of a list. */
void segi_json_out_selector(segi_json_out *w, const char *name, const segi_syn_selector *selector);
/* Nothing for NULL. */
void segi_json_out_bound(segi_json_out *w, const char *name, const segi_syn_bound *bound);
void segi_json_out_window(segi_json_out *w, const segi_syn_window *window, bool needed);

/* ---- whole constructs, by file ---- */

void segi_json_out_predicate(segi_json_out *w, const segi_syn *syn);
/* json_write_value.c; also an object around one value, and left op right of two. */
void segi_json_out_value(segi_json_out *w, const segi_syn *syn);
void segi_json_out_one(segi_json_out *w, const char *type, const segi_syn *kid);
void segi_json_out_two(segi_json_out *w, const segi_syn *syn, const char *op, const char *type);
/* json_write_history.c: HELD and CHANGED. */
void segi_json_out_history(segi_json_out *w, const segi_syn *syn);
/* json_write_rfm.c */
void segi_json_out_rfm(segi_json_out *w, const segi_syn *syn);
/* json_write_sequence.c: SEQUENCE and FIGURE. */
void segi_json_out_sequence(segi_json_out *w, const segi_syn *syn);

#endif
