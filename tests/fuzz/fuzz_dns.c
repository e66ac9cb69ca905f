/* Reading a DNS answer, whatever came: the first byte chooses what was asked, the rest is the
 * message. Built with libFuzzer (-Dfuzz=true), or with fuzz_replay.c over the seeds. */
#include "probes/dns_message.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct dns_answer *answer)
{
    assert(answer->rcode >= -1 && answer->rcode <= 0xfff);
    assert(answer->ede >= -1 && answer->ede <= UINT16_MAX);
    assert(answer->count <= DNS_RECORD_LIMIT);
    assert(answer->cname.count <= DNS_CNAME_LIMIT + 1);
    assert(answer->rcode >= 0 || (answer->count == 0 && answer->cname.count == 0));
    /* What is shown of it is printable. */
    for (size_t i = 0; i < answer->count; i++)
        for (const char *c = answer->records[i].text; *c; c++)
            assert(*c >= ' ' && *c < 0x7f);
    for (size_t i = 0; i < answer->cname.count; i++)
        for (const char *c = answer->cname.items[i]; *c; c++)
            assert(*c > ' ' && *c < 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum dns_type types[] = { DNS_A, DNS_CNAME, DNS_MX, DNS_TXT, DNS_AAAA, DNS_SRV };
    if (size == 0)
        return 0;
    enum dns_type type = types[data[0] % (sizeof types / sizeof *types)];
    struct bytes message = { .data = (const char *)data + 1, .size = size - 1 };
    struct arena arena = { 0 };
    struct dns_answer answer;
    dns_answer_read(&answer, &arena, message, "a.example", type);
    check(&answer);
    /* The same bytes as the name that is asked for. */
    char name[512];
    size_t length = message.size < sizeof name - 1 ? message.size : sizeof name - 1;
    memcpy(name, message.data, length);
    name[length] = '\0';
    uint8_t query[DNS_QUERY_LIMIT];
    assert(dns_query_make(query, 1, name, type) <= DNS_QUERY_LIMIT);
    arena_done(&arena);
    return 0;
}
