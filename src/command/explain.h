/* `maildoctor explain`: what pasted error lines mean. */
#ifndef COMMAND_EXPLAIN_H
#define COMMAND_EXPLAIN_H

/* Explains the arguments, or standard input. In text and JSON a block is an argument, a paragraph,
 * or a whole bounce; in NDJSON every line stands for itself and is answered as it comes. The exit
 * status is 0, or 1 when something stays unknown. */
int explain_main(int argc, char **argv);

#endif
