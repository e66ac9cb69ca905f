/* Where this program keeps what it must remember from run to run. */
#ifndef COMMAND_STATE_DIR_H
#define COMMAND_STATE_DIR_H

/* "$XDG_STATE_HOME/maildoctor", else "$HOME/.local/state/maildoctor"; release with free(). NULL:
 * nothing is remembered. */
char *state_dir_find(void);

#endif
