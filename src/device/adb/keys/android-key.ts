/** A public key as Android's adbd has it in `adb_keys`: libcrypto_utils' struct of an RSA key of 2048 bits, in base64. */
import { createPublicKey } from "node:crypto";

const MODULUS_BYTES = 256;
const WORD = 1n << 32n;

/** Of a private key, or a public one, in PEM. Undefined for what is no such key. */
export function androidPublicKey(pem: string): string | undefined {
  let modulus: bigint;
  let exponent: bigint;
  try {
    const { n, e } = createPublicKey(pem).export({ format: "jwk" });
    if (n === undefined || e === undefined) return undefined;
    [modulus, exponent] = [toBigInt(n), toBigInt(e)];
  } catch {
    return undefined;
  }
  if (modulus >> BigInt(8 * MODULUS_BYTES - 1) !== 1n) return undefined;
  const words = (value: bigint, bytes: number): Buffer =>
    Buffer.from(value.toString(16).padStart(2 * bytes, "0"), "hex").reverse();
  const montgomery = (1n << BigInt(2 * 8 * MODULUS_BYTES)) % modulus;
  return Buffer.concat([
    words(BigInt(MODULUS_BYTES / 4), 4),
    words(WORD - inverseOfWord(modulus % WORD), 4),
    words(modulus, MODULUS_BYTES),
    words(montgomery, MODULUS_BYTES),
    words(exponent, 4),
  ]).toString("base64");
}

function toBigInt(base64url: string): bigint {
  return BigInt(`0x${Buffer.from(base64url, "base64url").toString("hex")}`);
}

/** Modulo 2^32, of an odd number: each step of Newton's doubles the bits that are right. */
function inverseOfWord(value: bigint): bigint {
  let inverse = value;
  for (let bits = 3; bits < 32; bits *= 2) inverse = (inverse * (2n - value * inverse)) % WORD;
  return (inverse + WORD) % WORD;
}
