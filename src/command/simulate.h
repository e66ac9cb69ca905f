/* `maildoctor simulate`: a simulated mail provider on loopback. */
#ifndef COMMAND_SIMULATE_H
#define COMMAND_SIMULATE_H

/* ARGV[0] is "simulate". The exit status: 0 after it was asked to end, or 3. */
int simulate_main(int argc, char **argv);

#endif
