/* Text that may be hostile: folding, comparing and showing bytes that a peer sent. ASCII rules
 * only: the protocols' keywords are ASCII, and no locale may change a diagnosis. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/buffer.h"
#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes text_bytes(const char *text); /* without the terminator; NULL gives nothing */

char text_lower(char c);
bool text_equal_fold(const char *a, const char *b);                /* case-insensitive */
bool text_starts_fold(struct bytes text, const char *prefix);      /* case-insensitive */
bool text_ends_fold(const char *text, const char *suffix);         /* case-insensitive */
const char *text_find_fold(struct bytes text, const char *needle); /* NULL when absent */

/* Is WORD one of the space-separated words of LINE, whole and case-insensitive? */
bool text_has_word(struct bytes line, const char *word);

/* Takes the next line off REST: without its CR LF or LF. false when REST is used up. */
bool text_next_line(struct bytes *rest, struct bytes *ret_line);

/* Takes the decimal number that TEXT begins with, behind blanks, off it; -1 when there is none. One
 * above what 32 bits hold, as the protocols have it, is none. */
int64_t text_take_number(struct bytes *text);

/* Leading and trailing blanks, tabs and line ends removed. */
struct bytes text_trim(struct bytes text);

int text_hex_digit(char c); /* its value in either case, -1 when it is none */

/* Decodes a user name as it stands in a URL (RFC 3986 section 2.1), in place. NULL, or what is
 * wrong with it, a literal: a byte that decodes to a control character, or that makes the whole
 * something other than UTF-8, could not be a login. */
const char *text_decode_user(char *user);

/* How long the well-formed UTF-8 character at the start of TEXT is (1 to 4), 0 when it is malformed
 * (RFC 3629: also surrogates, overlong forms and values past U+10FFFF) or TEXT is empty. */
size_t text_utf8_length(struct bytes text);
bool text_is_utf8(struct bytes text);

/* Appends TEXT so that it may be printed anywhere and read back losslessly: well-formed UTF-8 as it
 * is; invalid bytes, C0 and C1 controls, DEL, the bidirectional and line-separator controls, and
 * the backslash as \xHH per byte. */
void text_escape(struct buffer *out, struct bytes text);

/* The reverse of text_escape() for what it made; other text is copied as it is. */
void text_unescape(struct buffer *out, const char *escaped);

#endif
