/* Values of a run in the catalogue's texts, above all those that are to be pasted into a shell. */
#include "diagnosis/fill.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

static const char *prose(struct arena *arena, const char *text, const char *name, const char *value)
{
    struct values values = { 0 };
    if (name)
        values_set(&values, name, value);
    return fill_prose(arena, text, &values);
}

static const char *command(struct arena *arena, const char *address)
{
    struct values values = { 0 };
    values_set(&values, "address", address);
    return fill_command(arena, "Set-CASMailbox {address} -X $false", &values);
}

static void places_are_filled(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    assert_string_equal(prose(&arena, "Ask {host} for it.", "host", "mail.example.org"),
                        "Ask mail.example.org for it.");
    assert_string_equal(prose(&arena, "{host}{host}", "host", "a"), "aa");
    assert_string_equal(prose(&arena, "no place", NULL, NULL), "no place");
    assert_string_equal(prose(&arena, "{nowhere} {", NULL, NULL), "{nowhere} {");
    arena_done(&arena);
}

/* A place without a value reads as a sensible word, with a capital at the start. */
static void missing_values_read_well(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    assert_string_equal(prose(&arena, "{admin} looks at {address}.", NULL, NULL),
                        "Your mail administrator looks at the mailbox.");
    assert_string_equal(
        prose(&arena, "{admin} looks.", "admin", "your Microsoft 365 administrator"),
        "Your Microsoft 365 administrator looks.");
    assert_string_equal(prose(&arena, "{host} is silent.", "host", "mail.example.org"),
                        "mail.example.org is silent.");
    assert_string_equal(prose(&arena, "Ask {host}.", "host", ""), "Ask the server.");
    assert_string_equal(prose(&arena, "The server {host} is silent.", NULL, NULL),
                        "The server is silent.");
    assert_string_equal(prose(&arena, "The server {host} is silent.", "host", "mail.example.org"),
                        "The server mail.example.org is silent.");
    assert_string_equal(prose(&arena, "No other server {host}.", NULL, NULL),
                        "No other server the server.");
    assert_string_equal(command(&arena, NULL), "Set-CASMailbox <user@example.com> -X $false");
    arena_done(&arena);
}

/* What a server gave cannot bring escape sequences into a report. */
static void values_are_escaped_in_prose(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    assert_string_equal(prose(&arena, "for {names}.", "names", "a\x1b[31m\n"),
                        "for a\\x1b[31m\\x0a.");
    /* A login of a Windows domain is shown as it was typed. */
    assert_string_equal(prose(&arena, "as {names}.", "names", "CONTOSO\\ana"), "as CONTOSO\\ana.");
    arena_done(&arena);
}

static void commands_are_quoted(void **state)
{
    (void)state;
    static const struct {
        const char *value, *shown;
    } cases[] = {
        { "ana.b+c_d@contoso-x.com", "ana.b+c_d@contoso-x.com" },
        { "o'brien@example.org", "'o''brien@example.org'" },
        { "a\xe2\x80\x99"
          "b@example.org",
          "'a\xe2\x80\x99\xe2\x80\x99"
          "b@example.org'" },
        { "$(Remove-Item x)@example.org", "'$(Remove-Item x)@example.org'" },
        { "a;b@example.org", "'a;b@example.org'" },
        { "`a@example.org", "'`a@example.org'" },
        { "-Identity", "'-Identity'" },
        { "@args", "'@args'" },
        { "\xc3\xa4@example.org", "'\xc3\xa4@example.org'" },
        { "a\nb@example.org", "<user@example.com>" },
        { "a\\b@example.org", "<user@example.com>" },
        { "a\xff@example.org", "<user@example.com>" },
    };
    struct arena arena = { 0 };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *expected = arena_format(&arena, "Set-CASMailbox %s -X $false", cases[i].shown);
        assert_string_equal(command(&arena, cases[i].value), expected);
    }
    arena_done(&arena);
}

/* No text of the catalogue has a place that nobody knows, or fills to nothing. */
static void every_text_fills(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    struct values none = { 0 };
    for (size_t i = 0; i < catalogue_class_count; i++) {
        const struct class_entry *class = &catalogue_classes[i];
        const char *texts[] = { class->title, class->meaning, class->distinguish };
        for (size_t k = 0; k < 3; k++) {
            const char *filled = fill_prose(&arena, texts[k], &none);
            assert_true(strlen(filled) > 10);
            assert_null(strchr(filled, '{'));
        }
        assert_true(strlen(fill_prose(&arena, class->title, &none)) <= 72);
        for (const char *const *step = class->fix; *step; step++)
            assert_null(strchr(fill_prose(&arena, *step, &none), '{'));
    }
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_filled),
        cmocka_unit_test(missing_values_read_well),
        cmocka_unit_test(values_are_escaped_in_prose),
        cmocka_unit_test(commands_are_quoted),
        cmocka_unit_test(every_text_fills),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
