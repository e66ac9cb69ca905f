/* URL targets. The schemes are those of RFC 5092 (imap) and of common use; each with the port it
 * has when none is given. */
#include "base/text.h"
#include "plan/target_form.h"

#include <string.h>

static const struct {
    const char *scheme;
    enum service service;
    enum security security;
    int port;
} schemes[] = {
    { "smtp", SERVICE_SMTP, SECURITY_STARTTLS, 587 },
    { "smtps", SERVICE_SMTP, SECURITY_IMPLICIT, 465 },
    { "imap", SERVICE_IMAP, SECURITY_STARTTLS, 143 },
    { "imaps", SERVICE_IMAP, SECURITY_IMPLICIT, 993 },
    { "pop3", SERVICE_POP3, SECURITY_STARTTLS, 110 },
    { "pop3s", SERVICE_POP3, SECURITY_IMPLICIT, 995 },
};

static bool read_scheme(struct form *form, const char *scheme)
{
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        if (!text_equal_fold(scheme, schemes[i].scheme))
            continue;
        form->target->service = (int)schemes[i].service;
        form->target->security = (int)schemes[i].security;
        form->target->port = schemes[i].port;
        return true;
    }
    return form_reject(form, "the scheme is none of smtp, smtps, imap, imaps, pop3, pop3s");
}

static bool read_user(struct form *form, char *user)
{
    if (*user == '\0')
        return form_reject(form, "nothing stands before the @");
    if (strchr(user, ':'))
        return form_reject(form, "a password does not belong into a URL, where everybody can read "
                                 "it; use --ask-password or --password-file");
    if (strchr(user, ';'))
        return form_reject(form, "use --auth to choose a mechanism, and %3B for a semicolon");
    const char *complaint = text_decode_user(user);
    if (complaint)
        return form_reject(form, complaint);
    form->target->user = user;
    /* A login need not be an address; where it is one, reports may use it as such. */
    if (strchr(user, '@'))
        form_read_address(form, user);
    return true;
}

bool form_read_url(struct form *form, char *text)
{
    form->target->kind = TARGET_URL;
    char *rest = strstr(text, "://");
    *rest = '\0';
    rest += 3;
    if (!read_scheme(form, text))
        return false;
    char *end = rest + strcspn(rest, "/?#");
    if (strcmp(end, "/") != 0 && *end)
        return form_reject(form, "only the host is tested; leave off what follows it");
    *end = '\0';
    /* The last @, since "imaps://ana@contoso.com@outlook.office365.com" is what people type. */
    char *at = strrchr(rest, '@');
    char *host = rest;
    if (at) {
        *at = '\0';
        host = at + 1;
        if (!read_user(form, rest))
            return false;
    }
    if (*host == '\0')
        return form_reject(form, "the host is missing");
    return form_read_authority(form, host);
}
