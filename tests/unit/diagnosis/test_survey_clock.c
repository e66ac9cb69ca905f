/* Dates in greetings. */
#include "base/text.h"
#include "diagnosis/survey.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void dates_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        int64_t unix_s; /* 0: none */
    } cases[] = {
        { "220 a.example Microsoft ESMTP MAIL Service ready at Sun, 22 Nov 2026 10:14:00 +0000",
          1795342440 },
        { "220 a.example ESMTP MAIL Service ready at  Mon, 7 Jan 2019 18:33:33 +0000 [08DE]",
          1546886013 },
        { "220 mail.example.org ESMTP Exim 4.98 Sun, 22 Nov 2026 12:14:00 +0200", 1795342440 },
        { "220 mail.example.org ESMTP Sendmail 8.18.1/8.18.1; Sun, 22 Nov 2026 05:44:00 -0430",
          1795342440 },
        { "220-one\r\n220 two 22 Nov 2026 10:14 GMT", 1795342440 },
        { "220 x 22 Nov 2026 10:14:00 UTC", 1795342440 },
        { "220 x 29 Feb 2024 00:00:00 +0000", 1709164800 },
        /* No whole date, no such day, no zone, or one with several meanings. */
        { "220 mail.example.org ESMTP", 0 },
        { "", 0 },
        { "Nov", 0 },
        { "220 x 22 Nov", 0 },
        { "220 x 22 Nov 2026 10:14:00", 0 },
        { "220 x 22 Nov 2026 10:14:00 CST", 0 },
        { "220 x Sun Nov 22 10:14:00 2026", 0 },
        { "220 x 31 Feb 2026 10:14:00 +0000", 0 },
        { "220 x 00 Nov 2026 10:14:00 +0000", 0 },
        { "220 x 22 Nov 26 10:14:00 +0000", 0 },
        { "220 x 22 Nov 20266 10:14:00 +0000", 0 },
        { "220 x 22 Nov 2026 25:14:00 +0000", 0 },
        { "220 x 22 Nov 2026 10:61:00 +0000", 0 },
        { "220 x 22 Nov 2026 10:14:00 +9999", 0 },
        { "220 x 22 Nov 1970 10:14:00 +0000", 0 },
        { "220 x22 Novel 2026 10:14:00 +0000", 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t found = 0;
        bool any = survey_date_in(text_bytes(cases[i].words), &found);
        if (any != (cases[i].unix_s != 0) || (any && found != cases[i].unix_s))
            fail_msg("%s: %lld", cases[i].words, (long long)found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(dates_are_read) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
