#include "simulate/announce.h"

#include "base/arena.h"
#include "result/json_text.h"

#include <jansson.h>
#include <string.h>

/* "127.0.0.1:53", "[::1]:53" */
static const char *address_port(struct arena *arena, const struct sim_facts *facts, int port)
{
    bool six = strchr(facts->address, ':');
    return arena_format(arena, six ? "[%s]:%d" : "%s:%d", facts->address, port);
}

static struct strings connect_to(struct arena *arena, const struct sim_facts *facts)
{
    struct strings list = { 0 };
    for (int i = 0; i < SIM_PORT_COUNT && !facts->through_dns; i++)
        strings_add(&list, arena,
                    arena_format(arena, "%s:%d:%s", sim_persona_host(facts->scenario->persona, i),
                                 sim_ports[i].number, address_port(arena, facts, facts->ports[i])));
    return list;
}

static void add_option(struct strings *command, struct arena *arena, const char *name,
                       const char *value)
{
    if (!value)
        return;
    strings_add(command, arena, name);
    strings_add(command, arena, value);
}

static struct strings command_words(struct arena *arena, const struct sim_facts *facts)
{
    const struct sim_scenario *scenario = facts->scenario;
    struct strings command = { 0 };
    struct strings places = connect_to(arena, facts);
    bool user_said = facts->user && strcmp(facts->user, scenario->target) == 0;
    strings_add(&command, arena, "maildoctor");
    strings_add(&command, arena, "check");
    strings_add(&command, arena, scenario->target);
    add_option(&command, arena, "--user", user_said ? NULL : facts->user);
    add_option(&command, arena, "--password-file", facts->password_file);
    add_option(&command, arena, "--token-file", facts->token_file);
    for (const char *const *p = scenario->options; p && *p; p++)
        strings_add(&command, arena, *p);
    add_option(&command, arena, "--resolver", address_port(arena, facts, facts->dns_port));
    for (size_t i = 0; i < places.count; i++)
        add_option(&command, arena, "--connect-to", places.items[i]);
    add_option(&command, arena, "--ca-file", facts->ca_file);
    return command;
}

/* ---- text ---- */

/* For a POSIX shell. */
static void put_word(struct buffer *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "@%+=:,./_-[]";
    if (word[0] && word[strspn(word, plain)] == '\0' && !strpbrk(word, "[]")) {
        buffer_append_text(out, word);
        return;
    }
    buffer_append_text(out, "'");
    for (; *word; word++)
        if (*word == '\'')
            buffer_append_text(out, "'\\''");
        else
            buffer_append(out, word, 1);
    buffer_append_text(out, "'");
}

static void put_command(struct buffer *out, const struct strings *command)
{
    for (size_t i = 0; i < command->count; i++) {
        if (i)
            buffer_append_text(out, " ");
        put_word(out, command->items[i]);
    }
    buffer_append_text(out, "\n");
}

void sim_announce_text(struct buffer *out, const struct sim_facts *facts)
{
    const struct sim_scenario *scenario = facts->scenario;
    struct arena arena = { 0 };
    struct strings places = connect_to(&arena, facts);
    struct strings command = command_words(&arena, facts);
    buffer_format(out, "Simulating %s, scenario %s:\n%s.\n\n", scenario->persona->title,
                  scenario->id, scenario->title);
    buffer_append_text(out, "Options of maildoctor check that lead here:\n");
    buffer_format(out, "  --resolver %s\n", address_port(&arena, facts, facts->dns_port));
    for (size_t i = 0; i < places.count; i++)
        buffer_format(out, "  --connect-to %s\n", places.items[i]);
    buffer_format(out, "  --ca-file %s\n", facts->ca_file);
    if (facts->user)
        buffer_format(out, "  --user %s\n", facts->user);
    if (facts->password_file)
        buffer_format(out, "  --password-file %s\n", facts->password_file);
    if (facts->token_file)
        buffer_format(out, "  --token-file %s\n", facts->token_file);
    buffer_format(out,
                  "\nOptions of maildoctor token get that lead here (any --client-id is good):\n"
                  "  --authority https://%s\n  --client-secret-file %s\n",
                  address_port(&arena, facts, facts->authority_port), facts->client_secret_file);
    buffer_append_text(out, "\nAll in one line, to paste:\n");
    put_command(out, &command);
    if (scenario->expected_class)
        buffer_format(out, "\nIt should find %s and end with status %d.\n",
                      scenario->expected_class, scenario->expected_exit);
    else
        buffer_format(out, "\nIt should find no fault and end with status %d.\n",
                      scenario->expected_exit);
    buffer_append_text(out, "This goes on until it is interrupted (Ctrl-C).\n");
    arena_done(&arena);
}

void sim_list_text(struct buffer *out)
{
    for (size_t i = 0; i < sim_scenario_count; i++)
        buffer_format(out, "%-30s %s\n", sim_scenarios[i].id, sim_scenarios[i].title);
}

/* ---- JSON ---- */

static json_t *text_or_null(const char *text)
{
    return text ? json_string(text) : json_null();
}

static json_t *array_of(const struct strings *list)
{
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(array, json_string(list->items[i]));
    return array;
}

static void put_json(struct buffer *out, json_t *value)
{
    json_text_append(out, value, JSON_INDENT(2));
    buffer_append_text(out, "\n");
    json_decref(value);
}

void sim_announce_json(struct buffer *out, const struct sim_facts *facts)
{
    const struct sim_scenario *scenario = facts->scenario;
    struct arena arena = { 0 };
    struct strings places = connect_to(&arena, facts);
    struct strings command = command_words(&arena, facts);
    json_t *root = json_object();
    json_object_set_new(root, "scenario", json_string(scenario->id));
    json_object_set_new(root, "title", json_string(scenario->title));
    json_object_set_new(root, "target", json_string(scenario->target));
    json_object_set_new(root, "user", text_or_null(facts->user));
    json_object_set_new(root, "password_file", text_or_null(facts->password_file));
    json_object_set_new(root, "token_file", text_or_null(facts->token_file));
    json_object_set_new(root, "ca_file", text_or_null(facts->ca_file));
    json_object_set_new(root, "directory", text_or_null(facts->directory));
    json_object_set_new(root, "resolver",
                        json_string(address_port(&arena, facts, facts->dns_port)));
    json_object_set_new(root, "connect_to", array_of(&places));
    json_object_set_new(
        root, "authority",
        json_string(arena_format(&arena, "https://%s",
                                 address_port(&arena, facts, facts->authority_port))));
    json_object_set_new(root, "client_secret_file", json_string(facts->client_secret_file));
    json_t *ports = json_object();
    for (int i = 0; i < SIM_PORT_COUNT; i++)
        json_object_set_new(ports, arena_format(&arena, "%d", sim_ports[i].number),
                            json_integer(facts->ports[i]));
    json_object_set_new(root, "ports", ports);
    json_object_set_new(root, "expected_class", text_or_null(scenario->expected_class));
    json_object_set_new(root, "expected_exit", json_integer(scenario->expected_exit));
    json_object_set_new(root, "command", array_of(&command));
    put_json(out, root);
    arena_done(&arena);
}

void sim_list_json(struct buffer *out)
{
    json_t *list = json_array();
    for (size_t i = 0; i < sim_scenario_count; i++) {
        const struct sim_scenario *scenario = &sim_scenarios[i];
        json_t *entry = json_object();
        json_object_set_new(entry, "id", json_string(scenario->id));
        json_object_set_new(entry, "title", json_string(scenario->title));
        json_object_set_new(entry, "persona", json_string(scenario->persona->id));
        json_object_set_new(entry, "expected_class", text_or_null(scenario->expected_class));
        json_object_set_new(entry, "expected_exit", json_integer(scenario->expected_exit));
        json_array_append_new(list, entry);
    }
    put_json(out, list);
}
