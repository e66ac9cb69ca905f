/* `maildoctor render`: a saved run in another format. */
#ifndef COMMAND_RENDER_H
#define COMMAND_RENDER_H

/* Shows the findings and the verdict as they were saved; nothing is judged anew. The exit status is
 * the saved run's, as if it had just ended. */
int render_main(int argc, char **argv);

#endif
