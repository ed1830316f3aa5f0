/** Random files of config.xml: as a release writes them, and corrupted in every way that a parser or the builder may see. */
import { traitsOf, type AndroidRelease } from "../src/base/android-release.js";
import { writeConfigXml } from "../src/virtualmachine/config/xml/config-xml.js";
import { capabilitiesOf, configOf } from "../src/virtualmachine/testing/oracle/answer.js";
import { customImageXml } from "./generate-custom-image.js";
import { capabilities, goodConfig } from "./generate-config.js";
import { BOOLEANS, insertedEntry, INTEGERS, LONGS, MORE_TEXTS, TEXTS } from "./generate-entry.js";
import type { OracleCase } from "../src/virtualmachine/testing/oracle/cases.js";
import type { Random } from "./random.js";

export function xmlCase(random: Random, release: AndroidRelease): OracleCase {
  const spoilers = random.chance(0.15) ? 0 : 1 + random.below(random.chance(0.2) ? 3 : 1);
  let xml = goodXml(random, release);
  for (let i = 0; i < spoilers; i++) xml = random.pick(SPOILERS)(xml, random, release);
  const bytes = random.chance(0.05) ? flipped(Buffer.from(xml), random) : Buffer.from(xml);
  return { kind: "xml", bytes: bytes.toString("base64"), capabilities: capabilities(random) };
}

function goodXml(random: Random, release: AndroidRelease): string {
  for (;;) {
    try {
      return writeConfigXml(configOf(goodConfig(random, release), capabilitiesOf(release)), { release });
    } catch {
      // This combination cannot be built; another one can.
    }
  }
}

type Spoiler = (xml: string, random: Random, release: AndroidRelease) => string;

function lines(xml: string): string[] {
  return xml.split("\n");
}

function atSomeLine(xml: string, random: Random, change: (all: string[], at: number) => void): string {
  const all = lines(xml);
  change(all, 1 + random.below(Math.max(1, all.length - 2)));
  return all.join("\n");
}

function swap(xml: string, random: Random, pattern: RegExp, by: (found: string) => string): string {
  const found = [...xml.matchAll(pattern)];
  if (found.length === 0) return xml;
  const { 0: text, index } = random.pick(found);
  return xml.slice(0, index) + by(text) + xml.slice(index + text.length);
}

const SPOILERS: readonly Spoiler[] = [
  (xml, random) => atSomeLine(xml, random, (all, at) => void all.splice(at, 0, insertedEntry(random))),
  (xml, random) => atSomeLine(xml, random, (all, at) => void all.splice(at, 0, insertedEntry(random))),
  (xml, random) => atSomeLine(xml, random, (all, at) => void all.splice(at, 1)),
  (xml, random) => atSomeLine(xml, random, (all, at) => void all.splice(at, 0, all[at]!)),
  (xml, random) =>
    lines(xml)
      .slice(0, 1)
      .concat(random.shuffled(lines(xml).slice(1, -2)), lines(xml).slice(-2))
      .join("\n"),
  (xml, random) => swap(xml, random, /(?<=<int [^>]*value=")[^"]*/g, () => random.pick(INTEGERS)),
  (xml, random) => swap(xml, random, /(?<=<long [^>]*value=")[^"]*/g, () => random.pick(LONGS)),
  (xml, random) => swap(xml, random, /(?<=<boolean [^>]*value=")[^"]*/g, () => random.pick(BOOLEANS)),
  (xml, random) => swap(xml, random, /(?<=<string [^>]*>)[^<]*/g, () => random.pick([...TEXTS, ...MORE_TEXTS])),
  (xml, random) =>
    swap(xml, random, /(?<==")[^"]*(?=")/g, (old) =>
      random.pick([`${old}\n`, "a\nb", "<", "a>b", "&", "&amp;", "&#10;", "\t", "a\r\nb", ""]),
    ),
  (xml, random) =>
    swap(xml, random, /<null name="[^"]*" \/>/g, (old) =>
      old.replace("null", random.pick(["string", "int", "pbundle_as_map", "boolean"])),
    ),
  (xml, random) =>
    swap(xml, random, /<\/?[a-z_-]+/g, (old) =>
      random.pick([old.toUpperCase(), `${old}x`, old.replace("<", "< "), old.replace(/[a-z]/, "n:$&")]),
    ),
  (xml, random) => swap(xml, random, /["'=>/<]/g, () => random.pick(["", "'", '"', "x", " ", "=="])),
  (xml, random) => swap(xml, random, /\n| /g, () => random.pick(["", "  ", "\r\n", "\t", "\u000c", "\u00a0", "x"])),
  (xml, random) =>
    swap(xml, random, /name="[^"]*"/g, (old) =>
      random.pick([`${old} ${old}`, "", 'name=""', 'name="x"', "name", `n:${old}`]),
    ),
  (xml, random) => xml.slice(0, random.below(xml.length)),
  (xml, random) =>
    xml + random.pick(["x", "<a/>", "<!-- c -->", "\n\n", "\u0000", "<bundle/>", "</bundle>", "<?pi?>", "&amp;"]),
  (xml, random) =>
    random.pick([
      "\ufeff",
      " ",
      "\n",
      "x",
      "<!-- c -->",
      "<?xml version='1.0'?>",
      "<?xml version='1.0' encoding='utf-8' standalone='yes' ?>\n",
      "<?xml version='1.0' encoding='ISO-8859-1'?>",
      "<?xml version='1.0' encoding='UTF-16'?>",
      "<!DOCTYPE bundle>",
      "<!DOCTYPE bundle [<!ENTITY a 'b'>]>",
      "<?pi?>",
    ]) + xml,
  (xml, random) => xml.replace(/<(\/?)bundle>/g, `<$1${random.pick(["map", "Bundle", "pbundle_as_map", "x"])}>`),
  (_xml, random) =>
    random.pick([
      "",
      " ",
      "<bundle/>",
      "<bundle></bundle>",
      "<bundle",
      "<bundle>",
      "<bundle>\n",
      "<bundle>a<!-- c -->",
      "<b>",
      "x",
      "\u0000",
      "<bundle />\n<x/>",
      "<bundle a='b'/>",
      "<null/>",
    ]),
  (xml, random) =>
    xml.replace(/value="\d+"(?=[^\n]*\n[^\n]*packageName)|(?<="version" value=")\d+/, () =>
      String(random.pick([0, 1, 2, 5, 6, 8, 9, 10, 11, -1])),
    ),
  (xml, random, release) => (traitsOf(release).library.customImage ? withCustomImage(xml, random, release) : xml),
  (xml, random) =>
    xml.replace(
      "</bundle>",
      `${"<pbundle_as_map name='d'>".repeat(12)}${"</pbundle_as_map>".repeat(random.pick([12, 12, 11]))}</bundle>`,
    ),
];

function withCustomImage(xml: string, random: Random, release: AndroidRelease): string {
  const inner = customImageXml(random, release, random.chance(0.3)).replace(
    /^<bundle( \/)?>/,
    '<pbundle_as_map name="customImageConfig"$1>',
  );
  return xml.replace(/<\/bundle>\n$/, `${inner.replace("</bundle>", "</pbundle_as_map>")}</bundle>\n`);
}

function flipped(bytes: Buffer, random: Random): Buffer {
  if (bytes.length > 0) bytes[random.below(bytes.length)] = random.below(256);
  return bytes;
}
