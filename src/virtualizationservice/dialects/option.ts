/** An option and its value, safe even for a value that looks like an option itself. */
export function option(name: string, value: string | number): readonly string[] {
  const text = String(value);
  return text.startsWith("-") ? [`${name}=${text}`] : [name, text];
}
