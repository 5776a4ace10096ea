/* json_write.h - private to lang: what the files that write the JSON form share. */
#ifndef SEGI_JSON_WRITE_H
#define SEGI_JSON_WRITE_H

#include "lang/syntax.h"

typedef struct segi_json_out {
    segi_buf *out;
    bool comma; /* something stands before the next key or element */
} segi_json_out;

/* The syntax: brackets, commas and keys. Commas come by themselves, before each key or element. */
void segi_json_out_open(segi_json_out *w, char bracket);
void segi_json_out_close(segi_json_out *w, char bracket);
void segi_json_out_comma(segi_json_out *w);
void segi_json_out_key(segi_json_out *w, const char *name);
void segi_json_out_text(segi_json_out *w, const char *name, const char *text, size_t size);
void segi_json_out_word(segi_json_out *w, const char *name, const char *word);
/* Fields of the form that several files write. */
void segi_json_out_number(segi_json_out *w, const char *name, segi_syn_number number);
void segi_json_out_duration(segi_json_out *w, const char *name, segi_syn_duration duration);
void segi_json_out_texts(segi_json_out *w, const segi_syn *texts);
/* name NULL: an element of a list. */
void segi_json_out_selector(segi_json_out *w, const char *name, const segi_syn_selector *selector);
/* Nothing for NULL. */
void segi_json_out_bound(segi_json_out *w, const char *name, const segi_syn_bound *bound);
void segi_json_out_window(segi_json_out *w, const segi_syn_window *window, bool needed);

void segi_json_out_predicate(segi_json_out *w, const segi_syn *syn);
void segi_json_out_value(segi_json_out *w, const segi_syn *syn);

/* json_write_history.c: HELD and CHANGED. */
void segi_json_out_history(segi_json_out *w, const segi_syn *syn);
/* json_write_rfm.c */
void segi_json_out_rfm(segi_json_out *w, const segi_syn *syn);
/* json_write_sequence.c: SEQUENCE and FIGURE. */
void segi_json_out_sequence(segi_json_out *w, const segi_syn *syn);

#endif
