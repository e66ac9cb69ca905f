/* What the files of IMAP share. */
#ifndef SIMULATE_IMAP_PARTS_H
#define SIMULATE_IMAP_PARTS_H

#include "simulate/script_parts.h"

/* ---- imap_words.c: RFC 3501 section 9. What is taken goes off *rest; blanks in front as well. */

/* An astring (an atom, a quoted string, a literal as sim_imap_line() keeps it: "{3}" CR LF and
 * three bytes) is appended to OUT. False when there is none. */
bool sim_take_astring(struct bytes *rest, struct buffer *out);
/* A parenthesised list, without its outer parentheses. */
bool sim_take_list(struct bytes *rest, struct bytes *ret_list);
/* Up to the next blank outside of brackets and quotes; false at the end. */
bool sim_take_item(struct bytes *rest, struct bytes *ret_item);
char sim_peek(struct bytes *rest);                     /* the next character; '\0' at the end */
bool sim_equals(struct bytes bytes, const char *word); /* case-insensitive */

/* "1,3:5,*" */
bool sim_is_set(struct bytes set);
bool sim_in_set(struct bytes set, uint32_t number, uint32_t largest);
/* The largest number that is named; 0 when it is only "*". */
uint32_t sim_set_end(struct bytes set);

/* "\Seen", "$Keyword": the bit, 0 for what is not kept. False: no flag at all. */
bool sim_read_flag(struct bytes word, unsigned *ret_flag);
/* A list's content, or flags without parentheses. */
bool sim_read_flags(struct bytes words, unsigned *ret_flags);
/* "22-Nov-2026" with the time and zone behind it where WHOLE; Unix seconds, -1: it is none. */
int64_t sim_read_date(struct bytes text, bool whole);

/* ---- imap_mailbox.c, imap_message.c, imap_fetch.c, imap_search.c: one command each */

typedef void sim_imap_act(struct sim_script *script, struct bytes rest);
sim_imap_act sim_imap_select, sim_imap_status, sim_imap_list, sim_imap_create, sim_imap_delete,
    sim_imap_rename, sim_imap_subscribe, sim_imap_append, sim_imap_close, sim_imap_store,
    sim_imap_copy, sim_imap_expunge, sim_imap_fetch, sim_imap_search;

/* The last word of a command: first what changed meanwhile, then the row. */
void sim_imap_end(struct sim_script *script, enum sim_moment moment);
void sim_imap_outcome(struct sim_script *script, enum sim_outcome outcome);

/* Calls VISIT for every message of SET that still is there: sequence numbers, or UIDs after "UID".
 * False, and the client has been told, when SET is no set of this mailbox. */
bool sim_imap_each(struct sim_script *script, struct bytes set,
                   void (*visit)(struct sim_script *script, size_t index,
                                 struct sim_message *message, void *arg),
                   void *arg);

/* ---- mime.c, imap_structure.c */

struct sim_part {
    struct bytes header, body; /* the header with its empty line */
};
struct sim_part sim_part_of(struct bytes text);
/* The value of a field, unfolded, appended to OUT; false when there is none. */
bool sim_part_field(struct bytes header, const char *name, struct buffer *out);
/* The message that a message/rfc822 holds; false: the part is none. */
bool sim_part_message(const struct sim_part *part, struct sim_part *ret_message);
/* Child NUMBER from 1 of a multipart; false: there is none. */
bool sim_part_child(const struct sim_part *part, size_t number, struct sim_part *ret_child);
/* "text" "plain" without a Content-Type (RFC 2045 section 5.2); lower case. */
void sim_part_type(const struct sim_part *part, char type[static SIM_WORD_SIZE],
                   char subtype[static SIM_WORD_SIZE]);

void sim_put_envelope(struct buffer *out, struct bytes header);
void sim_put_structure(struct buffer *out, const struct sim_part *part, int depth);
void sim_put_string(struct buffer *out,
                    struct bytes text); /* quoted, or a literal; "NIL" for NULL */

#endif
