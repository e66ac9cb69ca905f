/* Conversations with a script, written down as text. */
#ifndef TESTS_SIMULATE_TALK_H
#define TESTS_SIMULATE_TALK_H

#include <stdbool.h>

/* Plays LINES against PORT_INDEX of SCENARIO, whole and again in pieces of 1 to 7 bytes, and fails
 * the test where the script differs:
 *   "C: text"  the client sends this line; base64 of "{...}" is put in for secrets (talk.c)
 *   "S: text"  the server's next line is this, with * and ? as in file names ("\\*" for a star)
 *   "T"        TLS comes up
 *   "= word"   after the last reply: go-on, upgrade, close, cut, silence
 *   "+ N"      and it was to wait N milliseconds
 * At the end the server must have said nothing more. */
void talk(const char *scenario, int port_index, const char *lines);

#endif
