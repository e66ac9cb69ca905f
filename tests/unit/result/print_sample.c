/* Prints a sample as JSON: print_sample rich|empty|incomplete. */
#include "result/json.h"
#include "samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        struct result *(*make)(void);
    } samples[] = {
        { "rich", sample_rich },
        { "empty", sample_empty },
        { "incomplete", sample_incomplete },
    };
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        if (argc != 2 || strcmp(argv[1], samples[i].name) != 0)
            continue;
        struct result *result = samples[i].make();
        json_t *json = result_to_json(result, true);
        int failed = json_dumpf(json, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
        json_decref(json);
        result_free(result);
        return failed ? 1 : 0;
    }
    fprintf(stderr, "usage: print_sample rich|empty|incomplete\n");
    return 1;
}
