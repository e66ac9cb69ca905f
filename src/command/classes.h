/* `maildoctor classes`: the catalogue of what can be wrong. */
#ifndef COMMAND_CLASSES_H
#define COMMAND_CLASSES_H

/* Without an operand every class in a line or two, with one that class in full. The exit status: 0,
 * or 3 with a message when there is no such class. */
int classes_main(int argc, char **argv);

#endif
