#include "dns_craft.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

int dns_set_up(void **state)
{
    static struct packet packet;
    memset(&packet, 0, sizeof packet);
    *state = &packet;
    return 0;
}

int dns_tear_down(void **state)
{
    struct packet *p = *state;
    arena_done(&p->arena);
    return 0;
}

void dns_put(struct packet *p, const void *data, size_t size)
{
    assert_true(p->size + size <= sizeof p->data);
    memcpy(p->data + p->size, data, size);
    p->size += size;
}

static void put8(struct packet *p, unsigned value)
{
    uint8_t byte = (uint8_t)value;
    dns_put(p, &byte, 1);
}

void dns_put16(struct packet *p, unsigned value)
{
    put8(p, value >> 8);
    put8(p, value & 0xff);
}

void dns_put_name(struct packet *p, const char *name)
{
    while (*name) {
        size_t length = strcspn(name, ".");
        put8(p, (unsigned)length);
        dns_put(p, name, length);
        name += length + (name[length] == '.');
    }
    put8(p, 0);
}

void dns_begin(struct packet *p, unsigned flags, unsigned answers, unsigned authority,
               unsigned additional, const char *name, enum dns_type type)
{
    p->size = 0;
    dns_put16(p, 0x1234);
    dns_put16(p, 0x8000 | flags);
    dns_put16(p, 1);
    dns_put16(p, answers);
    dns_put16(p, authority);
    dns_put16(p, additional);
    dns_put_name(p, name);
    dns_put16(p, (unsigned)type);
    dns_put16(p, 1);
}

void dns_put_fixed(struct packet *p, unsigned type, unsigned size)
{
    dns_put16(p, type);
    dns_put16(p, 1);
    dns_put16(p, 0);
    dns_put16(p, 300);
    dns_put16(p, size);
}

void dns_put_record(struct packet *p, const char *owner, unsigned type, const void *data,
                    size_t size)
{
    dns_put_name(p, owner);
    dns_put_fixed(p, type, (unsigned)size);
    dns_put(p, data, size);
}

void dns_put_a(struct packet *p, const char *owner, const char *four)
{
    dns_put_record(p, owner, DNS_A, four, 4);
}

void dns_put_named(struct packet *p, const char *owner, unsigned type, const void *prefix,
                   size_t prefix_size, const char *name)
{
    size_t name_size = *name ? strlen(name) + 2 : 1;
    dns_put_name(p, owner);
    dns_put_fixed(p, type, (unsigned)(prefix_size + name_size));
    dns_put(p, prefix, prefix_size);
    dns_put_name(p, name);
}

void dns_put_opt(struct packet *p, unsigned extended_rcode, const void *options, size_t size)
{
    dns_put_name(p, "");
    dns_put16(p, 41);
    dns_put16(p, 1232);
    put8(p, extended_rcode);
    put8(p, 0);
    dns_put16(p, 0);
    dns_put16(p, (unsigned)size);
    dns_put(p, options, size);
}

struct dns_answer dns_read_as(struct packet *p, const char *name, enum dns_type type)
{
    struct dns_answer answer;
    /* In space of its exact size, so that a sanitizer sees the first byte read behind it. */
    struct bytes copy = { .data = test_malloc(p->size ? p->size : 1), .size = p->size };
    memcpy((char *)copy.data, p->data, p->size);
    dns_answer_read(&answer, &p->arena, copy, name, type);
    test_free((char *)copy.data);
    return answer;
}

void dns_assert_malformed(struct packet *p, const char *name, enum dns_type type)
{
    struct dns_answer answer = dns_read_as(p, name, type);
    assert_int_equal(answer.rcode, -1);
    assert_int_equal(answer.count, 0);
    assert_int_equal(answer.cname.count, 0);
}
