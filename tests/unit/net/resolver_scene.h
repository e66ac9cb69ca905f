/* A resolver, the name servers it asks and what they answered: the scene of its tests. */
#ifndef TESTS_RESOLVER_SCENE_H
#define TESTS_RESOLVER_SCENE_H

#include "fake_dns.h"
#include "net/resolver.h"

#include <stdint.h>

enum { NS_PER_MS = 1000000, SHORT_MS = 600 };

struct scene {
    struct loop *loop;
    struct trace *trace;
    struct fake_dns *server, *second;
    struct resolver *resolver;
    char hosts[64], resolv_conf[64];
    struct resolution got;
    int calls;
    int64_t asked_ns, told_ns;
    int waiting; /* calls to come before the loop stops */
};

/* A new file with TEXT; its name goes to PATH. */
void scene_write_file(char path[static 64], const char *text);
/* cmocka's: a loop, a trace and a server; *state is a struct scene. */
int scene_set_up(void **state);
int scene_tear_down(void **state);
/* Without options->hosts no hosts file is there. */
void scene_start(struct scene *s, struct resolver_options options);
/* As with --resolver. */
void scene_start_chosen(struct scene *s);
/* As with a resolv.conf of the scene's one or two servers; HOSTS NULL: no hosts file. */
void scene_start_system(struct scene *s, const char *hosts);
/* A resolver_function: keeps what came, and stops the loop when it was the last. */
void scene_take(void *arg, const struct resolution *resolution);
/* Asks; scene_ask() also waits for the answer, and returns its row. */
void scene_begin(struct scene *s, const char *name, enum dns_type type);
const struct lookup *scene_ask(struct scene *s, const char *name, enum dns_type type);
int scene_row_count(const struct scene *s);
/* From the last question to the last answer. */
int64_t scene_took_ms(const struct scene *s);

#endif
