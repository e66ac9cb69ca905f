/* The door to libidn2: internationalised domain names (IDNA 2008, RFC 5891) to what the DNS knows.
 */
#ifndef BASE_IDNA_H
#define BASE_IDNA_H

enum { IDNA_NAME_LIMIT = 253 }; /* characters of the longest name (RFC 1035 section 2.3.4) */

/* NAME, UTF-8, as a lower-case ASCII domain name without a final dot: letters, digits, '-' and '_'
 * in labels of 1 to 63 characters. Release with free(). NULL when NAME is none, and *RET_WHY says
 * why in a few words ("a label is longer than 63 characters"): static text, not to be freed. */
char *idna_to_ascii(const char *name, const char **ret_why);

#endif
