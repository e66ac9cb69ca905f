/* A password or a token.
 *
 * The bytes live in pages that are locked into memory where the system allows it, kept out of core
 * dumps, not inherited by a fork, and wiped when freed. A secret is entered by file, descriptor,
 * command, environment or prompt (secret_source.h), never by a command line, and leaves only
 * through secret_bytes(). */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>

struct secret;

enum { SECRET_LIMIT = 16384 }; /* bytes; the longest access tokens seen are about 4 KiB */

/* A copy of BYTES; NULL when it is longer than SECRET_LIMIT. */
struct secret *secret_new(struct bytes bytes);
void secret_free(struct secret *secret); /* wipes; NULL is legal */

/* The secret itself: terminated, borrowed until secret_free(). Copy it into a struct buffer only.
 */
struct bytes secret_bytes(const struct secret *secret);

/* Overwrites in DATA with '*', in place and keeping its length, what shows SECRET: raw, as an IMAP
 * quoted string, and in base64 at each of its three alignments (alone, or behind other bytes as in
 * a SASL message). One under four bytes would blot out ordinary words, or the reply's code: it is
 * looked for only where it stands as a secret does, in quotes, behind "PASS", behind a zero byte,
 * and in a whole base64 word that is, or ends in, that secret of a login. NULL secrets are legal.
 */
void secret_scrub(const struct secret *secret, char *data, size_t size);
/* The same for a text that was cut off: the beginning of a secret, of four bytes or more, at the
 * very end of DATA is blotted out too. */
void secret_scrub_cut(const struct secret *secret, char *data, size_t size);

#endif
