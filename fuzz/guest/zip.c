/* An archive's directory, and the content of every entry. */
#include "../../src/guest/apk/zip/zip.h"
#include "support.h"
#include <stdlib.h>

#define MAX_UNPACKED (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct zip zip;
  if (!zip_open(&zip, file_of(data, size), size)) {
    bool sound = true;
    for (uint32_t at = 1; at < zip.count; at++) {
      const struct zip_node *node = &zip.nodes[at];
      if (node->folder) continue;
      if (node->method == 0) {
        zip_data_offset(&zip, node);
      } else if (node->size <= MAX_UNPACKED) {
        void *content = zip_unpack(&zip, node);
        sound = sound && content;
        free(content);
      }
    }
    if (sound) accepted();
    zip_child(&zip, 0, "AndroidManifest.xml", 19);
  }
  zip_close(&zip);
  return 0;
}
