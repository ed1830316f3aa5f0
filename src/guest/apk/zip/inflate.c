#include "inflate.h"
/* Input stays const. */
#define ZLIB_CONST
#include <zlib.h>

/* Without the header and check value of zlib's own format. */
#define RAW_DEFLATE (-MAX_WBITS)

bool inflate_whole(const uint8_t *input, size_t input_size, uint8_t *output, size_t output_size) {
  z_stream stream = {.next_in = input, .avail_in = (uInt)input_size, .next_out = output, .avail_out = (uInt)output_size};
  if (inflateInit2(&stream, RAW_DEFLATE) != Z_OK) return false;
  bool whole = inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_out == 0;
  inflateEnd(&stream);
  return whole;
}

uint32_t crc32_of(const uint8_t *data, size_t size) { return (uint32_t)crc32_z(0, data, size); }
