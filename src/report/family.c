#include "report/family.h"

#include "report/row.h"

#include <stdio.h>

struct family {
    int all, ok, failed, skipped;
    struct failure first;
};

static struct family count_family(const struct trace *trace, int family)
{
    struct family sum = { 0 };
    for (const struct endpoint *e = trace->endpoints; e; e = e->next)
        for (const struct address *a = e->addresses; a; a = a->next) {
            if (a->family != family)
                continue;
            sum.all++;
            sum.ok += a->status == STATUS_OK;
            sum.skipped += a->status == STATUS_SKIPPED;
            if (a->status == STATUS_FAIL && e->expectation == EXPECT_OFFERED && !sum.failed++)
                sum.first = a->error;
            else if (a->status == STATUS_FAIL && e->expectation == EXPECT_UNKNOWN && !sum.failed++)
                sum.first = a->error;
        }
    return sum;
}

bool family_words(char words[static FAMILY_WORDS_SIZE], const struct trace *trace, int number)
{
    struct family family = count_family(trace, number);
    struct family other = count_family(trace, number == 4 ? 6 : 4);
    if (!family.all || family.ok)
        return false;
    if (family.skipped == family.all)
        snprintf(words, FAMILY_WORDS_SIZE, "not tried: this machine has none");
    else if (family.failed && other.ok)
        snprintf(words, FAMILY_WORDS_SIZE, "%s; IPv%d works", row_connect_word(&family.first),
                 number == 4 ? 6 : 4);
    else
        return false;
    return true;
}
