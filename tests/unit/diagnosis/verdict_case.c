#include "verdict_case.h"

#include "diagnosis/diagnose.h"
#include "diagnosis/verdict.h"

#include <stdio.h>
#include <string.h>

static int check(const struct verdict_case *c)
{
    struct result *result = story_tell(&c->story);
    struct verdict *v = &result->verdict;
    findings_make(result);
    const char *judge = verdict_make_named(result);
    int exit = result_exit_status(result, false);
    bool same = c->class_id ? v->class_id && strcmp(v->class_id, c->class_id) == 0 : !v->class_id;
    bool good = same && exit == c->exit && strcmp(judge, c->judge) == 0 &&
                (int)v->send == c->send && (int)v->read == c->read && v->summary && *v->summary;
    if (v->status == VERDICT_FAIL)
        good = good && v->title && v->meaning && v->owner && v->confidence && v->fix.count;
    if (!good)
        printf("# %s: judge %s, exit %d, class %s, send %s, read %s: %s\n", c->name, judge, exit,
               v->class_id ? v->class_id : "none", need_status_name(v->send),
               need_status_name(v->read), v->summary ? v->summary : "no summary");
    result_free(result);
    return !good;
}

int verdict_cases_fail(const struct verdict_case *cases, size_t count)
{
    int bad = 0;
    for (size_t i = 0; i < count; i++)
        bad += check(&cases[i]);
    return bad;
}

bool verdict_cases_have(const struct verdict_case *cases, size_t count, const char *judge)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(cases[i].judge, judge) == 0)
            return true;
    return false;
}
