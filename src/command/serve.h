/* `maildoctor serve`: the exporter for Prometheus. */
#ifndef COMMAND_SERVE_H
#define COMMAND_SERVE_H

/* Returns the exit status. */
int serve_main(int argc, char **argv);

#endif
