/*
 * Frames between avfdc and avfd: one type byte, a little-endian u32 length, then that many bytes.
 * src/avfd/wire.ts is the other side; change both together.
 */
#ifndef AVFD_WIRE_H
#define AVFD_WIRE_H

/* From avfdc. */
#define FRAME_HEADER 'H' /* NUL-separated: "2", cwd, argv... */
#define FRAME_INPUT 'I'  /* bytes of stdin; none at its end */
#define FRAME_OPENED 'F' /* i32: descriptor, or -errno */

/* From avfd. */
#define FRAME_STDOUT 'O'
#define FRAME_STDERR 'E'
#define FRAME_WANT 'W'       /* u32: read at most so many bytes of stdin, once */
#define FRAME_OPEN 'P'       /* i32 flags, u32 mode, path: open this with the caller's rights */
#define FRAME_CLOSE 'C'      /* i32 descriptor */
#define FRAME_LAST_WORDS 'L' /* i32 exit code, i32 descriptor (1 or 2), text for it: used when avfd is gone without an exit frame */
#define FRAME_EXIT 'X'       /* i32 exit code */

#define FRAME_HEAD_BYTES 5
#define FRAME_MAX_BYTES (1u << 20)

#endif
