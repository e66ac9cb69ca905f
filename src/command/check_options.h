/* The options of `check`, read but not yet acted upon. */
#ifndef COMMAND_CHECK_OPTIONS_H
#define COMMAND_CHECK_OPTIONS_H

#include "command/options.h"
#include "command/secret_source.h"
#include "command/token_wish.h"
#include "engine/run.h"
#include "report/report.h"

enum { CHECK_PORT_LIMIT = 16, CHECK_CONNECT_LIMIT = 32, CHECK_RESOLVER_LIMIT = 4 };
enum { CHECK_EXERCISE_HOLD_MS = 60000 };
enum color_wish { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* The account that the test message goes to, where that is another. */
struct check_recipient {
    const char *address; /* NULL: there is none, and nothing below means anything */
    const char *user, *host;
    struct secret_source password_source, token_source;
    struct secret *password, *token; /* owned */
    struct run_options run;          /* whole once the secrets are read */
};

struct check_settings {
    struct run_options run; /* password and token are not in it yet; state_dir neither */
    int ports[CHECK_PORT_LIMIT];
    struct connect_to connect_to[CHECK_CONNECT_LIMIT];
    const char *resolvers[CHECK_RESOLVER_LIMIT]; /* all but the first */
    const char *hosts[CHECK_CONNECT_LIMIT];      /* of --connect-to */
    struct secret_source password, token;
    struct outbox_wish submit; /* in use where the run's wish points to it */
    bool submits;              /* --submit */
    struct check_recipient recipient;
    struct token_wish wish; /* a token that is not there yet */
    const struct report_format *format;
    const char *baseline;   /* a saved run; NULL: none */
    const char *output;     /* NULL: standard output */
    const char *rules;      /* file of the user's own rules; NULL: none */
    const char *reported;   /* words of an error; NULL: none */
    int64_t secret_expires; /* of the login's secret, Unix seconds; 0 unknown */
    enum color_wish color;
    bool ascii, verbose, transcript, share, fail_on_warning;
    struct alert_limits warning, critical; /* of --format nagios */
    bool limited;                          /* either was given */
    struct secret_source proxy_password;
    const char *targets, *resume; /* files; NULL: one target, from the command line */
    int jobs;                     /* of many targets at once; 0: as many as usual */
    double rate;                  /* begun a second; 0: no limit */
    struct arena arena;           /* of the strings above that are not argv's */
};

void check_settings_init(struct check_settings *settings);
void check_settings_done(struct check_settings *settings);

/* For options_join(), by subject; they work on a struct check_settings. */
extern const struct option_row *const check_option_tables[];
extern const struct option_row check_output_rows[], check_words_rows[], check_exercise_rows[],
    check_targets_rows[];

/* VALUE of OPTION is a login's or mailbox's name; false and a message. */
bool check_login_name(const char *option, const char *value, char **ret_error);

/* Seconds, also 0.5; as milliseconds, 0 when VALUE is none. */
int check_seconds(const char *value);

/* Chooses what was left open, once all options are known. */
void check_settings_complete(struct check_settings *settings);

/* What no option alone can know: whether they fit each other. False and a message. */
bool check_settings_agree(const struct check_settings *settings, char **ret_error);
/* The same of --exercise. */
bool check_exercise_agrees(const struct check_settings *settings, char **ret_error);
/* How much longer a run may take because of --exercise, whose own default it chooses. */
int check_exercise_ms(struct check_settings *settings);

#endif
