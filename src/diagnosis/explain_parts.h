/* Shared by the files of explain. */
#ifndef DIAGNOSIS_EXPLAIN_PARTS_H
#define DIAGNOSIS_EXPLAIN_PARTS_H

#include "base/buffer.h"
#include "diagnosis/explain.h"
#include "diagnosis/unwrap.h"

struct explainer {
    const struct provider *provider;
    const char *host;
    const struct rules *own;
    struct arena arena;       /* the texts of the classes that came up: bounded by the catalogue */
    struct explained **known; /* by class, provider and confidence */
    size_t count;             /* of those made */
    struct unwrapped unwrapped;
    struct buffer line; /* a block's line, unfolded */
    struct buffer best; /* the words that decide so far */
    struct buffer all;  /* a block's lines in one, as many as are looked at */
};

#endif
