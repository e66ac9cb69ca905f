/* `maildoctor check`: the diagnosis. */
#ifndef COMMAND_CHECK_H
#define COMMAND_CHECK_H

int check_main(int argc, char **argv);

#endif
