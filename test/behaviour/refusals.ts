/** A table of things that must be refused: what is done, the error's class, and what its message must say. */

import { expect, test } from "vitest";
import { UnrolledError } from "../../src/index.ts";

type ErrorClass = new (message: string) => UnrolledError;
export type Refusal = readonly [what: string, action: () => unknown, error: ErrorClass, message: RegExp];

export function testRefusals(refusals: readonly Refusal[]): void {
  test.each(refusals)("%s", (_, action, error, message) => {
    let thrown: unknown = null;
    try {
      action();
    } catch (caught) {
      thrown = caught;
    }
    expect(thrown, "nothing was thrown").not.toBeNull();
    expect(thrown).toBeInstanceOf(error);
    expect(thrown).toBeInstanceOf(UnrolledError);
    expect((thrown as Error).message).toMatch(message);
    expect((thrown as Error).message, "one line").not.toMatch(/\n/);
    expect((thrown as Error).name).toBe(error.name);
  });
}
