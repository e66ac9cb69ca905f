/* The folder with what a client of the simulator needs as files: the root certificate, and the
 * secrets, which must not stand in a command line. */
#ifndef SIMULATE_FOLDER_H
#define SIMULATE_FOLDER_H

#include <stdbool.h>

struct sim_folder {
    char *path;
    char *ca_file, *password_file, *token_file, *client_secret_file; /* NULL: not written */
    bool made;                                                       /* by us: it goes when we go */
};

/* PATH NULL: a new one among the temporary files. False, with a message (release with free()), when
 * it cannot be made. */
bool sim_folder_open(struct sim_folder *folder, const char *path, char **ret_error);
/* Writes TEXT to NAME in the folder, for nobody else to read when SECRET; the path is put into
 * *ret_path and belongs to the folder. False as above. */
bool sim_folder_write(struct sim_folder *folder, const char *name, const char *text, bool secret,
                      char **ret_path, char **ret_error);
/* Removes what was written, and the folder if it was made. Legal on a zeroed struct. */
void sim_folder_close(struct sim_folder *folder);

#endif
