/* Arena and buffer: what all text and bytes of a run live in. */
#include "base/arena.h"
#include "base/buffer.h"
#include "base/memory.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void arena_memory_is_zeroed_aligned_and_stays(void **state)
{
    (void)state;
    enum { COUNT = 2000 };
    struct arena arena = { 0 };
    static unsigned char *blocks[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        size_t size = i * 37 % 911;
        blocks[i] = arena_new(&arena, size);
        assert_int_equal((uintptr_t)blocks[i] % alignof(max_align_t), 0);
        for (size_t k = 0; k < size; k++)
            assert_int_equal(blocks[i][k], 0);
        memset(blocks[i], (int)(i % 251) + 1, size);
    }
    for (size_t i = 0; i < COUNT; i++)
        for (size_t k = 0; k < i * 37 % 911; k++)
            assert_int_equal(blocks[i][k], i % 251 + 1);
    arena_done(&arena);
    assert_null(arena.blocks);
    arena_done(&arena);
    assert_non_null(arena_new(&arena, 1));
    arena_done(&arena);
}

static void arena_takes_more_than_a_block(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    char *small = arena_copy(&arena, "small");
    char *large = arena_new(&arena, 1000 * 1000);
    memset(large, 'x', 1000 * 1000);
    assert_string_equal(small, "small");
    assert_string_equal(arena_copy(&arena, "after"), "after");
    arena_done(&arena);
}

static void arena_copies(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    assert_null(arena_copy(&arena, NULL));
    struct bytes copy = arena_copy_bytes(&arena, (struct bytes) { "a\0b", 3 });
    assert_int_equal(copy.size, 3);
    assert_memory_equal(copy.data, "a\0b", 4);
    copy = arena_copy_bytes(&arena, (struct bytes) { 0 });
    assert_non_null(copy.data);
    assert_string_equal(copy.data, "");
    assert_string_equal(arena_format(&arena, "%s:%d", "host", 587), "host:587");
    assert_string_equal(arena_format(&arena, "%s", ""), "");
    arena_done(&arena);
}

static void lists_grow(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    struct strings list = { 0 };
    for (int i = 0; i < 1000; i++)
        strings_add(&list, &arena, arena_format(&arena, "%d", i));
    assert_int_equal(list.count, 1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(atoi(list.items[i]), i);
    arena_done(&arena);
}

static void buffer_is_a_queue(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 100);
    assert_int_equal(buffer_size(&buffer), 0);
    assert_int_equal(buffer_bytes(&buffer).size, 0);
    buffer_append_text(&buffer, "one ");
    buffer_format(&buffer, "%s %d", "two", 3);
    assert_int_equal(buffer_size(&buffer), 9);
    assert_memory_equal(buffer_bytes(&buffer).data, "one two 3", 9);
    buffer_consume(&buffer, 4);
    assert_memory_equal(buffer_bytes(&buffer).data, "two 3", 5);
    buffer_append(&buffer, NULL, 0);
    buffer_consume(&buffer, 0);
    buffer_consume(&buffer, 5);
    assert_int_equal(buffer_size(&buffer), 0);
    buffer_consume(&buffer, 0);
    buffer_done(&buffer);
    buffer_done(&buffer);
    buffer_append_text(&buffer, "again"); /* the limit is still known */
    assert_int_equal(buffer_size(&buffer), 5);
    buffer_done(&buffer);
    struct buffer zero = { 0 };
    buffer_done(&zero);
}

static void buffer_is_bounded(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 10);
    buffer_append_text(&buffer, "0123456");
    assert_false(buffer.overflow);
    buffer_append_text(&buffer, "long"); /* dropped whole */
    assert_true(buffer.overflow);
    assert_int_equal(buffer_size(&buffer), 7);
    buffer_append_text(&buffer, "789");
    assert_int_equal(buffer_size(&buffer), 10);
    assert_true(buffer.overflow);
    buffer_format(&buffer, "%d", 1);
    assert_int_equal(buffer_size(&buffer), 10);
    buffer_append(&buffer, "x", SIZE_MAX);
    assert_int_equal(buffer_size(&buffer), 10);
    buffer_consume(&buffer, 9);
    assert_true(buffer.overflow); /* it sticks */
    buffer_clear(&buffer);
    assert_false(buffer.overflow);
    assert_int_equal(buffer_size(&buffer), 0);
    buffer_done(&buffer);
}

/* A queue in steady use stays as small as what is in it. */
static void buffer_space_is_used_again(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 1 << 20);
    for (int i = 0; i < 100000; i++) {
        buffer_append_text(&buffer, "0123456789");
        if (i >= 5)
            buffer_consume(&buffer, 10);
    }
    assert_int_equal(buffer_size(&buffer), 50);
    assert_true(buffer.capacity <= 512);
    buffer_done(&buffer);
}

static void buffer_wipes_what_leaves(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 100);
    buffer_append_text(&buffer, "secret and more");
    buffer_consume(&buffer, 6);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(buffer.space[i], 0);
    buffer_clear(&buffer);
    for (size_t i = 0; i < buffer.capacity; i++)
        assert_int_equal(buffer.space[i], 0);
    buffer_done(&buffer);
}

static void heap_copies(void **state)
{
    (void)state;
    char *text = memory_format("%d %s", 7, "ports");
    assert_string_equal(text, "7 ports");
    char *copy = memory_copy(text);
    assert_string_equal(copy, text);
    copy = memory_resize(copy, 1000);
    assert_string_equal(copy, text);
    free(copy);
    free(text);
    assert_null(memory_copy(NULL));
    free(memory_new(0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_memory_is_zeroed_aligned_and_stays),
        cmocka_unit_test(arena_takes_more_than_a_block),
        cmocka_unit_test(arena_copies),
        cmocka_unit_test(lists_grow),
        cmocka_unit_test(buffer_is_a_queue),
        cmocka_unit_test(buffer_is_bounded),
        cmocka_unit_test(buffer_space_is_used_again),
        cmocka_unit_test(buffer_wipes_what_leaves),
        cmocka_unit_test(heap_copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
