/** The address of the lab that devices come from; its kinds are in lab-devices.ts, which loads all of them. */

/** As `AVF_DEVICES` says, else the option; undefined: no lab. */
export function labAddress(option?: string): string | undefined {
  const said = process.env["AVF_DEVICES"] ?? option ?? "";
  return said.trim() === "" ? undefined : said.trim();
}
