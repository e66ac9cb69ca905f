/* The text report: golden files, the width, and that nothing hostile comes through any format. */
#include "base/memory.h"
#include "base/text.h"
#include "cases.h"
#include "report/width.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct bytes written(struct buffer *out, const struct report_format *format,
                            struct result *result, const struct report_options *options)
{
    buffer_init(out, SIZE_MAX / 2);
    format->write(out, result, options);
    assert_false(out->overflow);
    result_free(result);
    return buffer_bytes(out);
}

static struct bytes text_of(struct buffer *out, struct result *result,
                            const struct report_options *options)
{
    return written(out, report_format_find("text"), result, options);
}

static char *read_golden(const char *name, size_t *ret_size)
{
    char *path = memory_format("%s/%s.txt", getenv("GOLDEN"), name);
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("no golden file %s", path);
    char *text = memory_new(1 << 20);
    *ret_size = fread(text, 1, 1 << 20, file);
    fclose(file);
    free(path);
    return text;
}

static void test_golden(void **state)
{
    (void)state;
    for (const struct report_case *c = report_cases; c->name; c++) {
        struct buffer out;
        size_t size;
        char *golden = read_golden(c->name, &size);
        struct bytes text = text_of(&out, c->make(), &c->options);
        if (text.size != size || memcmp(text.data, golden, size) != 0)
            fail_msg("%s differs; print_case %s makes it anew:\n%.*s", c->name, c->name,
                     (int)text.size, text.data);
        free(golden);
        buffer_done(&out);
    }
}

/* Commands are pasted: only they may be wider. */
static bool holds_command(const struct result *result, struct bytes line)
{
    const struct strings *commands = &result->verdict.commands;
    for (size_t i = 0; i < commands->count; i++)
        if (memmem(line.data, line.size, commands->items[i], strlen(commands->items[i])))
            return true;
    return false;
}

static void check_width(struct result *(*make)(void), const struct report_options *options)
{
    struct buffer out;
    struct result *result = make();
    struct bytes rest = text_of(&out, make(), options), line;
    while (text_next_line(&rest, &line)) {
        size_t columns = width_columns(line);
        if (columns > REPORT_WIDTH && !holds_command(result, line))
            fail_msg("%zu columns: %.*s", columns, (int)line.size, line.data);
        if (line.size && line.data[line.size - 1] == ' ')
            fail_msg("a blank at the end: %.*s", (int)line.size, line.data);
    }
    result_free(result);
    buffer_done(&out);
}

static const struct report_options all = { .verbose = true, .transcript = true };
static const struct report_options all_ascii = { .verbose = true,
                                                 .transcript = true,
                                                 .ascii = true };

static void test_width(void **state)
{
    (void)state;
    for (const struct report_case *c = report_cases; c->name; c++) {
        if (c->options.color || strcmp(c->name, "hostile") == 0)
            continue;
        check_width(c->make, &all);
        check_width(c->make, &all_ascii);
    }
    check_width(case_flood, &all);
}

static bool is_harmless(struct bytes text)
{
    struct buffer again;
    buffer_init(&again, SIZE_MAX / 2);
    /* Escaping what is harmless changes the line ends and backslashes alone. */
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        bool line_end = c == '\n' || (c == '\r' && i + 1 < text.size && text.data[i + 1] == '\n');
        if ((c < 0x20 && !line_end) || c == 0x7f)
            return false;
    }
    struct bytes rest = text, line;
    bool same = text_is_utf8(text);
    while (same && text_next_line(&rest, &line)) {
        buffer_clear(&again);
        text_escape(&again, line);
        size_t slashes = 0;
        for (size_t i = 0; i < line.size; i++)
            slashes += line.data[i] == '\\';
        same = buffer_size(&again) == line.size + 3 * slashes;
    }
    buffer_done(&again);
    return same;
}

static void test_hostile(void **state)
{
    (void)state;
    static const struct report_options options[] = {
        { .verbose = false },
        { .verbose = true, .transcript = true },
        { .verbose = true, .transcript = true, .ascii = true },
    };
    for (const struct report_format *format = report_formats; format->name; format++)
        for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
            struct buffer out;
            struct bytes text = written(&out, format, case_hostile(), &options[i]);
            assert_true(is_harmless(text));
            buffer_done(&out);
        }
}

/* With colour the only escape sequences are ours: bold, three colours, and the end of it. */
static void test_hostile_with_color(void **state)
{
    (void)state;
    static const char *const ours[] = { "\x1b[1m", "\x1b[1;31m", "\x1b[1;32m", "\x1b[1;33m",
                                        "\x1b[0m" };
    static const struct report_options options = { .color = true, .verbose = true };
    struct buffer out, plain;
    struct bytes text = text_of(&out, case_hostile(), &options);
    buffer_init(&plain, SIZE_MAX / 2);
    for (size_t at = 0; at < text.size;) {
        size_t skip = 0;
        for (size_t k = 0; k < sizeof ours / sizeof *ours; k++)
            if (text.size - at >= strlen(ours[k]) &&
                memcmp(text.data + at, ours[k], strlen(ours[k])) == 0)
                skip = strlen(ours[k]);
        if (!skip)
            buffer_append(&plain, text.data + at, 1);
        at += skip ? skip : 1;
    }
    assert_true(is_harmless(buffer_bytes(&plain)));
    buffer_done(&plain);
    buffer_done(&out);
}

static void test_ascii(void **state)
{
    (void)state;
    for (const struct report_format *format = report_formats; format->name; format++)
        for (const struct report_case *c = report_cases; c->name; c++) {
            struct buffer out;
            struct bytes text = written(&out, format, c->make(), &all_ascii);
            for (size_t i = 0; i < text.size; i++)
                assert_true((unsigned char)text.data[i] < 0x7f);
            buffer_done(&out);
        }
}

/* Our own marks become plain ones, not escapes. */
static struct result *with_marks(void)
{
    struct result *result = report_cases[0].make();
    result->verdict.summary = "\u201cSMTP AUTH\u201d \u2013 it\u2019s off\u2026";
    return result;
}

static void test_own_marks(void **state)
{
    (void)state;
    struct buffer out;
    struct bytes text = text_of(&out, with_marks(), &(struct report_options) { .ascii = true });
    assert_non_null(memmem(text.data, text.size, "\"SMTP AUTH\" - it's off...", 24));
    buffer_done(&out);
}

/* A megabyte of a server's words is cut, and the report says so. */
static void test_flood(void **state)
{
    (void)state;
    struct buffer out;
    struct bytes text = text_of(&out, case_flood(), &(struct report_options) { 0 });
    assert_true(text.size < 4000);
    assert_non_null(memmem(text.data, text.size, "[and 1047876 bytes more:", 24));
    buffer_done(&out);
    text = written(&out, report_format_find("json"), case_flood(), &all);
    assert_true(text.size > 2 * 1024 * 1024);
    buffer_done(&out);
}

/* A narrow terminal gets narrow lines, down to a width at which words still fit. */
static void test_narrow_terminal(void **state)
{
    (void)state;
    static const struct {
        int columns;
        size_t widest;
    } cases[] = { { 0, 80 }, { 200, 80 }, { 56, 56 }, { 10, 40 } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer out;
        struct result *result = report_cases[0].make();
        const struct report_options options = { .columns = cases[i].columns };
        struct bytes rest = text_of(&out, report_cases[0].make(), &options), line;
        size_t widest = 0;
        while (text_next_line(&rest, &line)) {
            size_t columns = width_columns(line);
            if (!holds_command(result, line) && columns > widest)
                widest = columns;
        }
        assert_in_range(widest, cases[i].widest * 3 / 4, cases[i].widest);
        result_free(result);
        buffer_done(&out);
    }
}

static void test_commands_are_whole(void **state)
{
    (void)state;
    static const char command[] =
        "New-ManagementRoleAssignment -App 00000000-0000-0000-0000-000000000000 -Role "
        "'Application SMTP.SendAsApp' -CustomResourceScope 'C:\\only these'";
    struct result *result = report_cases[0].make();
    strings_add(&result->verdict.commands, &result->trace->arena, command);
    strings_add(&result->verdict.fix, &result->trace->arena,
                arena_format(&result->trace->arena, "Run this: %s", command));
    struct buffer out;
    struct bytes text = text_of(&out, result, &(struct report_options) { 0 });
    assert_non_null(memmem(text.data, text.size, command, strlen(command)));
    buffer_done(&out);
}

static void test_formats(void **state)
{
    (void)state;
    assert_null(report_format_find("html5"));
    assert_null(report_format_find(""));
    assert_string_equal(report_format_find("ndjson")->name, "ndjson");
    struct buffer out;
    buffer_init(&out, SIZE_MAX / 2);
    for (const struct report_format *format = report_formats; format->name; format++)
        buffer_format(&out, "%s%s", format == report_formats ? "" : ", ", format->name);
    buffer_append(&out, "", 1);
    assert_string_equal(buffer_bytes(&out).data, REPORT_FORMAT_NAMES);
    buffer_done(&out);
    struct bytes line = written(&out, report_format_find("ndjson"), report_cases[0].make(), &all);
    assert_ptr_equal(memchr(line.data, '\n', line.size), line.data + line.size - 1);
    buffer_done(&out);
}

static void test_columns(void **state)
{
    (void)state;
    assert_int_equal(width_columns(text_bytes("abc")), 3);
    assert_int_equal(width_columns(text_bytes("caf\u00e9")), 4);
    assert_int_equal(width_columns(text_bytes("cafe\u0301")), 4);
    assert_int_equal(width_columns(text_bytes("\u65e5\u672c")), 4);
    assert_int_equal(width_columns(text_bytes("\U0001f4e7")), 2);
    assert_int_equal(width_fit(text_bytes("\u65e5\u672c"), 3), 3);
    assert_int_equal(width_fit(text_bytes("abc"), 2), 2);
    assert_int_equal(width_fit(text_bytes("e\u0301x"), 1), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_width),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_hostile_with_color),
        cmocka_unit_test(test_ascii),
        cmocka_unit_test(test_own_marks),
        cmocka_unit_test(test_flood),
        cmocka_unit_test(test_narrow_terminal),
        cmocka_unit_test(test_commands_are_whole),
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
