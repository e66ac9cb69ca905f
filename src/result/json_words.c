#include "base/failure.h"
#include "base/stage.h"
#include "result/json_shape.h"
#include "result/result.h"

#include <string.h>

static const char *source_name(enum lookup_source source)
{
    return source == LOOKUP_HOSTS ? "hosts" : source == LOOKUP_GETADDRINFO ? "getaddrinfo" : "dns";
}

static int source_parse(const char *word)
{
    for (int source = LOOKUP_DNS; source <= LOOKUP_GETADDRINFO; source++)
        if (strcmp(word, source_name((enum lookup_source)source)) == 0)
            return source;
    return -1;
}

/* These two say "none" by the value that has no word. */
static int stage_or_unknown(const char *word)
{
    enum stage stage = stage_parse(word);
    return stage == STAGE_NONE ? -1 : (int)stage;
}

static int failure_or_unknown(const char *word)
{
    enum failure_kind kind = failure_parse(word);
    return kind == FAILURE_NONE ? -1 : (int)kind;
}

const char *vocabulary_name(enum shape_vocabulary vocabulary, int value)
{
    switch (vocabulary) {
    case WORDS_SERVICE:
        return service_name((enum service)value);
    case WORDS_SECURITY:
        return security_name((enum security)value);
    case WORDS_EXPECTATION:
        return expectation_name((enum expectation)value);
    case WORDS_STATUS:
        return status_name((enum status)value);
    case WORDS_PURPOSE:
        return purpose_name((enum purpose)value);
    case WORDS_STAGE:
        return value == STAGE_NONE ? "" : stage_name((enum stage)value);
    case WORDS_FAILURE:
        return failure_name((enum failure_kind)value);
    case WORDS_SOURCE:
        return source_name((enum lookup_source)value);
    case WORDS_OUTCOME:
        return login_outcome_name((enum login_outcome)value);
    case WORDS_BLOCK:
        return login_block_name((enum login_block)value);
    case WORDS_SEVERITY:
        return severity_name((enum severity)value);
    case WORDS_CONFIDENCE:
        return confidence_name((enum confidence)value);
    case WORDS_OWNER:
        return owner_name((enum owner)value);
    case WORDS_VERDICT:
        return verdict_status_name((enum verdict_status)value);
    case WORDS_NEED_STATUS:
        return need_status_name((enum need_status)value);
    case WORDS_RELATION:
        return reported_relation_name((enum reported_relation)value);
    case WORDS_HOP:
        return hop_answer_name((enum hop_answer)value);
    }
    return "";
}

int vocabulary_parse(enum shape_vocabulary vocabulary, const char *word)
{
    static int (*const parsers[])(const char *word) = {
        [WORDS_SERVICE] = service_parse,
        [WORDS_SECURITY] = security_parse,
        [WORDS_EXPECTATION] = expectation_parse,
        [WORDS_STATUS] = status_parse,
        [WORDS_PURPOSE] = purpose_parse,
        [WORDS_STAGE] = stage_or_unknown,
        [WORDS_FAILURE] = failure_or_unknown,
        [WORDS_SOURCE] = source_parse,
        [WORDS_OUTCOME] = login_outcome_parse,
        [WORDS_BLOCK] = login_block_parse,
        [WORDS_SEVERITY] = severity_parse,
        [WORDS_CONFIDENCE] = confidence_parse,
        [WORDS_OWNER] = owner_parse,
        [WORDS_VERDICT] = verdict_status_parse,
        [WORDS_NEED_STATUS] = need_status_parse,
        [WORDS_RELATION] = reported_relation_parse,
        [WORDS_HOP] = hop_answer_parse,
    };
    return parsers[vocabulary](word);
}
