#include "report/report.h"

#include <string.h>

const struct report_format report_formats[] = {
    { .name = "text", .compares = true, .write = report_text },
    { .name = "html", .compares = true, .write = report_html },
    { .name = "json", .compares = true, .write = report_json },
    { .name = "ndjson", .compares = true, .write = report_ndjson },
    { .name = "nagios", .write = report_nagios, .status = report_nagios_status },
    { .name = "openmetrics", .write = report_openmetrics },
    { .name = "junit", .write = report_junit },
    { .name = "github",
      .write = report_github,
      .aside = report_github_summary,
      .aside_variable = "GITHUB_STEP_SUMMARY" },
    { .name = "sarif", .write = report_sarif },
    { .name = "csv", .write = report_csv },
    { .name = NULL },
};

const struct report_format *report_format_find(const char *name)
{
    for (const struct report_format *format = report_formats; format->name; format++)
        if (strcmp(format->name, name) == 0)
            return format;
    return NULL;
}

int report_status(const struct report_format *format, const struct result *result,
                  const struct report_options *options)
{
    int own = result_exit_status(result, options->fail_on_warning);
    return format->status ? format->status(result, options, own) : own;
}
