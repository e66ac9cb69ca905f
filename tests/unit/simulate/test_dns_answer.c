#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "simulate/dns_answer.h"

#include <stdlib.h>
#include <string.h>

enum { A = 1, CNAME = 5, SOA = 6, MX = 15, TXT = 16, AAAA = 28, SRV = 33 };

static const uint8_t v4[1][4] = { { 127, 0, 0, 1 } };
static const uint8_t v6[1][16] = { { [15] = 1 } };
static const struct sim_dns_addresses addresses = { v4, 1, v6, 1 };

/* What a reader needs of an answer; offsets are found by walking it. */
struct reply {
    bool said;
    size_t size;
    unsigned rcode, flags, questions, answers, authorities, additionals;
    unsigned char data[4096];
};

static unsigned at16(const struct reply *reply, size_t at)
{
    assert_true(at + 2 <= reply->size);
    return (unsigned)reply->data[at] << 8 | reply->data[at + 1];
}

static size_t put_query(unsigned char *query, const char *name, unsigned type, int edns)
{
    size_t at = 12;
    memset(query, 0, 12);
    query[0] = 0x12;
    query[1] = 0x34;
    query[2] = 1; /* recursion desired */
    query[5] = 1;
    while (*name) {
        size_t size = strcspn(name, ".");
        query[at++] = (unsigned char)size;
        memcpy(query + at, name, size);
        at += size;
        name += size + (name[size] == '.');
    }
    query[at++] = 0;
    query[at++] = (unsigned char)(type >> 8);
    query[at++] = (unsigned char)type;
    query[at++] = 0;
    query[at++] = 1;
    if (edns) {
        const unsigned char opt[11] = { 0, 0, 41, (unsigned char)(edns >> 8), (unsigned char)edns };
        memcpy(query + at, opt, sizeof opt);
        query[11] = 1;
        at += sizeof opt;
    }
    return at;
}

static struct reply send_bytes(const char *scenario, const void *query, size_t size, bool tcp)
{
    struct reply reply = { 0 };
    struct buffer out;
    buffer_init(&out, SIM_DNS_LIMIT);
    struct bytes bytes = { query, size };
    reply.said = sim_dns_answer(sim_scenario_find(scenario), &addresses, bytes, tcp, &out);
    reply.size = buffer_size(&out);
    assert_true(reply.size <= sizeof reply.data);
    if (reply.said) {
        memcpy(reply.data, buffer_bytes(&out).data, reply.size);
        reply.flags = at16(&reply, 2);
        reply.rcode = reply.flags & 15;
        reply.questions = at16(&reply, 4);
        reply.answers = at16(&reply, 6);
        reply.authorities = at16(&reply, 8);
        reply.additionals = at16(&reply, 10);
    } else {
        assert_int_equal(reply.size, 0);
    }
    buffer_done(&out);
    return reply;
}

static struct reply ask(const char *scenario, const char *name, unsigned type)
{
    unsigned char query[300];
    return send_bytes(scenario, query, put_query(query, name, type, 0), false);
}

static size_t skip_name(const struct reply *reply, size_t at)
{
    while (at < reply->size && reply->data[at])
        at += reply->data[at] + 1U;
    return at + 1;
}

/* Where the data of answer INDEX begins; checks type, class and length on the way. */
static size_t data_of(const struct reply *reply, unsigned index, unsigned type)
{
    size_t at = skip_name(reply, 12) + 4;
    for (unsigned i = 0;; i++) {
        at = skip_name(reply, at);
        unsigned size = at16(reply, at + 8);
        if (i == index) {
            assert_int_equal(at16(reply, at), type);
            assert_int_equal(at16(reply, at + 2), 1);
            assert_true(at + 10 + size <= reply->size);
            return at + 10;
        }
        at += 10 + size;
    }
}

static void test_addresses(void **state)
{
    (void)state;
    struct reply reply = ask("healthy-generic", "mail.example.org", A);
    assert_int_equal(at16(&reply, 0), 0x1234);
    assert_int_equal(reply.flags, 0x8180); /* an answer, recursion desired and available */
    assert_int_equal(reply.questions, 1);
    assert_int_equal(reply.answers, 1);
    assert_memory_equal(reply.data + data_of(&reply, 0, A), v4[0], 4);
    reply = ask("healthy-generic", "MaIl.ExAmPlE.oRg", AAAA);
    assert_int_equal(reply.answers, 1);
    assert_memory_equal(reply.data + data_of(&reply, 0, AAAA), v6[0], 16);
    assert_memory_equal(reply.data + 13, "MaIl", 4); /* the question comes back as it was put */
}

static void test_chain(void **state)
{
    (void)state;
    struct reply reply = ask("healthy", "smtp.office365.com", A);
    assert_int_equal(reply.rcode, 0);
    assert_int_equal(reply.answers, 2);
    data_of(&reply, 0, CNAME);
    assert_memory_equal(reply.data + data_of(&reply, 1, A), v4[0], 4);
    reply = ask("healthy", "smtp.office365.com", CNAME);
    assert_int_equal(reply.answers, 1);
}

static void test_mail_records(void **state)
{
    (void)state;
    struct reply reply = ask("healthy", "contoso.com", MX);
    assert_int_equal(reply.answers, 1);
    size_t at = data_of(&reply, 0, MX);
    assert_int_equal(at16(&reply, at), 0);
    assert_memory_equal(reply.data + at + 2, "\13contoso-com\4mail\12protection", 28);
    reply = ask("healthy-generic", "_submission._tcp.example.org", SRV);
    assert_int_equal(reply.answers, 1);
    at = data_of(&reply, 0, SRV);
    assert_int_equal(at16(&reply, at + 4), 587);
    assert_memory_equal(reply.data + at + 6, "\4mail\7example\3org", 18);
    reply = ask("healthy", "contoso.com", TXT);
    at = data_of(&reply, 0, TXT);
    assert_memory_equal(reply.data + at + 1, "v=spf1 ", 7);
}

/* NXDOMAIN, no such record, and a name above others are apart; each says who is in charge. */
static void test_negative(void **state)
{
    (void)state;
    struct reply reply = ask("healthy", "smtp.office365.cm", A);
    assert_int_equal(reply.rcode, 3);
    assert_int_equal(reply.answers, 0);
    assert_int_equal(reply.authorities, 1);
    data_of(&reply, 0, SOA);
    reply = ask("healthy", "_dmarc.contoso.com", A);
    assert_int_equal(reply.rcode, 0);
    assert_int_equal(reply.answers, 0);
    assert_int_equal(reply.authorities, 1);
    reply = ask("healthy-generic", "_tcp.example.org", A);
    assert_int_equal(reply.rcode, 0);
    reply = ask("healthy", "www.example.com", A); /* a real name: nobody is asked about it */
    assert_int_equal(reply.rcode, 3);
}

static void test_faults(void **state)
{
    static const struct {
        const char *scenario;
        unsigned rcode;
    } cases[] = {
        { "dns-nxdomain", 3 }, { "dns-no-address", 0 }, { "dns-servfail", 2 }, { "dns-refused", 5 }
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct reply reply = ask(cases[i].scenario, "mail.example.org", A);
        assert_true(reply.said);
        assert_int_equal(reply.rcode, cases[i].rcode);
        assert_int_equal(reply.answers, 0);
        reply = ask(cases[i].scenario, "mail.example.org", AAAA);
        assert_int_equal(reply.rcode, cases[i].rcode);
        assert_int_equal(reply.answers, 0);
    }
    assert_false(ask("dns-timeout", "mail.example.org", A).said);
    /* A fault that names one name leaves the others alone. */
    assert_int_equal(ask("dns-nxdomain", "example.org", MX).answers, 1);
}

static void test_truncated(void **state)
{
    (void)state;
    unsigned char query[300];
    size_t size = put_query(query, "mail.example.org", A, 0);
    struct reply reply = send_bytes("dns-truncated", query, size, false);
    assert_int_equal(reply.flags & 0x0200, 0x0200);
    assert_int_equal(reply.answers, 0);
    reply = send_bytes("dns-truncated", query, size, true);
    assert_int_equal(reply.flags & 0x0200, 0);
    assert_int_equal(reply.answers, 1);
}

static void test_edns(void **state)
{
    (void)state;
    unsigned char query[300];
    size_t size = put_query(query, "mail.example.org", A, 4096);
    struct reply reply = send_bytes("healthy-generic", query, size, false);
    assert_int_equal(reply.answers, 1);
    assert_int_equal(reply.additionals, 1);
    assert_int_equal(at16(&reply, reply.size - 10), 41);
    assert_int_equal(at16(&reply, reply.size - 8), 1232);
}

static void test_malformed(void **state)
{
    (void)state;
    unsigned char query[300];
    size_t size = put_query(query, "mail.example.org", A, 0);
    for (size_t cut = 0; cut < 12; cut++)
        assert_false(send_bytes("healthy", query, cut, false).said);
    for (size_t cut = 12; cut < size; cut++)
        assert_int_equal(send_bytes("healthy", query, cut, false).rcode, 1);
    query[2] |= 0x80; /* an answer is not answered */
    assert_false(send_bytes("healthy", query, size, false).said);
    query[2] = 0x28; /* UPDATE */
    assert_int_equal(send_bytes("healthy", query, size, false).rcode, 4);
    query[2] = 1;
    query[12] = 0xc0; /* a compressed name */
    assert_int_equal(send_bytes("healthy", query, size, false).rcode, 1);
    query[12] = 0x40;
    assert_int_equal(send_bytes("healthy", query, size, false).rcode, 1);
    size = put_query(query, "mail.example.org", A, 0);
    query[size - 1] = 3; /* class CHAOS */
    assert_int_equal(send_bytes("healthy", query, size, false).rcode, 5);
}

static void test_garbage(void **state)
{
    (void)state;
    srand(1);
    for (int i = 0; i < 20000; i++) {
        unsigned char query[300];
        size_t size = put_query(query, "smtp.office365.com", (unsigned)rand() & 0xff, 1400);
        for (int n = rand() % 6; n > 0; n--)
            query[(size_t)rand() % size] = (unsigned char)rand();
        char *copy = malloc(size); /* so that reading past its end is seen */
        memcpy(copy, query, size);
        send_bytes("healthy", copy, size - (size_t)rand() % 8, rand() % 2);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),    cmocka_unit_test(test_chain),
        cmocka_unit_test(test_mail_records), cmocka_unit_test(test_negative),
        cmocka_unit_test(test_faults),       cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_edns),         cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_garbage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
