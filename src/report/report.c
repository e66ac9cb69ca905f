#include "report/report.h"

#include <string.h>

const struct report_format report_formats[] = {
    { .name = "text", .write = report_text },
    { .name = "json", .write = report_json },
    { .name = "ndjson", .write = report_ndjson },
    { .name = "openmetrics", .write = report_openmetrics },
    { .name = NULL },
};

const struct report_format *report_format_find(const char *name)
{
    for (const struct report_format *format = report_formats; format->name; format++)
        if (strcmp(format->name, name) == 0)
            return format;
    return NULL;
}
