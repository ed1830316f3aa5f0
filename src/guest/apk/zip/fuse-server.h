/* The kernel's side of FUSE, answered from a ZIP archive. */
#ifndef GUEST_FUSE_SERVER_H
#define GUEST_FUSE_SERVER_H
#include "zip.h"

/* Answers requests until the file system is unmounted. */
void fuse_serve(int device, const struct zip *zip);
#endif
