#include "command/simulate.h"

#include "base/buffer.h"
#include "net/loop.h"
#include "simulate/announce.h"
#include "simulate/simulator.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STATUS_OK = 0, STATUS_USAGE = 3, LONGEST_DELAY_SCALE = 1000 };

static const char help[] =
    "Usage: maildoctor simulate [OPTION]...\n"
    "A simulated mail provider on this machine, healthy or with a chosen fault: SMTP, IMAP and\n"
    "POP3 on free ports, a name server, and a certification authority of its own. It prints the\n"
    "options that lead `maildoctor check` to it, and serves until it is interrupted.\n"
    "\n"
    "  --scenario ID       what to play (default: healthy)\n"
    "  --list              the scenarios there are\n"
    "  --listen ADDR       listen on this address too, and name it in the options printed\n"
    "  --port-base N       listen on N+25, N+587, ... and N+53 for names (default: free ports)\n"
    "  --delay-scale X     how long refusals take, 1 as in life, 0 at once (default: 1)\n"
    "  --directory DIR     for the root certificate, password and token (default: a new one)\n"
    "  --until-eof         end when standard input ends, too\n"
    "  --format F          text or json (default: text)\n"
    "  --help              this text\n"
    "\n"
    "Exit status: 0 after it was asked to end, 3 when it cannot begin.\n";

struct settings {
    struct sim_options options;
    const char *scenario;
    bool list, json, until_eof, help;
};

static int complain(const char *what, const char *value, const char *why)
{
    fprintf(stderr, "maildoctor: simulate: %s '%s': %s\n", what, value, why);
    return STATUS_USAGE;
}

/* ---- options ---- */

static bool read_port_base(const char *text, int *ret_value)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    *ret_value = (int)value;
    return !errno && end != text && *end == '\0' && value >= 0 && value <= 65535;
}

static bool read_delay_scale(const char *text, double *ret_value)
{
    char *end;
    errno = 0;
    *ret_value = strtod(text, &end);
    return !errno && end != text && *end == '\0' && isfinite(*ret_value) && *ret_value >= 0 &&
           *ret_value <= LONGEST_DELAY_SCALE;
}

/* False after a message. */
static bool take_option(struct settings *settings, int letter, const char *value)
{
    switch (letter) {
    case 's':
        settings->scenario = value;
        return true;
    case 'l':
        settings->list = true;
        return true;
    case 'a':
        settings->options.listen = value;
        return true;
    case 'p':
        return read_port_base(value, &settings->options.port_base) ||
               !complain("--port-base", value, "a number from 0 to 64540 is due");
    case 'd':
        return read_delay_scale(value, &settings->options.delay_scale) ||
               !complain("--delay-scale", value, "a number from 0 to 1000 is due");
    case 'D':
        settings->options.directory = value;
        return true;
    case 'e':
        settings->until_eof = true;
        return true;
    case 'f':
        settings->json = strcmp(value, "json") == 0;
        return settings->json || strcmp(value, "text") == 0 ||
               !complain("--format", value, "text or json is due");
    case 'h':
        settings->help = true;
        return true;
    default:
        return false; /* getopt has said why */
    }
}

static bool read_options(struct settings *settings, int argc, char **argv)
{
    static const struct option table[] = {
        { "scenario", required_argument, NULL, 's' },
        { "list", no_argument, NULL, 'l' },
        { "listen", required_argument, NULL, 'a' },
        { "port-base", required_argument, NULL, 'p' },
        { "delay-scale", required_argument, NULL, 'd' },
        { "directory", required_argument, NULL, 'D' },
        { "until-eof", no_argument, NULL, 'e' },
        { "format", required_argument, NULL, 'f' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    int letter;
    *settings = (struct settings) { .scenario = "healthy", .options = { .delay_scale = 1 } };
    optind = 0;
    while ((letter = getopt_long(argc, argv, "", table, NULL)) != -1)
        if (!take_option(settings, letter, optarg))
            return false;
    if (optind < argc)
        return !complain("argument", argv[optind], "simulate takes options only");
    settings->options.scenario = sim_scenario_find(settings->scenario);
    return settings->options.scenario ||
           !complain("--scenario", settings->scenario, "there is none of this name (see --list)");
}

/* ---- serving ---- */

static void on_end(void *arg)
{
    loop_stop(arg);
}

struct input {
    struct loop *loop;
    struct loop_watch *watch;
};

static void on_input(void *arg, unsigned events)
{
    struct input *input = arg;
    char bytes[4096];
    (void)events;
    ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);
    if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
        return;
    loop_watch_stop(&input->watch);
    loop_stop(input->loop);
}

/* The whole of OUT before anything is served, so that who reads it may come at once. */
static bool print(const struct buffer *out)
{
    struct bytes bytes = buffer_bytes(out);
    bool printed = !out->overflow && fwrite(bytes.data, 1, bytes.size, stdout) == bytes.size &&
                   fflush(stdout) == 0;
    if (!printed)
        fprintf(stderr, "maildoctor: simulate: cannot write to standard output\n");
    return printed;
}

static int list(const struct settings *settings)
{
    struct buffer out;
    buffer_init(&out, SIM_ANNOUNCE_LIMIT);
    if (settings->json)
        sim_list_json(&out);
    else
        sim_list_text(&out);
    bool printed = print(&out);
    buffer_done(&out);
    return printed ? STATUS_OK : STATUS_USAGE;
}

static bool announce(const struct settings *settings, const struct simulator *simulator)
{
    struct buffer out;
    buffer_init(&out, SIM_ANNOUNCE_LIMIT);
    if (settings->json)
        sim_announce_json(&out, simulator_facts(simulator));
    else
        sim_announce_text(&out, simulator_facts(simulator));
    bool printed = print(&out);
    buffer_done(&out);
    return printed;
}

static int serve(struct loop *loop, const struct settings *settings)
{
    struct loop_signal *interrupt = loop_signal_start(loop, SIGINT, on_end, loop);
    struct loop_signal *terminate = loop_signal_start(loop, SIGTERM, on_end, loop);
    struct input input = { .loop = loop };
    int flags =
        fcntl(STDIN_FILENO, F_GETFL); /* the loop makes it non-blocking, for all who share it */
    bool over = false;
    char *error = NULL;
    struct simulator *simulator = simulator_start(loop, &settings->options, &error);
    bool ready = simulator && announce(settings, simulator);
    if (ready && settings->until_eof) {
        input.watch = loop_watch_start(loop, STDIN_FILENO, LOOP_READ, on_input, &input);
        over = !input.watch; /* a plain file, or nothing at all: it ends at once */
    }
    if (ready && !over)
        loop_run(loop);
    if (!simulator)
        fprintf(stderr, "maildoctor: simulate: %s\n", error);
    free(error);
    simulator_stop(simulator);
    loop_watch_stop(&input.watch);
    if (flags >= 0)
        fcntl(STDIN_FILENO, F_SETFL, flags);
    loop_signal_stop(&interrupt);
    loop_signal_stop(&terminate);
    return ready ? STATUS_OK : STATUS_USAGE;
}

int simulate_main(int argc, char **argv)
{
    struct settings settings;
    if (!read_options(&settings, argc, argv))
        return STATUS_USAGE;
    if (settings.help)
        return fputs(help, stdout) < 0 ? STATUS_USAGE : STATUS_OK;
    if (settings.list)
        return list(&settings);
    /* A reader that is gone is an error of write(), not our end without cleaning up. */
    signal(SIGPIPE, SIG_IGN);
    struct loop *loop = loop_new();
    if (!loop) {
        fprintf(stderr, "maildoctor: simulate: no descriptor left\n");
        return STATUS_USAGE;
    }
    int status = serve(loop, &settings);
    loop_free(loop);
    return status;
}
