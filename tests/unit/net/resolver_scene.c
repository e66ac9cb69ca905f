#include "resolver_scene.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

void scene_write_file(char path[static 64], const char *text)
{
    strcpy(path, "/tmp/maildoctor-test-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

int scene_set_up(void **state)
{
    static struct scene scene;
    scene = (struct scene) { .loop = loop_new(), .trace = trace_new() };
    scene.server = fake_dns_new(scene.loop, "127.0.0.1");
    *state = &scene;
    return 0;
}

int scene_tear_down(void **state)
{
    struct scene *s = *state;
    resolver_free(s->resolver);
    fake_dns_free(s->server);
    if (s->second)
        fake_dns_free(s->second);
    loop_free(s->loop);
    trace_free(s->trace);
    if (*s->hosts)
        unlink(s->hosts);
    if (*s->resolv_conf)
        unlink(s->resolv_conf);
    return 0;
}

void scene_start(struct scene *s, struct resolver_options options)
{
    char *error;
    if (!options.hosts)
        options.hosts = "/nonexistent";
    s->resolver = resolver_new(s->loop, &options, s->trace, clock_mono_ns(), &error);
    assert_null(error);
    assert_non_null(s->resolver);
}

void scene_start_chosen(struct scene *s)
{
    scene_start(
        s, (struct resolver_options) { .server = fake_dns_text(s->server), .budget_ms = SHORT_MS });
}

void scene_start_system(struct scene *s, const char *hosts)
{
    char text[256];
    snprintf(text, sizeof text, "# ours\nsearch example\nnameserver %s\nnameserver %s\n",
             fake_dns_text(s->server), s->second ? fake_dns_text(s->second) : "none");
    scene_write_file(s->resolv_conf, text);
    if (hosts)
        scene_write_file(s->hosts, hosts);
    scene_start(s, (struct resolver_options) { .resolv_conf = s->resolv_conf,
                                               .hosts = hosts ? s->hosts : NULL,
                                               .budget_ms = SHORT_MS });
}

void scene_take(void *arg, const struct resolution *resolution)
{
    struct scene *s = arg;
    s->got = *resolution;
    s->calls++;
    s->told_ns = clock_mono_ns();
    if (--s->waiting == 0)
        loop_stop(s->loop);
}

void scene_begin(struct scene *s, const char *name, enum dns_type type)
{
    char copy[512];
    snprintf(copy, sizeof copy, "%s", name);
    int before = s->calls;
    s->waiting++;
    s->asked_ns = clock_mono_ns();
    resolver_ask(s->resolver, copy, type, scene_take, s);
    memset(copy, 'x', sizeof copy); /* the name was copied */
    assert_int_equal(s->calls, before);
}

const struct lookup *scene_ask(struct scene *s, const char *name, enum dns_type type)
{
    int before = s->calls;
    scene_begin(s, name, type);
    loop_run(s->loop);
    assert_int_equal(s->calls, before + 1);
    return s->got.lookup;
}

int scene_row_count(const struct scene *s)
{
    int count = 0;
    for (const struct lookup *row = s->trace->lookups; row; row = row->next)
        count++;
    return count;
}

int64_t scene_took_ms(const struct scene *s)
{
    return (s->told_ns - s->asked_ns) / NS_PER_MS;
}
