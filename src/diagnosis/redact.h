/* Secrets that somebody pasted together with an error. */
#ifndef DIAGNOSIS_REDACT_H
#define DIAGNOSIS_REDACT_H

#include "base/buffer.h"

/* What stands in a secret's place. */
#define REDACTED "[removed]"

/* Appends TEXT with every secret replaced: the arguments of AUTH, AUTHENTICATE, PASS and LOGIN,
 * challenges and answers in base64, bearer tokens and web tokens, values that are named password,
 * secret or token, and passwords in URLs. Rather too much than too little: only words that are
 * shown pass through here, not those that are judged. Linear in TEXT, which is any bytes; each line
 * stands for itself. Returns whether something was replaced. */
bool redact(struct buffer *out, struct bytes text);

#endif
