/* The formats for machines, where a hostile server would have them say something else. */
#include "base/text.h"
#include "cases.h"
#include "samples.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A result in whose every text there stands WORDS. */
static struct result *result_saying(const char *words)
{
    struct result *result = case_hostile();
    struct trace *trace = result->trace;
    trace->target.input = trace->target.address = words;
    trace->from.host = trace->from.public_address = words;
    trace->endpoints->id = trace->endpoints->host = words;
    result->verdict.class_id = result->verdict.summary = result->verdict.meaning = words;
    result->verdict.endpoint = words;
    result->verdict.fix.items[0] = words;
    for (struct finding *f = result->findings; f; f = f->next) {
        f->class_id = f->title = f->meaning = f->endpoint = words;
        for (struct evidence *e = f->evidence; e; e = e->next)
            e->line = text_bytes(words);
    }
    return result;
}

/* Release with free(). */
static char *write_as(const char *format, struct result *result,
                      const struct report_options *options)
{
    struct buffer out;
    buffer_init(&out, SIZE_MAX / 2);
    report_format_find(format)->write(&out, result, options);
    buffer_append(&out, "", 1);
    char *text = strdup(buffer_bytes(&out).data);
    buffer_done(&out);
    result_free(result);
    return text;
}

static const struct report_options plain = { 0 };

static void test_github_commands(void **state)
{
    (void)state;
    char *text =
        write_as("github", result_saying("x\n::add-mask::secret\r\n::error::%0A::set,a:b"), &plain);
    for (struct bytes rest = text_bytes(text), line; text_next_line(&rest, &line);)
        assert_true(text_starts_fold(line, "::error title=") ||
                    text_starts_fold(line, "::warning title="));
    assert_null(strchr(text, '\r'));
    assert_null(strstr(text, "%0A::set"));
    assert_non_null(strstr(text, "%250A::set"));
    /* A title ends at the first "::" and at a comma: its own are encoded. */
    const char *title = strstr(text, "title=") + strlen("title=");
    size_t size = (size_t)(strstr(title, "::") - title);
    assert_null(memchr(title, ',', size));
    assert_non_null(memmem(title, size, "%3A%3Aadd-mask", 14));
    free(text);
}

static void test_github_summary(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, SIZE_MAX / 2);
    struct result *result = result_saying("````\n<img src=x> [a](b) ```` | #");
    report_github_summary(&out, result, &plain);
    buffer_append(&out, "", 1);
    const char *text = buffer_bytes(&out).data;
    assert_non_null(strstr(text, "\n\n`````text\n"));
    assert_non_null(strstr(text, "\n`````\n"));
    char *heading = strndup(text, strcspn(text, "\n"));
    assert_null(strstr(heading, " <img"));
    assert_non_null(strstr(heading, "\\<img src\\=x\\> \\[a\\]\\(b\\)"));
    free(heading);
    buffer_done(&out);
    result_free(result);
}

static void test_junit_stays_xml(void **state)
{
    (void)state;
    char *text = write_as(
        "junit", result_saying("\"/></failure>]]><b>&amp;\xef\xbf\xbe\xef\xbf\xbf"), &plain);
    assert_null(strstr(text, "<b>"));
    assert_null(strstr(text, "\xef\xbf\xbe"));
    assert_null(strstr(text, "\xef\xbf\xbf"));
    assert_non_null(strstr(text, "&quot;/&gt;&lt;/failure&gt;]]&gt;&lt;b&gt;&amp;amp;\\xef\\xbf"));
    free(text);
}

static void test_csv_formulas(void **state)
{
    (void)state;
    static const struct {
        const char *words, *shown;
    } cases[] = {
        { "=1+1", "'=1+1" },
        { "+SUM(A1)", "'+SUM(A1)" },
        { "-2", "'-2" },
        { "@cmd", "'@cmd" },
        { "  =HYPERLINK(\"x\",\"y\")", "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\"" },
        { "\t=1", "'=1" },
        { "a\r\n=1", "a\\x0d\\x0a=1" },
        { "a,b", "\"a,b\"" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = write_as("csv", result_saying(cases[i].words), &plain);
        const char *row = strchr(text, '\n') + 1;
        assert_int_equal(strncmp(row, cases[i].shown, strlen(cases[i].shown)), 0);
        assert_int_equal(row[strlen(cases[i].shown)], ',');
        free(text);
    }
}

static void test_sarif_places(void **state)
{
    (void)state;
    char *text = write_as("sarif", result_saying("h ost/../\"x\n%41:1"), &plain);
    assert_non_null(strstr(text, "\"uri\": \"smtp://h%20ost%2F..%2F%22x%0A%2541:1\""));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_github_commands), cmocka_unit_test(test_github_summary),
        cmocka_unit_test(test_junit_stays_xml), cmocka_unit_test(test_csv_formulas),
        cmocka_unit_test(test_sarif_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
