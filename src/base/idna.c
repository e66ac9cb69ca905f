#include "base/idna.h"

#include "base/memory.h"
#include "base/text.h"

#include <idn2.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { LABEL_LIMIT = 63 };

static bool is_ascii(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text > 0x7f)
            return false;
    return true;
}

static bool is_name_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* NULL when NAME, lower-case ASCII, is a domain name. */
static const char *find_fault(const char *name)
{
    size_t label = 0;
    if (strlen(name) > IDNA_NAME_LIMIT)
        return "the name is longer than 253 characters";
    for (const char *p = name;; p++) {
        if (*p == '.' || *p == '\0') {
            if (label == 0)
                return *name ? "a part between two dots is empty" : "the name is empty";
            if (p[-1] == '-' || p[-(ptrdiff_t)label] == '-')
                return "a part of the name begins or ends with a hyphen";
            label = 0;
            if (*p == '\0')
                return NULL;
        } else if (!is_name_character(*p)) {
            return "a character in it belongs in no host name";
        } else if (++label > LABEL_LIMIT) {
            return "a part of the name is longer than 63 characters";
        }
    }
}

/* libidn2 is asked only where it is needed: it refuses the underscore, which names of the DNS may
 * have. */
static char *convert(const char *name, const char **ret_why)
{
    char *converted = NULL;
    int rc = idn2_to_ascii_8z(name, &converted, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (rc == IDN2_OK) {
        char *copy = memory_copy(converted);
        idn2_free(converted);
        return copy;
    }
    *ret_why = rc == IDN2_TOO_BIG_LABEL    ? "a part of the name is longer than 63 characters"
               : rc == IDN2_TOO_BIG_DOMAIN ? "the name is longer than 253 characters"
                                           : "it is no internationalised domain name (IDNA 2008)";
    return NULL;
}

char *idna_to_ascii(const char *name, const char **ret_why)
{
    if (!text_is_utf8(text_bytes(name))) {
        *ret_why = "it is not UTF-8";
        return NULL;
    }
    /* A name of 253 characters in ASCII is never longer than this in UTF-8; a bound before work. */
    if (strlen(name) > (size_t)4 * IDNA_NAME_LIMIT) {
        *ret_why = "the name is longer than 253 characters";
        return NULL;
    }
    char *ascii = is_ascii(name) ? memory_copy(name) : convert(name, ret_why);
    if (!ascii)
        return NULL;
    size_t size = strlen(ascii);
    if (size > 1 && ascii[size - 1] == '.')
        ascii[size - 1] = '\0';
    for (char *p = ascii; *p; p++)
        *p = text_lower(*p);
    *ret_why = find_fault(ascii);
    if (!*ret_why)
        return ascii;
    free(ascii);
    return NULL;
}
