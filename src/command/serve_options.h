/* The options of `serve`, read but not yet acted upon. */
#ifndef COMMAND_SERVE_OPTIONS_H
#define COMMAND_SERVE_OPTIONS_H

#include "command/options.h"
#include "net/evidence.h"

struct serve_settings {
    const char *modules; /* file; NULL: none */
    const char *listen;  /* as given; NULL: the default */
    struct net_address address;
    const char *certificate, *key, *client_ca, *login_file;
    int offset_ms;
    int jobs, keep, connections;
};

void serve_settings_init(struct serve_settings *settings);
extern const struct option_row serve_option_rows[]; /* work on a struct serve_settings */
/* What no option alone can know. False and a message. */
bool serve_settings_agree(const struct serve_settings *settings, char **ret_error);
/* Can only this machine reach the listener? */
bool serve_settings_is_local(const struct serve_settings *settings);

#endif
