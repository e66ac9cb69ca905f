#include "report/row.h"

#include <string.h>

const char *row_phase(enum stage stage)
{
    static const char *const words[] = {
        [STAGE_NONE] = "it",
        [STAGE_RESOLVE] = "name",
        [STAGE_CONNECT] = "connect",
        [STAGE_GREETING] = "greeting",
        [STAGE_CAPABILITY] = "capabilities",
        [STAGE_STARTTLS] = "STARTTLS",
        [STAGE_TLS] = "TLS",
        [STAGE_LOGIN] = "login",
        [STAGE_MAILBOX] = "mailbox",
        [STAGE_SUBMIT] = "mail",
        [STAGE_GOODBYE] = "goodbye",
    };
    return words[stage];
}

const char *row_fault_word(const struct failure *failure)
{
    switch (failure->kind) {
    case FAILURE_TIMED_OUT:
        return "NO ANSWER";
    case FAILURE_CONNECTION_RESET:
        return "CUT OFF";
    case FAILURE_CONNECTION_CLOSED:
        return "CLOSED";
    case FAILURE_PROTOCOL_VIOLATION:
        return "NOT UNDERSTOOD";
    case FAILURE_REPLY_TOO_LONG:
        return "ENDLESS";
    case FAILURE_REFUSED:
        return "REFUSED";
    case FAILURE_NOT_OFFERED:
        return "NOT OFFERED";
    case FAILURE_PLAINTEXT_INJECTED:
        return "TAMPERED WITH";
    case FAILURE_TLS_VERSION:
        return "NO COMMON VERSION";
    default:
        return "FAILED";
    }
}

const char *row_certificate_word(const struct tls_facts *tls)
{
    static const struct {
        const char *problem, *word;
    } words[] = {
        { "expired", "EXPIRED" },
        { "not-activated", "NOT YET VALID" },
        { "unexpected-owner", "FOR ANOTHER NAME" },
        { "revoked", "REVOKED" },
        { "signer-not-found", "NOT TRUSTED" },
        { "signer-not-ca", "NOT TRUSTED" },
        { "insecure-algorithm", "TOO WEAK" },
        { "purpose-mismatch", "NOT FOR SERVERS" },
    };
    if (!tls || !tls->version || (tls->verified && (!tls->name_checked || tls->name_matches)))
        return NULL;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        for (size_t k = 0; k < tls->problems.count; k++)
            if (strcmp(tls->problems.items[k], words[i].problem) == 0)
                return words[i].word;
    if (tls->name_checked && !tls->name_matches)
        return "FOR ANOTHER NAME";
    return tls->trust_loaded ? "NOT TRUSTED" : "not checked: no trusted roots here";
}
