/* `maildoctor token`: getting and showing access tokens. */
#ifndef COMMAND_TOKEN_H
#define COMMAND_TOKEN_H

int token_main(int argc, char **argv);

/* token_get.c, token_judge_main.c, token_show_main.c */
int token_get_main(int argc, char **argv);
int token_judge_main(int argc, char **argv);
int token_show_main(int argc, char **argv);

#endif
