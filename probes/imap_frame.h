/* Where an IMAP reply ends. Private to imap.c. */
#ifndef PROBES_IMAP_FRAME_H
#define PROBES_IMAP_FRAME_H

#include "probes/dialogue.h"

/* A dialogue_frame. Untagged responses before the tagged one, or before "+", belong to the reply;
 * the greeting is the first untagged one. D is a struct mail's. */
long imap_frame(struct dialogue *d, struct bytes pending, struct reply *ret_reply);

#endif
