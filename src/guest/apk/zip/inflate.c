#include "inflate.h"
#include <string.h>

#define MAX_BITS 15
#define MAX_LITERALS 288
#define MAX_DISTANCES 30

struct stream {
  const uint8_t *in;
  size_t in_size, in_at;
  uint8_t *out;
  size_t out_size, out_at;
  uint32_t bits;
  int bit_count;
  bool broken;
};

/* Canonical Huffman code: how many codes there are of each length, and the symbols in order of their codes. */
struct code {
  uint16_t count[MAX_BITS + 1];
  uint16_t symbol[MAX_LITERALS];
};

static bool stored_block(struct stream *stream);
static bool fixed_block(struct stream *stream);
static bool dynamic_block(struct stream *stream);
static bool coded_data(struct stream *stream, const struct code *literals, const struct code *distances);
static bool build(struct code *code, const uint8_t *lengths, int count);
static int decode(struct stream *stream, const struct code *code);
static uint32_t take_bits(struct stream *stream, int count);

bool inflate_whole(const uint8_t *input, size_t input_size, uint8_t *output, size_t output_size) {
  struct stream stream = {.in = input, .in_size = input_size, .out = output, .out_size = output_size};
  bool last = false;
  while (!last) {
    last = take_bits(&stream, 1);
    uint32_t type = take_bits(&stream, 2);
    bool sound = type == 0 ? stored_block(&stream) : type == 1 ? fixed_block(&stream) : type == 2 && dynamic_block(&stream);
    if (!sound || stream.broken) return false;
  }
  return stream.out_at == output_size;
}

uint32_t crc32_of(const uint8_t *data, size_t size) {
  static uint32_t table[256];
  if (!table[1]) {
    for (uint32_t i = 0; i < 256; i++) {
      uint32_t value = i;
      for (int bit = 0; bit < 8; bit++) value = value & 1 ? value >> 1 ^ 0xedb88320u : value >> 1;
      table[i] = value;
    }
  }
  uint32_t crc = 0xffffffffu;
  for (size_t i = 0; i < size; i++) crc = table[(crc ^ data[i]) & 0xff] ^ crc >> 8;
  return crc ^ 0xffffffffu;
}

static bool stored_block(struct stream *stream) {
  stream->bits = 0;
  stream->bit_count = 0;
  if (stream->in_size - stream->in_at < 4) return false;
  const uint8_t *head = stream->in + stream->in_at;
  size_t size = head[0] | (size_t)head[1] << 8;
  if ((size ^ 0xffff) != (head[2] | (size_t)head[3] << 8)) return false;
  stream->in_at += 4;
  if (stream->in_size - stream->in_at < size || stream->out_size - stream->out_at < size) return false;
  memcpy(stream->out + stream->out_at, stream->in + stream->in_at, size);
  stream->in_at += size;
  stream->out_at += size;
  return true;
}

static bool fixed_block(struct stream *stream) {
  uint8_t lengths[MAX_LITERALS];
  for (int i = 0; i < MAX_LITERALS; i++) lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
  struct code literals, distances;
  build(&literals, lengths, MAX_LITERALS);
  memset(lengths, 5, MAX_DISTANCES);
  build(&distances, lengths, MAX_DISTANCES);
  return coded_data(stream, &literals, &distances);
}

static bool dynamic_block(struct stream *stream) {
  static const uint8_t order[19] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
  int literal_count = (int)take_bits(stream, 5) + 257;
  int distance_count = (int)take_bits(stream, 5) + 1;
  int length_count = (int)take_bits(stream, 4) + 4;
  if (literal_count > 286 || distance_count > MAX_DISTANCES) return false;
  uint8_t lengths[MAX_LITERALS + MAX_DISTANCES] = {0};
  for (int i = 0; i < length_count; i++) lengths[order[i]] = (uint8_t)take_bits(stream, 3);
  struct code code;
  if (!build(&code, lengths, 19)) return false;
  int at = 0;
  uint8_t read[MAX_LITERALS + MAX_DISTANCES];
  while (at < literal_count + distance_count) {
    int symbol = decode(stream, &code);
    if (symbol < 0) return false;
    if (symbol < 16) {
      read[at++] = (uint8_t)symbol;
      continue;
    }
    if (symbol == 16 && at == 0) return false;
    uint8_t value = symbol == 16 ? read[at - 1] : 0;
    int repeat = symbol == 16 ? 3 + (int)take_bits(stream, 2)
                 : symbol == 17 ? 3 + (int)take_bits(stream, 3)
                                : 11 + (int)take_bits(stream, 7);
    if (at + repeat > literal_count + distance_count) return false;
    memset(read + at, value, (size_t)repeat);
    at += repeat;
  }
  struct code literals, distances;
  if (read[256] == 0 || !build(&literals, read, literal_count)) return false;
  if (!build(&distances, read + literal_count, distance_count)) return false;
  return coded_data(stream, &literals, &distances);
}

static bool coded_data(struct stream *stream, const struct code *literals, const struct code *distances) {
  static const uint16_t length_base[29] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                           31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
  static const uint8_t length_bits[29] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
  static const uint16_t distance_base[30] = {1,   2,   3,   4,   5,   7,    9,    13,   17,   25,   33,   49,   65,    97,    129,
                                             193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
  for (;;) {
    int symbol = decode(stream, literals);
    if (symbol < 0 || stream->broken) return false;
    if (symbol == 256) return true;
    if (symbol < 256) {
      if (stream->out_at == stream->out_size) return false;
      stream->out[stream->out_at++] = (uint8_t)symbol;
      continue;
    }
    if (symbol > 285) return false;
    size_t length = length_base[symbol - 257] + take_bits(stream, length_bits[symbol - 257]);
    int distance_symbol = decode(stream, distances);
    if (distance_symbol < 0 || distance_symbol > 29) return false;
    int extra = distance_symbol < 4 ? 0 : distance_symbol / 2 - 1;
    size_t distance = distance_base[distance_symbol] + take_bits(stream, extra);
    if (stream->broken || distance > stream->out_at || length > stream->out_size - stream->out_at) return false;
    /* Byte by byte: source and target may overlap, which is how runs are written. */
    for (; length > 0; length--, stream->out_at++) stream->out[stream->out_at] = stream->out[stream->out_at - distance];
  }
}

/* False when the lengths claim more codes than there can be, or leave some out (one single code may). */
static bool build(struct code *code, const uint8_t *lengths, int count) {
  uint16_t offsets[MAX_BITS + 1];
  memset(code->count, 0, sizeof code->count);
  for (int i = 0; i < count; i++) code->count[lengths[i]]++;
  int left = 1;
  for (int length = 1; length <= MAX_BITS; length++) {
    left = left * 2 - code->count[length];
    if (left < 0) return false;
  }
  offsets[1] = 0;
  for (int length = 1; length < MAX_BITS; length++) offsets[length + 1] = (uint16_t)(offsets[length] + code->count[length]);
  for (int i = 0; i < count; i++) {
    if (lengths[i]) code->symbol[offsets[lengths[i]]++] = (uint16_t)i;
  }
  return left == 0 || count - code->count[0] <= 1;
}

static int decode(struct stream *stream, const struct code *code) {
  int value = 0, first = 0, index = 0;
  for (int length = 1; length <= MAX_BITS; length++) {
    value |= (int)take_bits(stream, 1);
    if (stream->broken) return -1;
    int count = code->count[length];
    if (value - count < first) return code->symbol[index + (value - first)];
    index += count;
    first = (first + count) * 2;
    value *= 2;
  }
  return -1;
}

static uint32_t take_bits(struct stream *stream, int count) {
  while (stream->bit_count < count) {
    if (stream->in_at == stream->in_size) {
      stream->broken = true;
      return 0;
    }
    stream->bits |= (uint32_t)stream->in[stream->in_at++] << stream->bit_count;
    stream->bit_count += 8;
  }
  uint32_t value = stream->bits & ((1u << count) - 1);
  stream->bits >>= count;
  stream->bit_count -= count;
  return value;
}
