/* One transcript being played. Private to transcript*.c. */
#ifndef TESTS_TRANSCRIPT_PLAY_H
#define TESTS_TRANSCRIPT_PLAY_H

#include "probes/arrival.h"
#include "probes/exercise.h"
#include "probes/mail.h"

enum { TEXT_LIMIT = 1 << 20, OPEN_LIMIT = 4 };

struct play {
    /* the header */
    struct arena arena;
    enum mail_protocol protocol;
    struct mail_wish wish;
    struct submission submission;
    struct arrival arrival;
    struct secret *password, *token;
    struct exercise_imap folders;
    struct exercise_second second;
    struct exercise_pop3 message;
    /* the state */
    struct mail *mail;
    struct dialogue *d;
    size_t chunk;
    bool wander; /* nothing is expected */
    int line;
    struct buffer server;  /* what the server says before the next other line */
    struct buffer client;  /* what the client said and no C line has taken */
    struct buffer steps;   /* "greeting ok\n..." */
    struct buffer wanted;  /* the > lines */
    struct buffer said;    /* SAID rows, a line each */
    struct buffer heard;   /* HEARD rows, a line each */
    struct buffer replies; /* "EHLO|250-..." of each LEAVE, a NUL behind each */
    const struct dialogue_step *open[OPEN_LIMIT];
    int open_count;
    bool a_step_failed;
    struct failure last_failure;
    enum stage last_stage;
    enum dialogue_outcome last_outcome;
    struct buffer *error;
    bool broken;
};

/* The first complaint ends the play; none is made while it wanders. */
void play_complain(struct play *p, const char *what, struct bytes saw);
/* What must hold however hostile the server is: broken, it is a bug, in every mode. */
void play_must(bool holds, const char *what);

/* TEXT with its escapes read, terminated; lives as long as the play. */
const char *play_decoded(struct play *p, struct bytes text);
/* The same; a NUL among the bytes counts. */
void play_append_decoded(struct play *p, struct buffer *out, struct bytes text);
/* A line of the header. */
void play_header(struct play *p, const char *key, struct bytes rest);

/* Takes what the dialogue has to tell and to say, and holds it against the contract of
 * probes/dialogue.h. */
void play_drain(struct play *p);

#endif
