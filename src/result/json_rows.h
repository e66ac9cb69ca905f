/* The rows of the tables of shapes, and those shapes that more than one table names. Private to the
 * result's JSON. */
#ifndef RESULT_JSON_ROWS_H
#define RESULT_JSON_ROWS_H

#include "result/json_shape.h"

/* Rows, one kind each: a member of the struct that OF names. */
#define AT(member) offsetof(struct OF, member)
#define ROW(word, what, when) .name = word, .kind = what, .absence = when
#define PEER(word, member, when) ROW(word, SHAPE_PEER, when), .offset = AT(member)
#define OWN(word, member, when) ROW(word, SHAPE_WORDS, when), .offset = AT(member)
#define BYTES(word, member, when) ROW(word, SHAPE_BYTES, when), .offset = AT(member)
#define PEERS(word, member) ROW(word, SHAPE_PEER_LIST, SHAPE_ALWAYS), .offset = AT(member)
#define OWNS(word, member) ROW(word, SHAPE_WORD_LIST, SHAPE_ALWAYS), .offset = AT(member)
#define FLAG(word, member) ROW(word, SHAPE_BOOL, SHAPE_ALWAYS), .offset = AT(member)
/* Absent when false. */
#define FLAG_IF(word, member) ROW(word, SHAPE_BOOL, SHAPE_LEAVE_OUT), .offset = AT(member)
#define INT(word, member) ROW(word, SHAPE_INT, SHAPE_ALWAYS), .offset = AT(member)
/* A number that is left out when it is NONE. */
#define INT_IF(word, member, none)                                                                 \
    ROW(word, SHAPE_INT, SHAPE_LEAVE_OUT), .offset = AT(member), .nothing = none
#define MS(word, member) ROW(word, SHAPE_MS, SHAPE_ALWAYS), .offset = AT(member)
/* A duration of what may be under way still. */
#define MS_OPEN(word, member) ROW(word, SHAPE_MS, SHAPE_NULL), .offset = AT(member), .nothing = -1
#define INSTANT(word, member) ROW(word, SHAPE_INSTANT, SHAPE_ALWAYS), .offset = AT(member)
#define DATE(word, member) ROW(word, SHAPE_DATE, SHAPE_ALWAYS), .offset = AT(member)
/* Absent when 0. */
#define DATE_IF(word, member)                                                                      \
    ROW(word, SHAPE_DATE, SHAPE_LEAVE_OUT), .offset = AT(member), .nothing = 0
#define ENUM(word, member, words, when)                                                            \
    ROW(word, SHAPE_ENUM, when), .offset = AT(member), .vocabulary = words
#define NEEDS(word, member) ROW(word, SHAPE_NEEDS, SHAPE_ALWAYS), .offset = AT(member)
#define GROUP(word, member, inner, when)                                                           \
    ROW(word, SHAPE_GROUP, when), .offset = AT(member), .shape = &(inner)
#define OBJECT(word, member, inner)                                                                \
    ROW(word, SHAPE_OBJECT, SHAPE_LEAVE_OUT), .offset = AT(member), .shape = &(inner)
#define LIST(word, member, inner, when)                                                            \
    ROW(word, SHAPE_LIST, when), .offset = AT(member), .shape = &(inner)
/* Members of this same struct that stand in an object of their own. */
#define SET(word, inner) ROW(word, SHAPE_GROUP, SHAPE_ALWAYS), .shape = &(inner)
#define CONST(word, text) ROW(word, SHAPE_CONST, SHAPE_ALWAYS), .words = text
#define SEEN(word, member, flag)                                                                   \
    ROW(word, SHAPE_SEEN_LIST, SHAPE_NULL), .offset = AT(member), .seen = AT(flag)
#define SHAPE(rows)                                                                                \
    .size = sizeof(struct OF), .fields = rows, .count = sizeof(rows) / sizeof *(rows)

extern const struct shape json_failure_shape, json_lookup_shape, json_tcp_shape, json_address_shape,
    json_published_shape;

#endif
