/** Finds `./helper.ts` where TypeScript has people write `./helper.js`, the name it will have once it is compiled. */
interface ResolverOptions {
  readonly defaultResolver: (path: string, options: ResolverOptions) => string;
}

const WRITTEN = /^(\.{0,2}\/.*)\.([cm]?)js$/;

/** What lies there under the very name wins; what is found under neither is reported under the name as written. */
function resolve(path: string, options: ResolverOptions): string {
  try {
    return options.defaultResolver(path, options);
  } catch (error) {
    const [, stem, kind] = WRITTEN.exec(path) ?? [];
    for (const ending of stem === undefined ? [] : [`${kind}ts`, `${kind}tsx`]) {
      try {
        return options.defaultResolver(`${stem}.${ending}`, options);
      } catch {
        // The first error says it.
      }
    }
    throw error;
  }
}

// What Jest requires of a resolver.
export = resolve;
