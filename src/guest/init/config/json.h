/* A reader of JSON (RFC 8259) for small, untrusted texts: strict, bounded in depth, size and number of values. */
#ifndef GUEST_JSON_H
#define GUEST_JSON_H
#include <stdbool.h>
#include <stddef.h>

enum json_type { JSON_NULL, JSON_BOOLEAN, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
  enum json_type type;
  bool boolean;
  double number;
  /* String: its UTF-8 bytes, without any NUL in between. */
  const char *text;
  /* In an object: the name of this member. */
  const char *key;
  /* Array and object: first element; each element leads to the next. */
  struct json *first;
  struct json *next;
};

/* Parses the whole text. Returns NULL and says why in `error` when it is no JSON. Nothing is freed: this runs once. */
const struct json *json_parse(const char *text, size_t size, const char **error);
/* Member of an object; NULL when absent. */
const struct json *json_member(const struct json *object, const char *key);
#endif
