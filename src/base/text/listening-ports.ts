/** Ports that something listens on, as Linux lists them. */

const LISTENING = "0A";

/** Of `/proc/net/tcp` and `tcp6`: `sl local_address rem_address st`, addresses and ports as hexadecimal numbers. */
export function listeningPorts(text: string): ReadonlySet<number> {
  const ports = text.split("\n").flatMap((line) => {
    const [, local = "", , state] = line.trim().split(/\s+/);
    const port = /:([0-9A-F]{4})$/.exec(local)?.[1];
    return state === LISTENING && port !== undefined ? [Number.parseInt(port, 16)] : [];
  });
  return new Set(ports);
}
