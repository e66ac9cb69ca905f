/* Whatever is pasted: a class or none, and nothing of what was hidden comes back. Built with
 * libFuzzer (-Dfuzz=true), or with replay.c over the seeds. */
#include "diagnosis/explain.h"
#include "diagnosis/redact.h"
#include "diagnosis/unwrap.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct explainer *explainer, const struct judgement *judgement)
{
    const struct explained *explained = explain_class(explainer, judgement);
    assert((explained->class_id == NULL) == (judgement->classified.class == NULL));
    assert(!explained->class_id || explained->title);
    assert(judgement->words.size == 0 || judgement->words.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct explainer *explainer;
    if (!explainer)
        explainer = explainer_new(NULL, NULL, NULL);
    struct bytes text = { (const char *)data, size };
    struct judgement judgement = explain_words(explainer, text);
    check(explainer, &judgement);
    judgement = explain_block(explainer, text);
    check(explainer, &judgement);
    (void)explain_is_report(text);
    struct buffer once, twice;
    buffer_init(&once, 64 << 20);
    buffer_init(&twice, 64 << 20);
    bool hidden = redact(&once, text);
    struct bytes shown = buffer_bytes(&once);
    /* Every line end stays, and what has no secret is as it was. */
    if (!hidden)
        assert(shown.size == size && (size == 0 || memcmp(shown.data, data, size) == 0));
    redact(&twice, shown);
    buffer_done(&once);
    buffer_done(&twice);
    return 0;
}
