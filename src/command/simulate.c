#include "command/simulate.h"

#include "base/memory.h"
#include "command/command.h"
#include "command/options.h"
#include "net/loop.h"
#include "simulate/announce.h"
#include "simulate/simulator.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LONGEST_DELAY_SCALE = 1000, MANY_SCENARIOS = 256 };

struct settings {
    struct sim_options options;
    bool list, json, until_eof;
};

/* ---- options ---- */

static bool set_scenario(void *to, const char *value, char **ret_error)
{
    struct settings *settings = to;
    const char *ids[MANY_SCENARIOS + 1] = { NULL };
    settings->options.scenario = sim_scenario_find(value);
    if (settings->options.scenario)
        return true;
    for (size_t i = 0; i < sim_scenario_count && i < MANY_SCENARIOS; i++)
        ids[i] = sim_scenarios[i].id;
    const char *near = options_nearest(value, ids);
    char *why = near ? memory_format("there is none of this name; did you mean %s?", near)
                     : memory_copy("there is none of this name; --list shows them");
    options_reject(ret_error, "scenario", value, why);
    free(why);
    return false;
}

static bool set_port_base(void *to, const char *value, char **ret_error)
{
    struct settings *settings = to;
    size_t digits = strspn(value, "0123456789");
    long number = digits && digits <= 5 && !value[digits] ? strtol(value, NULL, 10) : -1;
    settings->options.port_base = (int)number;
    return (number >= 0 && number <= SIM_PORT_BASE_LIMIT) ||
           options_reject(ret_error, "port-base", value, "a number from 0 to 64540");
}

static bool set_delay_scale(void *to, const char *value, char **ret_error)
{
    struct settings *settings = to;
    size_t whole = strspn(value, "0123456789");
    size_t dot = value[whole] == '.';
    size_t part = dot ? strspn(value + whole + 1, "0123456789") : 0;
    bool number = whole && whole <= 4 && part <= 9 && (part || !dot) && !value[whole + dot + part];
    settings->options.delay_scale = number ? strtod(value, NULL) : -1;
    return (number && settings->options.delay_scale <= LONGEST_DELAY_SCALE) ||
           options_reject(ret_error, "delay-scale", value, "a number from 0 to 1000");
}

static bool set_format(void *to, const char *value, char **ret_error)
{
    return options_text_or_json(value, &((struct settings *)to)->json, ret_error);
}

#define AT(member) offsetof(struct settings, member)

static const struct option_row rows[] = {
    { OPTION_CALL, "scenario", 0, "ID", "what to play (default: healthy)", 0, set_scenario },
    { OPTION_FLAG, "list", 0, NULL, "show the scenarios there are", AT(list), NULL },
    { OPTION_TEXT, "listen", 0, "ADDR",
      "listen on this address too, and name it in the options printed", AT(options.listen), NULL },
    { OPTION_CALL, "port-base", 0, "N",
      "listen on N+25, N+587 and so on, and on N+53 for names, N+443 for tokens (default: free "
      "ports)",
      0, set_port_base },
    { OPTION_CALL, "delay-scale", 0, "X",
      "how long refusals and deliveries take: 1 as long as real servers, 0 no time (default: 1)", 0,
      set_delay_scale },
    { OPTION_TEXT, "directory", 0, "DIR",
      "for the root certificate and the password or token (default: a temporary one)",
      AT(options.directory), NULL },
    { OPTION_FLAG, "until-eof", 0, NULL, "end when standard input ends, too", AT(until_eof), NULL },
    { OPTION_CALL, "format", 0, "FORMAT", "text (default) or json", 0, set_format },
    { OPTION_HELP, "help", 'h', NULL, "this text", 0, NULL },
    { 0 },
};

/* ---- output ---- */

static int print_help(void)
{
    return command_help(
        "usage: maildoctor simulate [OPTION...]\n\n"
        "A simulated mail provider on this machine, healthy or with a chosen fault:\n"
        "SMTP, IMAP and POP3 on free ports, a name server, and a certification\n"
        "authority of its own. It prints the options that lead maildoctor check\n"
        "to it, and serves until it is interrupted.\n\n",
        rows, "\nExit status: 0 after it was asked to end, 3 when it cannot begin.\n");
}

static int print_list(const struct settings *settings)
{
    struct buffer out;
    buffer_init(&out, SIM_ANNOUNCE_LIMIT);
    if (settings->json)
        sim_list_json(&out);
    else
        sim_list_text(&out);
    int status = command_print(&out);
    buffer_done(&out);
    return status;
}

static int announce(const struct settings *settings, const struct simulator *simulator)
{
    struct buffer out;
    buffer_init(&out, SIM_ANNOUNCE_LIMIT);
    if (settings->json)
        sim_announce_json(&out, simulator_facts(simulator));
    else
        sim_announce_text(&out, simulator_facts(simulator));
    int status = command_print(&out);
    buffer_done(&out);
    return status;
}

/* ---- serving ---- */

struct ending {
    struct loop *loop;
    struct loop_signal *interrupt, *terminate, *hangup;
    struct loop_watch *input;
    int input_flags; /* the loop makes standard input non-blocking, for all who share it; -1: not */
    bool over;
};

static void on_signal(void *arg)
{
    struct ending *ending = arg;
    loop_stop(ending->loop);
}

static void on_input(void *arg, unsigned events)
{
    struct ending *ending = arg;
    char bytes[4096];
    (void)events;
    ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);
    if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
        return;
    loop_watch_stop(&ending->input);
    loop_stop(ending->loop);
}

/* From here on a signal ends the simulator, and does not leave its files behind. */
static void watch_signals(struct ending *ending)
{
    ending->interrupt = loop_signal_start(ending->loop, SIGINT, on_signal, ending);
    ending->terminate = loop_signal_start(ending->loop, SIGTERM, on_signal, ending);
    ending->hangup = loop_signal_start(ending->loop, SIGHUP, on_signal, ending);
}

static void watch_input(struct ending *ending)
{
    ending->input_flags = fcntl(STDIN_FILENO, F_GETFL);
    ending->input = loop_watch_start(ending->loop, STDIN_FILENO, LOOP_READ, on_input, ending);
    ending->over = !ending->input; /* a plain file, or none: it ends at once */
}

static void unwatch(struct ending *ending)
{
    loop_watch_stop(&ending->input);
    if (ending->input_flags >= 0)
        fcntl(STDIN_FILENO, F_SETFL, ending->input_flags);
    loop_signal_stop(&ending->interrupt);
    loop_signal_stop(&ending->terminate);
    loop_signal_stop(&ending->hangup);
}

/* What a client must know is written before anything is served: who reads it may come at once, for
 * the sockets listen already. */
static int serve(struct loop *loop, const struct settings *settings)
{
    struct ending ending = { .loop = loop, .input_flags = -1 };
    char *error = NULL;
    watch_signals(&ending);
    struct simulator *simulator = simulator_start(loop, &settings->options, &error);
    int status = simulator ? announce(settings, simulator) : command_fail(error);
    if (status == 0 && settings->until_eof)
        watch_input(&ending);
    if (status == 0 && !ending.over)
        loop_run(loop);
    simulator_stop(simulator);
    unwatch(&ending);
    return status;
}

int simulate_main(int argc, char **argv)
{
    struct settings settings = { .options = { .scenario = sim_scenario_find("healthy"),
                                              .delay_scale = 1 } };
    struct operands operands;
    char *error = NULL;
    switch (options_read(rows, argc, argv, &settings, &operands, &error)) {
    case OPTIONS_WANT_HELP:
        return print_help();
    case OPTIONS_BAD:
        return command_fail(error);
    case OPTIONS_READ:
        break;
    }
    if (operands.count)
        return command_fail(memory_copy("simulate takes options only; the scenario is --scenario"));
    if (settings.list)
        return print_list(&settings);
    signal(SIGPIPE, SIG_IGN); /* a reader that is gone is an error of write() */
    struct loop *loop = loop_new();
    if (!loop)
        return command_fail(memory_copy("no descriptor is left for an event loop"));
    int status = serve(loop, &settings);
    loop_free(loop);
    return status;
}
