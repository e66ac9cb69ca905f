/* A result as JSON and back: docs/schema/result-1.json. The door to jansson for results. */
#ifndef RESULT_JSON_H
#define RESULT_JSON_H

#include "result/result.h"

#include <jansson.h>

/* The whole result. A new reference; never NULL. With TRANSCRIPT the redacted dialogues are in it.
 */
json_t *result_to_json(const struct result *result, bool transcript);

/* The reverse. NULL and a message (release with free()) when JSON is no result of a version this
 * program knows. */
struct result *result_from_json(const json_t *json, char **ret_error);

#endif
