#include "json.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 32
#define MAX_VALUES 10000

struct reader {
  const char *at;
  const char *end;
  const char *error;
  int values;
};

static struct json *read_value(struct reader *reader, int depth);
static bool read_members(struct reader *reader, struct json *container, char close, int depth);
static const char *read_string(struct reader *reader);
static bool read_escape(struct reader *reader, char **to);
static bool read_hex(struct reader *reader, unsigned *code);
static char *write_utf8(char *to, unsigned code);
static bool valid_utf8(const char *text);
static bool read_number(struct reader *reader, double *number);
static bool read_word(struct reader *reader, const char *word);
static void skip_space(struct reader *reader);

const struct json *json_parse(const char *text, size_t size, const char **error) {
  struct reader reader = {.at = text, .end = text + size, .error = "not JSON"};
  struct json *value = read_value(&reader, 0);
  skip_space(&reader);
  if (value && reader.at != reader.end) {
    reader.error = "text after the end";
    value = NULL;
  }
  *error = value ? NULL : reader.error;
  return value;
}

const struct json *json_member(const struct json *object, const char *key) {
  if (!object || object->type != JSON_OBJECT) return NULL;
  for (const struct json *member = object->first; member; member = member->next) {
    if (strcmp(member->key, key) == 0) return member;
  }
  return NULL;
}

static struct json *read_value(struct reader *reader, int depth) {
  if (depth > MAX_DEPTH || ++reader->values > MAX_VALUES) {
    reader->error = "too deep or too long";
    return NULL;
  }
  skip_space(reader);
  struct json *value = calloc(1, sizeof *value);
  if (!value || reader->at == reader->end) return NULL;
  switch (*reader->at) {
  case '{':
    value->type = JSON_OBJECT;
    return read_members(reader, value, '}', depth) ? value : NULL;
  case '[':
    value->type = JSON_ARRAY;
    return read_members(reader, value, ']', depth) ? value : NULL;
  case '"':
    value->type = JSON_STRING;
    return (value->text = read_string(reader)) ? value : NULL;
  case 't':
  case 'f':
    value->type = JSON_BOOLEAN;
    value->boolean = *reader->at == 't';
    return read_word(reader, value->boolean ? "true" : "false") ? value : NULL;
  case 'n':
    return read_word(reader, "null") ? value : NULL;
  default:
    value->type = JSON_NUMBER;
    return read_number(reader, &value->number) ? value : NULL;
  }
}

/* What stands between the brackets of an object or an array. */
static bool read_members(struct reader *reader, struct json *container, char close, int depth) {
  struct json **tail = &container->first;
  reader->at++;
  skip_space(reader);
  if (reader->at < reader->end && *reader->at == close) return reader->at++, true;
  for (;;) {
    const char *key = NULL;
    skip_space(reader);
    if (close == '}') {
      if (reader->at == reader->end || *reader->at != '"' || !(key = read_string(reader))) return false;
      if (json_member(container, key)) return reader->error = "the same name twice in an object", false;
      skip_space(reader);
      if (reader->at == reader->end || *reader->at++ != ':') return false;
    }
    struct json *member = read_value(reader, depth + 1);
    if (!member) return false;
    member->key = key;
    *tail = member;
    tail = &member->next;
    skip_space(reader);
    if (reader->at == reader->end) return false;
    char separator = *reader->at++;
    if (separator == close) return true;
    if (separator != ',') return false;
  }
}

static const char *read_string(struct reader *reader) {
  const char *end = reader->at + 1;
  while (end < reader->end && *end != '"') end += *end == '\\' ? 2 : 1;
  if (end >= reader->end) return NULL;
  /* No escape is shorter than what it stands for. */
  char *text = malloc((size_t)(end - reader->at));
  char *to = text;
  reader->at++;
  while (text && reader->at < end) {
    if ((unsigned char)*reader->at < 0x20) return NULL;
    if (*reader->at != '\\') {
      *to++ = *reader->at++;
    } else if (!read_escape(reader, &to)) {
      return NULL;
    }
  }
  if (!text || reader->at != end) return NULL;
  reader->at++;
  *to = 0;
  if (!valid_utf8(text)) return reader->error = "a string that is not UTF-8", NULL;
  return text;
}

static bool read_escape(struct reader *reader, char **to) {
  static const char names[] = "\"\\/bfnrt";
  static const char meanings[] = "\"\\/\b\f\n\r\t";
  reader->at++;
  if (reader->at >= reader->end) return false;
  char name = *reader->at++;
  const char *found = name ? strchr(names, name) : NULL;
  if (found) {
    *(*to)++ = meanings[found - names];
    return true;
  }
  unsigned code;
  if (name != 'u' || !read_hex(reader, &code)) return false;
  if (code >= 0xd800 && code < 0xdc00) {
    unsigned low;
    if (reader->end - reader->at < 2 || reader->at[0] != '\\' || reader->at[1] != 'u') return false;
    reader->at += 2;
    if (!read_hex(reader, &low) || low < 0xdc00 || low > 0xdfff) return false;
    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
  } else if (code >= 0xdc00 && code < 0xe000) {
    return false;
  }
  /* A NUL would cut a name short, so that one thing is checked and another used. */
  if (code == 0) return reader->error = "a NUL in a string", false;
  *to = write_utf8(*to, code);
  return true;
}

static bool read_hex(struct reader *reader, unsigned *code) {
  if (reader->end - reader->at < 4) return false;
  *code = 0;
  for (int i = 0; i < 4; i++) {
    char digit = *reader->at++;
    unsigned value = digit >= '0' && digit <= '9'   ? (unsigned)(digit - '0')
                     : digit >= 'a' && digit <= 'f' ? (unsigned)(digit - 'a' + 10)
                     : digit >= 'A' && digit <= 'F' ? (unsigned)(digit - 'A' + 10)
                                                    : 16;
    if (value > 15) return false;
    *code = *code << 4 | value;
  }
  return true;
}

static char *write_utf8(char *to, unsigned code) {
  if (code < 0x80) {
    *to++ = (char)code;
  } else if (code < 0x800) {
    *to++ = (char)(0xc0 | code >> 6);
    *to++ = (char)(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    *to++ = (char)(0xe0 | code >> 12);
    *to++ = (char)(0x80 | (code >> 6 & 0x3f));
    *to++ = (char)(0x80 | (code & 0x3f));
  } else {
    *to++ = (char)(0xf0 | code >> 18);
    *to++ = (char)(0x80 | (code >> 12 & 0x3f));
    *to++ = (char)(0x80 | (code >> 6 & 0x3f));
    *to++ = (char)(0x80 | (code & 0x3f));
  }
  return to;
}

static bool valid_utf8(const char *text) {
  for (const unsigned char *at = (const unsigned char *)text; *at;) {
    int more = *at < 0x80 ? 0 : *at >= 0xc2 && *at < 0xe0 ? 1 : *at >= 0xe0 && *at < 0xf0 ? 2 : *at >= 0xf0 && *at < 0xf5 ? 3 : -1;
    if (more < 0) return false;
    for (at++; more > 0; more--, at++) {
      if ((*at & 0xc0) != 0x80) return false;
    }
  }
  return true;
}

static bool read_number(struct reader *reader, double *number) {
  const char *start = reader->at;
  const char *at = start;
  const char *end = reader->end;
  if (at < end && *at == '-') at++;
  if (at == end || *at < '0' || *at > '9') return false;
  if (*at == '0') at++;
  else while (at < end && *at >= '0' && *at <= '9') at++;
  if (at < end && *at == '.') {
    const char *fraction = ++at;
    while (at < end && *at >= '0' && *at <= '9') at++;
    if (at == fraction) return false;
  }
  if (at < end && (*at == 'e' || *at == 'E')) {
    if (++at < end && (*at == '+' || *at == '-')) at++;
    const char *exponent = at;
    while (at < end && *at >= '0' && *at <= '9') at++;
    if (at == exponent) return false;
  }
  char text[64];
  size_t size = (size_t)(at - start);
  if (size >= sizeof text) return reader->error = "a number too long", false;
  memcpy(text, start, size);
  text[size] = 0;
  *number = strtod(text, NULL);
  reader->at = at;
  return true;
}

static bool read_word(struct reader *reader, const char *word) {
  size_t size = strlen(word);
  if ((size_t)(reader->end - reader->at) < size || memcmp(reader->at, word, size) != 0) return false;
  reader->at += size;
  return true;
}

static void skip_space(struct reader *reader) {
  while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\t' || *reader->at == '\n' || *reader->at == '\r'))
    reader->at++;
}
