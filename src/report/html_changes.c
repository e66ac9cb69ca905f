/* What changed since an earlier run. */
#include "report/html.h"

#include "report/changes.h"
#include "report/page.h"

void html_changes(const struct html *html, const struct result *baseline)
{
    static const char *const tones[] = {
        [CHANGE_WORSE] = "bad", [CHANGE_BETTER] = "good", [CHANGE_OTHER] = "none"
    };
    struct changes changes = { 0 };
    struct buffer title;
    if (!baseline)
        return;
    changes_find(&changes, baseline, html->result);
    page_begin(&title);
    changes_title(&title, &changes, baseline);
    html_put(html, "<section aria-labelledby=\"changes\">\n");
    html_line(html, "<h2 id=\"changes\">", &title, "</h2>\n");
    if (changes.first)
        html_put(html, "<ul class=\"changes\">\n");
    for (const struct change *c = changes.first; c; c = c->next)
        html_put(html, "<li><span class=\"badge %s\">%s</span> %s</li>\n", tones[c->way],
                 change_way_name(c->way), c->words);
    html_put(html, changes.first ? "</ul>\n</section>\n" : "</section>\n");
    changes_done(&changes);
}
