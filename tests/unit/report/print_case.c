/* Prints the report of a case, to look at it and to make its golden file, or for a tool that judges
 * a format: print_case NAME [FORMAT]. Without arguments the names of all. */
#include "cases.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    const struct report_format *format = report_format_find(argc > 2 ? argv[2] : "text");
    for (const struct report_case *c = report_cases; c->name; c++) {
        if (argc == 1)
            puts(c->name);
        if (argc < 2 || !format || strcmp(argv[1], c->name) != 0)
            continue;
        struct result *result = c->make();
        struct buffer out;
        buffer_init(&out, SIZE_MAX / 2);
        format->write(&out, result, &c->options);
        struct bytes bytes = buffer_bytes(&out);
        fwrite(bytes.data, 1, bytes.size, stdout);
        buffer_done(&out);
        result_free(result);
    }
    return 0;
}
