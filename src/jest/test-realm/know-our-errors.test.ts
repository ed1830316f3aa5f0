import { runInNewContext } from "node:vm";
import { expect, test } from "@jest/globals";
import { UsageError } from "../../base/errors.js";
import { knowOurErrors } from "./know-our-errors.js";

test("errors of the library are Errors of another realm, and none of the classes made there", async () => {
  const realm = runInNewContext("class Own extends Error {}; ({ Error, TypeError, Own, own: new Own() })") as {
    readonly Error: ErrorConstructor;
    readonly TypeError: ErrorConstructor;
    readonly Own: ErrorConstructor;
    readonly own: unknown;
  };
  const error = new UsageError("CODE", "words");
  expect(error instanceof realm.Error).toBe(false);
  knowOurErrors(realm.Error);
  expect(error instanceof realm.Error).toBe(true);
  await expect(Promise.reject(error)).rejects.toThrow(realm.Error);
  expect(error instanceof realm.Own).toBe(false);
  expect(error instanceof realm.TypeError).toBe(false);
  expect(realm.own instanceof realm.Error).toBe(true);
  expect({} instanceof realm.Error).toBe(false);
  expect((undefined as unknown as object) instanceof realm.Error).toBe(false);
});
