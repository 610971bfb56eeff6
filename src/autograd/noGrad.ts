import { engine } from "../runtime/engine.ts";
import { OptionError } from "../runtime/errors.ts";
import { mapTensors } from "../tensor/structure.ts";
import { withGradients } from "./graph.ts";

/**
 * Runs `work` without recording gradients, and forgets everything it computed except what it returns: tensors, or
 * arrays and plain objects of tensors, which are kept as copies that live as long as they are held.
 *
 * `noGrad(() => model.forward(x))` is how to run a network in a loop: memory stays where it is.
 *
 * ```ts
 * const layer = new Linear({ inputSize: 2, outputSize: 3 });
 * const y = noGrad(() => layer.forward(ones([1, 2])));
 * y.requiresGrad; // false
 * ```
 *
 * @throws {OptionError} when `work` is asynchronous: its step would end before it does.
 */
export function noGrad<Result>(work: () => Result): Result {
  return inScope(() =>
    withGradients(false, () => {
      const result = work();
      if (result instanceof Promise) {
        throw new OptionError(
          "noGrad: expected a function that returns when it is done, got one that returns a promise",
        );
      }
      return keep(result);
    }),
  );
}

/** Runs `work` in a step of its own: what it computes dies when it returns. */
export function inScope<Result>(work: () => Result): Result {
  const { arena } = engine();
  arena.open();
  try {
    return work();
  } finally {
    arena.close();
  }
}

/** Copies every tensor of a result out of the step. */
function keep<Result>(result: Result): Result {
  return mapTensors(result, (tensor) => (tensor.source || !tensor.requiresGrad ? tensor.detach() : tensor));
}
