#include "probes/dns_message.h"

#include "base/text.h"
#include "probes/dns_name.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum {
    HEADER_SIZE = 12,
    RECORD_FIXED_SIZE = 10, /* type, class, TTL, length: behind a record's owner */
    OPT_SIZE = 11,          /* root, then the same, without options */
    CLASS_IN = 1,
    TYPE_SOA = 6,
    TYPE_OPT = 41,
    OPTION_EDE = 15, /* RFC 8914 section 2 */
};

/* The header's flag bits (RFC 1035 section 4.1.1; AD: RFC 4035 section 3.1.6). */
enum {
    FLAG_QR = 0x8000,
    FLAG_OPCODE = 0x7800,
    FLAG_TC = 0x0200,
    FLAG_RD = 0x0100,
    FLAG_AD = 0x0020,
    FLAG_RCODE = 0x000f,
};

/* ---- words ---- */

const char *dns_rcode_name(int rcode)
{
    static const struct {
        int rcode;
        const char *name;
    } names[] = {
        { 0, "NOERROR" },    { 1, "FORMERR" }, { 2, "SERVFAIL" }, { 3, "NXDOMAIN" },
        { 4, "NOTIMP" },     { 5, "REFUSED" }, { 6, "YXDOMAIN" }, { 7, "YXRRSET" },
        { 8, "NXRRSET" },    { 9, "NOTAUTH" }, { 10, "NOTZONE" }, { 16, "BADVERS" },
        { 23, "BADCOOKIE" },
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].rcode == rcode)
            return names[i].name;
    return NULL;
}

const char *dns_type_name(enum dns_type type)
{
    switch (type) {
    case DNS_A:
        return "A";
    case DNS_CNAME:
        return "CNAME";
    case DNS_MX:
        return "MX";
    case DNS_TXT:
        return "TXT";
    case DNS_AAAA:
        return "AAAA";
    case DNS_SRV:
        return "SRV";
    }
    return "";
}

/* ---- asking ---- */

static uint8_t *put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
    return at + 2;
}

size_t dns_query_make(uint8_t query[static DNS_QUERY_LIMIT], uint16_t id, const char *name,
                      enum dns_type type)
{
    struct dns_name asked;
    if (!dns_name_parse(&asked, name))
        return 0;
    memset(query, 0, DNS_QUERY_LIMIT);
    put16(query, id);
    /* AD in a query asks for AD in the answer, without DNSSEC's records (RFC 6840 section 5.7). */
    put16(query + 2, FLAG_RD | FLAG_AD);
    put16(query + 4, 1);  /* questions */
    put16(query + 10, 1); /* additional records: OPT */
    uint8_t *at = query + HEADER_SIZE;
    memcpy(at, asked.wire, asked.size);
    at = put16(at + asked.size, (unsigned)type);
    at = put16(at, CLASS_IN);
    at = put16(at + 1, TYPE_OPT); /* behind the root's name (RFC 6891 section 6.1.2) */
    at = put16(at, DNS_UDP_SIZE);
    at += 6; /* extended rcode, version 0, flags, no options */
    assert(at - query <= DNS_QUERY_LIMIT);
    return (size_t)(at - query);
}

size_t dns_query_plain(uint8_t *query, size_t size)
{
    put16(query + 10, 0);
    return size - OPT_SIZE;
}

/* ---- reading ---- */

struct reader {
    struct bytes message;
    size_t at;
};

struct record {
    struct dns_name owner;
    unsigned type, class;
    uint32_t ttl;
    size_t data, size; /* where the data stands in the message */
};

static unsigned get16(struct bytes message, size_t at)
{
    return (unsigned)((uint8_t)message.data[at] << 8 | (uint8_t)message.data[at + 1]);
}

/* False when the record does not lie wholly inside the message. */
static bool read_record(struct reader *reader, struct record *ret_record)
{
    struct bytes message = reader->message;
    if (!dns_name_read(&ret_record->owner, message, &reader->at) ||
        message.size - reader->at < RECORD_FIXED_SIZE)
        return false;
    size_t at = reader->at;
    ret_record->type = get16(message, at);
    ret_record->class = get16(message, at + 2);
    ret_record->ttl = (uint32_t)get16(message, at + 4) << 16 | get16(message, at + 6);
    ret_record->size = get16(message, at + 8);
    ret_record->data = at + RECORD_FIXED_SIZE;
    if (message.size - ret_record->data < ret_record->size)
        return false;
    reader->at = ret_record->data + ret_record->size;
    return true;
}

/* Reads the name that fills the record's data from OFFSET to its end. */
static bool read_data_name(struct bytes message, const struct record *record, size_t offset,
                           struct dns_name *ret_name)
{
    size_t end = record->data + record->size;
    size_t at = record->data + offset;
    return record->size > offset && dns_name_read(ret_name, message, &at) && at == end;
}

/* ---- presentation ---- */

static const char *ipv4_text(struct arena *arena, const uint8_t *data)
{
    return arena_format(arena, "%u.%u.%u.%u", (unsigned)data[0], (unsigned)data[1],
                        (unsigned)data[2], (unsigned)data[3]);
}

/* The longest run of zero groups, the first of equals, two at least (RFC 5952 section 4.2). */
static int zero_run(const unsigned groups[static 8], int *ret_length)
{
    int start = -1;
    *ret_length = 1;
    for (int i = 0; i < 8; i++) {
        int length = 0;
        while (i + length < 8 && groups[i + length] == 0)
            length++;
        if (length > *ret_length) {
            start = i;
            *ret_length = length;
        }
    }
    return start;
}

static const char *ipv6_text(struct arena *arena, const uint8_t *data)
{
    unsigned groups[8];
    for (int i = 0; i < 8; i++)
        groups[i] = (unsigned)data[2 * i] << 8 | data[2 * i + 1];
    int length;
    int start = zero_run(groups, &length);
    /* IPv4 inside (RFC 5952 section 5) is written as everybody writes it. */
    if (start == 0 && length == 5 && groups[5] == 0xffff)
        return arena_format(arena, "::ffff:%s", ipv4_text(arena, data + 12));
    if (start == 0 && length == 6)
        return arena_format(arena, "::%s", ipv4_text(arena, data + 12));
    char text[sizeof "0000:0000:0000:0000:0000:0000:0000:0000"];
    char *out = text;
    for (int i = 0; i < 8; i++) {
        if (i == start) {
            *out++ = ':';
            i += length - 1;
            if (i == 7)
                *out++ = ':';
            continue;
        }
        out += snprintf(out, 6, i > 0 ? ":%x" : "%x", groups[i]);
    }
    *out = '\0';
    return arena_copy(arena, text);
}

/* TXT: each character-string in quotes (RFC 1035 sections 3.3.14 and 5.1). NULL: a length lies. */
static const char *txt_text(struct arena *arena, const uint8_t *data, size_t size)
{
    char *text = arena_new(arena, 4 * size + 1); /* a byte is \DDD at most, a length '" "' */
    char *out = text;
    for (size_t at = 0; at < size;) {
        size_t end = at + 1 + data[at];
        if (end > size)
            return NULL;
        if (at > 0)
            *out++ = ' ';
        *out++ = '"';
        for (at++; at < end; at++) {
            if (data[at] < ' ' || data[at] >= 0x7f) {
                out += snprintf(out, 5, "\\%03u", (unsigned)data[at]);
                continue;
            }
            if (data[at] == '"' || data[at] == '\\')
                *out++ = '\\';
            *out++ = (char)data[at];
        }
        *out++ = '"';
    }
    *out = '\0';
    return text;
}

static const char *name_text(struct arena *arena, const struct dns_name *name)
{
    char text[DNS_NAME_TEXT_SIZE];
    return arena_copy(arena, dns_name_text(name, text));
}

static const char *or_root(const char *host)
{
    return *host ? host : ".";
}

static bool present_mx(struct bytes message, const struct record *record, struct arena *arena,
                       struct dns_record *ret_record)
{
    struct dns_name host;
    if (!read_data_name(message, record, 2, &host))
        return false;
    ret_record->preference = (int)get16(message, record->data);
    ret_record->host = name_text(arena, &host);
    ret_record->text =
        arena_format(arena, "%d %s", ret_record->preference, or_root(ret_record->host));
    return true;
}

static bool present_srv(struct bytes message, const struct record *record, struct arena *arena,
                        struct dns_record *ret_record)
{
    struct dns_name host;
    if (!read_data_name(message, record, 6, &host))
        return false;
    ret_record->preference = (int)get16(message, record->data);
    ret_record->weight = (int)get16(message, record->data + 2);
    ret_record->port = (int)get16(message, record->data + 4);
    ret_record->host = name_text(arena, &host);
    ret_record->text =
        arena_format(arena, "%d %d %d %s", ret_record->preference, ret_record->weight,
                     ret_record->port, or_root(ret_record->host));
    return true;
}

/* The record's data as text and fields. False when it is malformed. */
static bool present(struct bytes message, const struct record *record, struct arena *arena,
                    struct dns_record *ret_record)
{
    const uint8_t *data = (const uint8_t *)message.data + record->data;
    struct dns_name name;
    *ret_record = (struct dns_record) { .ttl = record->ttl };
    switch ((enum dns_type)record->type) {
    case DNS_A:
        if (record->size != 4)
            return false;
        ret_record->text = ipv4_text(arena, data);
        return true;
    case DNS_AAAA:
        if (record->size != 16)
            return false;
        ret_record->text = ipv6_text(arena, data);
        return true;
    case DNS_CNAME:
        if (!read_data_name(message, record, 0, &name))
            return false;
        ret_record->host = name_text(arena, &name);
        ret_record->text = or_root(ret_record->host);
        return true;
    case DNS_TXT:
        ret_record->text = txt_text(arena, data, record->size);
        return ret_record->text != NULL;
    case DNS_MX:
        return present_mx(message, record, arena, ret_record);
    case DNS_SRV:
        return present_srv(message, record, arena, ret_record);
    }
    return false;
}

/* ---- the answer ---- */

/* The answer section, once it is known to be whole. */
struct section {
    struct bytes message;
    size_t start;
    unsigned count;
};

/* Follows the alias of NAME, when there is one: NAME becomes its target. False: malformed. */
static bool follow(const struct section *section, struct dns_name *name, bool *ret_followed)
{
    struct reader reader = { .message = section->message, .at = section->start };
    *ret_followed = false;
    for (unsigned i = 0; i < section->count; i++) {
        struct record record;
        if (!read_record(&reader, &record))
            return false;
        if (record.type != DNS_CNAME || record.class != CLASS_IN ||
            !dns_name_equal(&record.owner, name))
            continue;
        *ret_followed = true;
        return read_data_name(section->message, &record, 0, name);
    }
    return true;
}

/* Walks from NAME to the end of its chain of aliases, wherever in the section its links stand. */
static bool walk_chain(struct dns_answer *answer, const struct section *section,
                       struct arena *arena, struct dns_name *name)
{
    struct dns_name visited[DNS_CNAME_LIMIT + 1];
    for (size_t steps = 0;; steps++) {
        visited[steps] = *name;
        bool followed;
        if (!follow(section, name, &followed))
            return false;
        if (!followed)
            return true;
        strings_add(&answer->cname, arena, name_text(arena, name));
        answer->cname_loop = steps + 1 > DNS_CNAME_LIMIT;
        for (size_t i = 0; i <= steps; i++)
            answer->cname_loop |= dns_name_equal(&visited[i], name);
        if (answer->cname_loop)
            return true;
    }
}

static bool is_known(const struct dns_answer *answer, const char *text)
{
    for (size_t i = 0; i < answer->count; i++)
        if (strcmp(answer->records[i].text, text) == 0)
            return true;
    return false;
}

static bool collect(struct dns_answer *answer, const struct section *section, struct arena *arena,
                    const struct dns_name *owner, enum dns_type type)
{
    struct reader reader = { .message = section->message, .at = section->start };
    size_t room = section->count < DNS_RECORD_LIMIT ? section->count : DNS_RECORD_LIMIT;
    answer->records = arena_new(arena, (room + 1) * sizeof *answer->records);
    for (unsigned i = 0; i < section->count && answer->count < DNS_RECORD_LIMIT; i++) {
        struct record record;
        struct dns_record *next = &answer->records[answer->count];
        if (!read_record(&reader, &record))
            return false;
        if (record.type != (unsigned)type || record.class != CLASS_IN ||
            !dns_name_equal(&record.owner, owner))
            continue;
        if (!present(section->message, &record, arena, next))
            return false;
        answer->count += !is_known(answer, next->text);
    }
    return true;
}

/* The extended rcode (RFC 6891 section 6.1.3) and the first extended error (RFC 8914). */
static bool read_opt(struct dns_answer *answer, struct bytes message, const struct record *opt)
{
    answer->rcode |= (int)(opt->ttl >> 24) << 4;
    size_t at = opt->data, end = opt->data + opt->size;
    while (at < end) {
        if (end - at < 4)
            return false;
        unsigned code = get16(message, at);
        size_t size = get16(message, at + 2);
        at += 4;
        if (end - at < size || (code == OPTION_EDE && size < 2))
            return false;
        if (code == OPTION_EDE && answer->ede < 0)
            answer->ede = (int)get16(message, at);
        at += size;
    }
    return true;
}

/* The question, if it is repeated, must be ours. */
static bool read_question(struct reader *reader, const struct dns_name *asked, enum dns_type type)
{
    struct dns_name name;
    if (!dns_name_read(&name, reader->message, &reader->at) ||
        reader->message.size - reader->at < 4)
        return false;
    unsigned its_type = get16(reader->message, reader->at);
    reader->at += 4;
    return its_type == (unsigned)type && dns_name_equal(&name, asked);
}

/* Reads COUNT records. True when all are whole; *ret_read tells how many were. */
static bool read_section(struct reader *reader, unsigned count, unsigned *ret_read)
{
    struct record record;
    for (*ret_read = 0; *ret_read < count; ++*ret_read)
        if (!read_record(reader, &record))
            return false;
    return true;
}

/* The same for the additional section, where OPT stands: the first, under the root's name. */
static bool read_additional(struct dns_answer *answer, struct reader *reader, unsigned count)
{
    bool seen = false;
    struct record record;
    for (unsigned i = 0; i < count; i++) {
        if (!read_record(reader, &record))
            return false;
        if (seen || record.type != TYPE_OPT || record.owner.size != 1)
            continue;
        seen = true;
        if (!read_opt(answer, reader->message, &record))
            return false;
    }
    return true;
}

/* An answer that the name or its records are not there says which zone has none (RFC 2308 section
 * 2): that of the name, or one above it. */
static void read_zone(struct dns_answer *answer, const struct section *authority,
                      struct arena *arena, const struct dns_name *name)
{
    struct reader reader = { .message = authority->message, .at = authority->start };
    struct record record;
    for (unsigned i = 0; i < authority->count && read_record(&reader, &record); i++)
        if (record.type == TYPE_SOA && dns_name_is_in(name, &record.owner))
            answer->zone = or_root(name_text(arena, &record.owner));
}

static bool read_answer(struct dns_answer *answer, struct arena *arena, struct bytes message,
                        struct dns_name *name, enum dns_type type)
{
    if (message.size < HEADER_SIZE)
        return false;
    unsigned flags = get16(message, 2);
    if (!(flags & FLAG_QR) || (flags & FLAG_OPCODE))
        return false;
    answer->rcode = (int)(flags & FLAG_RCODE);
    answer->truncated = flags & FLAG_TC;
    answer->authentic = flags & FLAG_AD;
    struct reader reader = { .message = message, .at = HEADER_SIZE };
    unsigned questions = get16(message, 4);
    if (questions > 1 || (questions == 1 && !read_question(&reader, name, type)))
        return false;
    struct section section = { .message = message, .start = reader.at };
    struct section authority = { .message = message };
    /* A message with TC may stop anywhere (RFC 2181 section 9): what is whole of it counts. */
    bool whole = read_section(&reader, get16(message, 6), &section.count);
    authority.start = reader.at;
    whole = whole && read_section(&reader, get16(message, 8), &authority.count) &&
            read_additional(answer, &reader, get16(message, 10));
    if (!whole && !answer->truncated)
        return false;
    if (type != DNS_CNAME && !walk_chain(answer, &section, arena, name))
        return false;
    read_zone(answer, &authority, arena, name);
    return answer->cname_loop || collect(answer, &section, arena, name, type);
}

void dns_answer_read(struct dns_answer *ret_answer, struct arena *arena, struct bytes message,
                     const char *name, enum dns_type type)
{
    struct dns_answer answer = { .rcode = 0, .ede = -1 };
    struct dns_name asked;
    if (dns_name_parse(&asked, name) && read_answer(&answer, arena, message, &asked, type)) {
        *ret_answer = answer;
        return;
    }
    *ret_answer = (struct dns_answer) { .rcode = -1, .ede = -1, .truncated = answer.truncated };
}
