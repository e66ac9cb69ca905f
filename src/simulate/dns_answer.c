#include "simulate/dns_answer.h"

#include "base/text.h"

#include <string.h>

enum { TYPE_A = 1, TYPE_CNAME = 5, TYPE_SOA = 6, TYPE_MX = 15, TYPE_TXT = 16, TYPE_AAAA = 28 };
enum { TYPE_SRV = 33, TYPE_OPT = 41, TYPE_ANY = 255, CLASS_IN = 1 };
enum { RCODE_OK = 0, RCODE_FORMERR = 1, RCODE_SERVFAIL = 2, RCODE_NXDOMAIN = 3 };
enum { RCODE_NOTIMP = 4, RCODE_REFUSED = 5 };
enum { NAME_SIZE = 256, HEADER_SIZE = 12, TTL = 60, CHAIN_LIMIT = 8, UDP_MOST = 1232 };

struct question {
    char name[NAME_SIZE]; /* "smtp.example.org", as it was asked */
    unsigned type, class;
    size_t size;      /* of the question section */
    size_t udp_limit; /* what the asker takes */
    bool edns;
};

static unsigned get16(struct bytes message, size_t at)
{
    return (unsigned)(unsigned char)message.data[at] << 8 | (unsigned char)message.data[at + 1];
}

static void put16(struct buffer *out, unsigned value)
{
    char bytes[2] = { (char)(value >> 8), (char)value };
    buffer_append(out, bytes, sizeof bytes);
}

static void put32(struct buffer *out, uint32_t value)
{
    put16(out, value >> 16);
    put16(out, value & 0xffff);
}

/* Text to labels. Names here are our own or were checked when read. */
static void put_name(struct buffer *out, const char *name)
{
    while (*name) {
        size_t size = strcspn(name, ".");
        char length = (char)size;
        buffer_append(out, &length, 1);
        buffer_append(out, name, size);
        name += size + (name[size] == '.');
    }
    buffer_append(out, "", 1);
}

/* Reads the name at *at; false when it is malformed, compressed (no query has a reason to) or holds
 * a dot inside a label. */
static bool get_name(struct bytes message, size_t *at, char name[static NAME_SIZE])
{
    size_t n = 0;
    for (;;) {
        if (*at >= message.size)
            return false;
        size_t size = (unsigned char)message.data[*at];
        *at += 1;
        if (size == 0)
            break;
        if (size > 63 || size > message.size - *at || n + size + 2 > NAME_SIZE)
            return false;
        if (memchr(message.data + *at, '.', size) || memchr(message.data + *at, '\0', size))
            return false;
        if (n)
            name[n++] = '.';
        memcpy(name + n, message.data + *at, size);
        n += size;
        *at += size;
    }
    name[n] = '\0';
    return true;
}

static bool get_question(struct bytes query, struct question *question)
{
    size_t at = HEADER_SIZE;
    *question = (struct question) { .udp_limit = 512 };
    if (get16(query, 4) != 1 || !get_name(query, &at, question->name) || query.size - at < 4)
        return false;
    question->type = get16(query, at);
    question->class = get16(query, at + 2);
    question->size = at + 4 - HEADER_SIZE;
    at += 4;
    /* An OPT record: root name, type, the size the asker takes (RFC 6891 section 6.1.2). */
    if (get16(query, 10) == 1 && get16(query, 6) == 0 && query.size - at >= 11 &&
        query.data[at] == 0 && get16(query, at + 1) == TYPE_OPT) {
        size_t limit = get16(query, at + 3);
        question->edns = true;
        question->udp_limit = limit < 512 ? 512 : limit > UDP_MOST ? UDP_MOST : limit;
    }
    return true;
}

static unsigned wire_type(enum sim_record_type type)
{
    static const unsigned types[] = {
        [SIM_CNAME] = TYPE_CNAME, [SIM_MX] = TYPE_MX, [SIM_TXT] = TYPE_TXT, [SIM_SRV] = TYPE_SRV
    };
    return types[type];
}

static void put_data(struct buffer *out, const struct sim_record *record)
{
    char length;
    switch (record->type) {
    case SIM_MX:
        put16(out, record->preference);
        break;
    case SIM_SRV:
        put16(out, record->preference);
        put16(out, record->weight);
        put16(out, record->port);
        break;
    case SIM_TXT:
        length = (char)strlen(record->text); /* our own texts are under 256 bytes */
        buffer_append(out, &length, 1);
        buffer_append_text(out, record->text);
        return;
    case SIM_ADDRESS:
    case SIM_CNAME:
        break;
    }
    put_name(out, record->text);
}

static void put_record(struct buffer *out, const char *name, unsigned type, struct bytes data)
{
    put_name(out, name);
    put16(out, type);
    put16(out, CLASS_IN);
    put32(out, TTL);
    put16(out, (unsigned)data.size);
    buffer_append(out, data.data, data.size);
}

static unsigned put_addresses(struct buffer *out, const char *name, unsigned type,
                              const struct sim_dns_addresses *addresses)
{
    unsigned count = 0;
    if (type == TYPE_A || type == TYPE_ANY)
        for (size_t i = 0; i < addresses->v4_count; i++, count++)
            put_record(out, name, TYPE_A, (struct bytes) { (const char *)addresses->v4[i], 4 });
    if (type == TYPE_AAAA || type == TYPE_ANY)
        for (size_t i = 0; i < addresses->v6_count; i++, count++)
            put_record(out, name, TYPE_AAAA, (struct bytes) { (const char *)addresses->v6[i], 16 });
    return count;
}

static unsigned put_one(struct buffer *out, const char *name, unsigned type,
                        const struct sim_record *record, const struct sim_dns_addresses *addresses)
{
    if (record->type == SIM_ADDRESS)
        return put_addresses(out, name, type, addresses);
    if (type != wire_type(record->type) && type != TYPE_ANY && record->type != SIM_CNAME)
        return 0;
    struct buffer data;
    buffer_init(&data, 1024);
    put_data(&data, record);
    put_record(out, name, wire_type(record->type), buffer_bytes(&data));
    buffer_done(&data);
    return 1;
}

/* Appends what there is of NAME, following a CNAME through our own records. */
static unsigned put_answers(struct buffer *out, const struct sim_persona *persona, const char *name,
                            unsigned type, const struct sim_dns_addresses *addresses,
                            bool *ret_exists)
{
    unsigned count = 0;
    *ret_exists = false;
    for (int hop = 0; name && hop < CHAIN_LIMIT; hop++) {
        const char *next = NULL;
        for (size_t i = 0; i < persona->record_count; i++) {
            const struct sim_record *record = &persona->records[i];
            if (!text_equal_fold(record->name, name))
                continue;
            *ret_exists = true;
            count += put_one(out, name, type, record, addresses);
            if (record->type == SIM_CNAME && type != TYPE_CNAME && type != TYPE_ANY)
                next = record->text;
        }
        name = next;
    }
    return count;
}

/* A name of which only longer ones exist is there, and empty (RFC 8020). */
static bool is_above(const struct sim_persona *persona, const char *name)
{
    size_t size = strlen(name);
    for (size_t i = 0; i < persona->record_count; i++) {
        size_t longer = strlen(persona->records[i].name);
        const char *tail = persona->records[i].name + (longer > size ? longer - size : 0);
        if (longer > size && tail[-1] == '.' && text_equal_fold(tail, name))
            return true;
    }
    return false;
}

static enum sim_dns_fault fault_for(const struct sim_scenario *scenario, const char *name)
{
    if (!scenario->dns_names)
        return scenario->dns_fault;
    for (const char *const *p = scenario->dns_names; *p; p++)
        if (text_equal_fold(*p, name))
            return scenario->dns_fault;
    return SIM_DNS_GOOD;
}

struct answer {
    unsigned rcode, answers, authorities;
    bool truncated;
    struct buffer body;
};

/* Who answers for the zone: without it a negative answer looks like a referral (RFC 2308). */
static void put_authority(struct answer *answer, const struct sim_persona *persona)
{
    struct buffer data;
    buffer_init(&data, 1024);
    put_name(&data, "ns.invalid");
    put_name(&data, "hostmaster.invalid");
    for (int i = 0; i < 5; i++)
        put32(&data, i == 0 ? 1 : TTL);
    put_record(&answer->body, persona->domain, TYPE_SOA, buffer_bytes(&data));
    answer->authorities = 1;
    buffer_done(&data);
}

static void look_up(struct answer *answer, const struct sim_scenario *scenario,
                    const struct sim_dns_addresses *addresses, const struct question *question,
                    enum sim_dns_fault fault)
{
    const struct sim_persona *persona = scenario->persona;
    bool address = question->type == TYPE_A || question->type == TYPE_AAAA;
    bool exists = false;
    if (fault == SIM_DNS_NXDOMAIN) {
        answer->rcode = RCODE_NXDOMAIN;
    } else if (fault != SIM_DNS_NO_DATA || !address) {
        answer->answers =
            put_answers(&answer->body, persona, question->name, question->type, addresses, &exists);
        if (!exists && !is_above(persona, question->name))
            answer->rcode = RCODE_NXDOMAIN;
    }
    if (answer->answers == 0)
        put_authority(answer, persona);
}

static void put_message(struct buffer *out, struct bytes query, const struct question *question,
                        const struct answer *answer)
{
    unsigned flags =
        0x8080 | (get16(query, 2) & 0x0110) | answer->rcode; /* QR RA, as asked RD CD */
    bool body = !answer->truncated;
    put16(out, get16(query, 0));
    put16(out, answer->truncated ? flags | 0x0200 : flags);
    put16(out, question->size ? 1 : 0);
    put16(out, body ? answer->answers : 0);
    put16(out, body ? answer->authorities : 0);
    put16(out, question->edns ? 1 : 0);
    buffer_append(out, query.data + HEADER_SIZE, question->size);
    struct bytes bytes = buffer_bytes(&answer->body);
    if (body)
        buffer_append(out, bytes.data, bytes.size);
    if (question->edns) {
        buffer_append(out, "", 1);
        put16(out, TYPE_OPT);
        put16(out, UDP_MOST);
        put32(out, 0);
        put16(out, 0);
    }
}

bool sim_dns_answer(const struct sim_scenario *scenario, const struct sim_dns_addresses *addresses,
                    struct bytes query, bool tcp, struct buffer *out)
{
    struct question question = { 0 };
    struct answer answer = { 0 };
    if (query.size < HEADER_SIZE || (query.data[2] & 0x80))
        return false; /* to answer an answer would begin an endless talk */
    buffer_init(&answer.body, SIM_DNS_LIMIT - 1024);
    enum sim_dns_fault fault = SIM_DNS_GOOD;
    if ((query.data[2] >> 3 & 15) != 0) {
        answer.rcode = RCODE_NOTIMP;
    } else if (!get_question(query, &question)) {
        question = (struct question) { 0 };
        answer.rcode = RCODE_FORMERR;
    } else if (question.class != CLASS_IN) {
        answer.rcode = RCODE_REFUSED;
    } else {
        fault = fault_for(scenario, question.name);
        if (fault == SIM_DNS_TCP_ONLY)
            fault = tcp ? SIM_DNS_GOOD : SIM_DNS_SILENT;
        if (fault == SIM_DNS_SERVFAIL)
            answer.rcode = RCODE_SERVFAIL;
        else if (fault == SIM_DNS_REFUSED)
            answer.rcode = RCODE_REFUSED;
        else if (fault != SIM_DNS_SILENT)
            look_up(&answer, scenario, addresses, &question, fault);
        size_t size = HEADER_SIZE + question.size + buffer_size(&answer.body) + 11;
        answer.truncated = !tcp && (fault == SIM_DNS_TRUNCATED || size > question.udp_limit);
    }
    if (fault != SIM_DNS_SILENT)
        put_message(out, query, &question, &answer);
    buffer_done(&answer.body);
    return fault != SIM_DNS_SILENT;
}
