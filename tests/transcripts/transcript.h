/* A dialogue written down, and how to play it.
 *
 * A transcript is a text file of lines:
 *
 *     # a comment; the first says what the file shows
 *     protocol: smtp                         or imap, pop3
 *     mode: starttls                         or implicit, plain
 *     user: ana@contoso.com                  password:, token:, auth:, host:, port:, ehlo:
 *     mailbox: yes                           transfer: yes
 *     task: exercise-imap                    what is done behind the login; read_task() has them
 *     from: ana@contoso.com                  to:, rcpt-only: yes, anonymous: yes: a message
 *
 *     S: 220 mx.example.com ESMTP            the server says a line
 *     s: 220 mx                              the server says bytes, no line end
 *     S* 9000 250-X-FILLER                   the server says a line 9000 times
 *     C: EHLO probe.example                  the client must say this next
 *     =tls =permit =held REASON              what the dialogue waits for, granted or not
 *     =resume [ALONE] =stop                  a pause is over (the other client failed); clean up
 *     =eof =reset =timeout =cancel =fail     how a connection may end
 *     =inject BYTES                          bytes in clear found behind the reply to STARTTLS
 *
 *     ! ok                                   how it ends: ok, cut, failed STAGE KIND, or open
 *     > greeting ok                          the steps, all of them in order: NAME OUTCOME WHY
 *     ? session_id 08DE2A6028D26C22          a fact; see facts[] in transcript.c
 *
 * In S, s, C, ? and =inject lines \r, \n, \\ and \xHH are read; a C line is compared after that. */
#ifndef TESTS_TRANSCRIPT_H
#define TESTS_TRANSCRIPT_H

#include "base/buffer.h"

/* Plays TEXT, feeding the server's bytes CHUNK at a time (0: all at once). False, and what is wrong
 * with its line number appended to RET_ERROR, when the dialogue does not go as written. */
bool transcript_play(struct bytes text, size_t chunk, struct buffer *ret_error);

/* Plays TEXT for its effect only: what the client must say and how it must end are passed over, and
 * events come whether they fit or not. Appends what happened to RET_STORY, in a form that must not
 * depend on CHUNK. Still asserts what must hold of every dialogue. */
void transcript_wander(struct bytes text, size_t chunk, struct buffer *ret_story);

#endif
