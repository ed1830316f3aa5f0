/** Not a PersistableBundle; the message says what is wrong. */
export class BundleFormatError extends Error {}
