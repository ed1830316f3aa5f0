/**
 * Where the port answers differently from Android's classes, and means to: each with the sentence that docs/parity.md says
 * and the rule by which the comparison knows it.
 */
import { isUtf8 } from "node:buffer";
import { traitsOf } from "../../base/android-release.js";
import { MANAGER_DIFFERENCES } from "./differences-manager.js";
import type { Difference } from "./difference.js";
import type { Parting } from "../testing/oracle/parting.js";

/** Of config.xml; undefined for cases of another kind. */
function textOf({ given }: Parting): string | undefined {
  return given.kind === "xml" ? Buffer.from(given.bytes, "base64").toString("latin1") : undefined;
}

const isRefusedByUs = ({ theirs, ours, path }: Parting): boolean =>
  /^read\.(ok|error|message)$/.test(path) && ours !== theirs;

function onText(pattern: RegExp): Difference["explains"] {
  return (parting) => {
    const text = textOf(parting);
    return text !== undefined && pattern.test(text) && isRefusedByUs(parting) && !isOk(parting.answers.ours);
  };
}

/** Our own words, for a number that JavaScript has not. */
function saysOutOfRange({ ours, answers }: Parting): boolean {
  return ours === "IllegalArgumentException" && / is out of range: \d/.test(JSON.stringify(answers.ours));
}

/** XML 1.0 has no such character. */
const NO_CHARACTER = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

/** A name begins with a letter, `_` or `:`; Android's parser takes any target of a processing instruction. */
const NO_TARGET = /<\?[^\p{L}_:]/u;

function isNoText({ given }: Parting): boolean {
  if (given.kind !== "xml") return false;
  const bytes = Buffer.from(given.bytes, "base64");
  const text = bytes.toString();
  return !isUtf8(bytes) || NO_CHARACTER.test(text) || NO_TARGET.test(text);
}

function isOk(answer: Parting["answers"]["ours"]): boolean {
  const read = answer["read"];
  return typeof read === "object" && read !== null && "ok" in read;
}

const JAVAS = ["RuntimeException", "NegativeArraySizeException", "ArrayIndexOutOfBoundsException", "OutOfMemoryError"];

export const DIFFERENCES: readonly Difference[] = [
  {
    id: "old-versions",
    says: "a config.xml of an older version than the release's own is read as its own release meant it; Android's class refuses it or reads it as one of its own version",
    explains: (parting) => {
      // Of several the last counts.
      const version = [...(textOf(parting) ?? "").matchAll(/name=["']version["']\s+value=["']\+?0*([1-8])["']/g)].at(
        -1,
      )?.[1];
      return version !== undefined && Number(version) < traitsOf(parting.release).library.configXmlVersion;
    },
  },
  {
    id: "not-xml",
    says: "a config.xml with literal control characters, a byte that is not UTF-8, or a processing instruction without a name, is refused: it is not XML",
    explains: (parting) => isNoText(parting) && isRefusedByUs(parting) && !isOk(parting.answers.ours),
  },
  {
    id: "tabs",
    says: "a literal tab in an attribute value is a space, as XML requires: Android's parser converts only newlines",
    explains: ({ given, theirs, ours }) =>
      given.kind === "xml" && typeof theirs === "string" && theirs !== ours && theirs.replaceAll("\t", " ") === ours,
  },
  {
    id: "document-type",
    says: "a config.xml with a document type is refused: it brings entities that expand",
    explains: onText(/<!DOCTYPE/),
  },
  {
    id: "nesting",
    says: "a config.xml whose bundles are nested deeper than 8, or that is larger than 256 KiB, is refused",
    explains: onText(/(?:<pbundle_as_map\b[^]*?){8}/),
  },
  {
    id: "large-numbers",
    says: "a size of 2^53 bytes or more is refused: JavaScript has no such number",
    explains: (parting) =>
      onText(/<long [^>]*value="\+?\d{16,}"/)(parting) ||
      // Where Android refuses it too, but for something that it comes to later.
      (parting.path === "read.cause.error" && saysOutOfRange(parting)),
  },
  {
    id: "double-attributes",
    says: "a config.xml in which a tag has an attribute twice, or no space between two, is refused: it is not XML",
    explains: onText(/([\w:]+)=("[^"]*"|'[^']*')(?:[^<>]*\s\1=|[\w:])/),
  },
  {
    id: "exceptions-of-java",
    says: "if a damaged config.xml makes Java throw what its library does not expect (an array of -1 items, more items than it says, an unknown prefix), it is `Failed to read VM config from file` or `Persisted VM config is invalid`",
    explains: ({ path, theirs, ours }) =>
      path === "read.error" && JAVAS.includes(String(theirs)) && ours === "VirtualMachineException",
  },
  {
    id: "lists-with-gaps",
    says: "an item without a value in a list of a custom image is the empty string; Java throws a NullPointerException when it writes it",
    explains: ({ path, theirs, ...parting }) =>
      path === "read.error" &&
      theirs === "NullPointerException" &&
      /customImageConfig/.test(textOf({ path, theirs, ...parting }) ?? ""),
  },
  {
    id: "byte-arrays",
    says: "a config.xml with a byte array is refused; no release writes one",
    explains: onText(/<byte-array/),
  },
  ...MANAGER_DIFFERENCES,
];
