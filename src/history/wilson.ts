/**
 * Wilson's interval for a rate, from how often something happened in so many runs (E. B. Wilson, 1927; NIST's handbook,
 * section 7.2.4.1). Unlike the plain one it is of use for few runs, and for rates near 0 and 1.
 */
export interface Rate {
  readonly rate: number;
  readonly low: number;
  readonly high: number;
}

/** Of a standard normal distribution: 95 % lie between -z and z. */
const Z_95 = 1.959964;

export function wilson(happened: number, runs: number, z = Z_95): Rate {
  if (runs === 0) return { rate: 0, low: 0, high: 1 };
  const rate = happened / runs;
  const scale = 1 + (z * z) / runs;
  const centre = (rate + (z * z) / (2 * runs)) / scale;
  const half = (z / scale) * Math.sqrt((rate * (1 - rate)) / runs + (z * z) / (4 * runs * runs));
  return { rate, low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}
