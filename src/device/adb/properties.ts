/** Output of `getprop`, which prints `[name]: [value]` a property (AOSP toolbox/getprop.cpp). */
export function parseProperties(text: string): ReadonlyMap<string, string> {
  const properties = new Map<string, string>();
  let name: string | undefined;
  let value: string[] = [];
  const finish = (): void => {
    const whole = value.join("\n");
    if (name !== undefined && whole.endsWith("]")) properties.set(name, whole.slice(0, -1));
  };
  // A value may hold line breaks: it continues until a line begins another property.
  for (const line of text.replace(/\r?\n$/, "").split(/\r?\n/)) {
    const start = /^\[([^\]]+)\]: \[(.*)$/.exec(line);
    if (start) {
      finish();
      name = start[1];
      value = [start[2] ?? ""];
    } else value.push(line);
  }
  finish();
  return properties;
}
