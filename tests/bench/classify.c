/* How many lines a second are classified, on one core: replies as servers say them, and lines of
 * which nothing is known. Prints, never judges. */
#include "diagnosis/classify.h"
#include "base/clock.h"
#include "base/text.h"
#include "diagnosis/explain.h"
#include "diagnosis/redact.h"

#include <stdio.h>

enum { ROUNDS = 20000, EXAMPLE_ROUNDS = 40 };

static const char *const lines[] = {
    ("535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the "
     "Tenant. "
     "Visit https://aka.ms/smtp_auth_disabled for more information. [AM0EXAMPLE.prod.outlook.com]"),
    "535 5.7.3 Authentication unsuccessful [AM0EXAMPLE.eurprd01.prod.outlook.com]",
    "554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied",
    "A01 NO AUTHENTICATE failed.",
    "-ERR Logon failure: unknown user name or bad password.",
    "connect to mx.contoso.example[203.0.113.9]:25: Connection timed out",
    "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
    "Nov 22 10:14:00 desk7 dovecot: imap-login: Login: user=<ana>, method=PLAIN, rip=192.0.2.1",
    "421 4.3.2 Service not available",
    "INFO job 7 took 31 ms, nothing to do",
};
enum { LINES = sizeof lines / sizeof *lines };

static void report(const char *what, int64_t took_ns, size_t known)
{
    double count = (double)ROUNDS * LINES;
    printf("%-34s %9.0f lines/s  (%zu of %d known)\n", what, count * 1e9 / (double)took_ns, known,
           LINES);
}

/* Every example of the catalogue: each is matched by some rule, and most by literals. */
static void classify_examples(void)
{
    size_t known = 0, count = 0;
    int64_t start = clock_mono_ns();
    for (int round = 0; round < EXAMPLE_ROUNDS; round++)
        for (size_t i = 0; i < catalogue_rule_count; i++, count++) {
            struct words words = { .text = text_bytes(catalogue_rules[i].example), .protocol = -1 };
            known += classify(&words).class != NULL;
        }
    double took_s = (double)(clock_mono_ns() - start) / 1e9;
    printf("%-34s %9.0f lines/s  (%zu of %zu known)\n", "classify the rules' examples",
           (double)count / took_s, known / EXAMPLE_ROUNDS, catalogue_rule_count);
}

int main(void)
{
    struct explainer *explainer = explainer_new(NULL, NULL, NULL);
    size_t known = 0;
    int64_t start = clock_mono_ns();
    for (size_t i = 0; i < (size_t)ROUNDS * LINES; i++) {
        struct words words = { .text = text_bytes(lines[i % LINES]), .protocol = -1 };
        known += classify(&words).class != NULL;
    }
    report("classify a reply", clock_mono_ns() - start, known / ROUNDS);
    classify_examples();
    known = 0;
    start = clock_mono_ns();
    for (size_t i = 0; i < (size_t)ROUNDS * LINES; i++)
        known += explain_words(explainer, text_bytes(lines[i % LINES])).classified.class != NULL;
    report("unwrap and classify", clock_mono_ns() - start, known / ROUNDS);
    struct buffer out;
    buffer_init(&out, 1 << 16);
    start = clock_mono_ns();
    for (size_t i = 0; i < (size_t)ROUNDS * LINES; i++) {
        buffer_clear(&out);
        redact(&out, text_bytes(lines[i % LINES]));
    }
    report("redact", clock_mono_ns() - start, LINES);
    buffer_done(&out);
    explainer_free(explainer);
    return 0;
}
