import { OptionError } from "../runtime/errors.ts";

/** Something whose averages can stand in the place of the parameters. */
export interface Swappable {
  readonly isSwapped: boolean;
  swap(): void;
}

/** Runs `work` with averages in the place of parameters; waits for a promise before it takes them back. */
export function applied<Result>(average: Swappable, work: () => Result): Result {
  if (average.isSwapped) {
    throw new OptionError("applied: expected the parameters in their place, got the averages; call swap() before");
  }
  average.swap();
  let result: Result;
  try {
    result = work();
  } catch (error) {
    average.swap();
    throw error;
  }
  if (result instanceof Promise) return result.finally(() => average.swap()) as Result;
  average.swap();
  return result;
}
