/** Ports that something listens on, as Linux lists them. */

const LISTENING = "0A";

/** Of `/proc/net/tcp` and `tcp6`: `sl local_address rem_address st`, addresses and ports as hexadecimal numbers. */
export function listeningPorts(text: string): ReadonlySet<number> {
  return new Set(listeners(text).map(({ port }) => port));
}

/** Who listens on a port: uids, of the same files. */
export function listeningUsers(text: string, port: number): readonly number[] {
  return listeners(text)
    .filter((each) => each.port === port && Number.isInteger(each.uid))
    .map(({ uid }) => uid);
}

interface Listener {
  readonly port: number;
  readonly uid: number;
}

/** After the state: `tx_queue:rx_queue tr:tm->when retrnsmt uid`. */
function listeners(text: string): readonly Listener[] {
  return text.split("\n").flatMap((line) => {
    const [, local = "", , state, , , , uid] = line.trim().split(/\s+/);
    const port = /:([0-9A-F]{4})$/.exec(local)?.[1];
    return state === LISTENING && port !== undefined ? [{ port: Number.parseInt(port, 16), uid: Number(uid) }] : [];
  });
}
