/* The {places} of the catalogue's texts, filled with the values of a run. */
#ifndef DIAGNOSIS_FILL_H
#define DIAGNOSIS_FILL_H

#include "base/arena.h"
#include "diagnosis/catalogue.h"

/* Values by place name. {0} holds none: then every place reads as places.json says. */
struct values {
    struct {
        const char *name, *value;
    } items[24];
    size_t count;
};

/* NAME is one of the catalogue's places. The last value set for a name counts. NULL and "" say that
 * there is none. Both strings are borrowed. */
void values_set(struct values *values, const char *name, const char *value);

/* Is NAME one of the catalogue's places? */
bool fill_has_place(struct bytes name);

/* TEXT for people. Values are escaped (escape_words), since some were given by a server. */
const char *fill_prose(struct arena *arena, const char *text, const struct values *values);

/* TEXT to be pasted into PowerShell or a shell: a value with anything but letters, digits and
 * "._@+-" stands in single quotes, and one that cannot be shown as it is gives way to the generic
 * word. */
const char *fill_command(struct arena *arena, const char *text, const struct values *values);

/* Has every place of STEP that is needed (catalogue.h) a value? */
bool fill_is_whole(const char *step, const struct values *values);

/* One of CLASS's fix steps: as a command where it is one of the class's commands, else as prose. */
const char *fill_step(struct arena *arena, const struct class_entry *class, const char *step,
                      const struct values *values);

#endif
