/** Firmware that prints one line on the first serial port, and resets. */
export function printingFirmware(line: string): Buffer {
  // Real mode: sends the text at 0x40, then resets through the keyboard controller.
  const firmware = Buffer.alloc(64 << 10, 0xff);
  firmware.write("baf803be40002eac84c07403eeebf7b0fee664f4ebfd", "hex");
  firmware.write(`${line}\r\n\0`, 0x40, "latin1");
  // The processor begins 16 bytes before the end: a jump to the beginning.
  firmware.write("e90d00", 0xfff0, "hex");
  return firmware;
}
