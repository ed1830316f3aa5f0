/** Ports of 127.0.0.1 that nobody listens on. */
import { createServer } from "node:net";

/** One that the system picks. Somebody may take it before its user does, who then has to ask for another. */
export async function pickPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
