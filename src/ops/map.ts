/** Kernels over numbers that do not look at each other: one call, or one for each thread's stretch of them. */
import { engine } from "../runtime/engine.ts";
import { ranges } from "../runtime/threads/ranges.ts";

/** Multiply-adds that take as long as an activation of one number. */
const WORK = 20;
/** Stretches are whole cache lines, and more vectors than any kernel takes at a time. */
const TILE = 64;

/**
 * Maps `count` numbers.
 * @param values the arguments of the kernel for `size` numbers that begin `at` bytes behind the first.
 * @param kernels the module that the kernel is of, unless it is the core.
 */
export function mapNumbers(
  kernel: "activationForward" | "activationBackward" | "sine" | "sineBackward",
  count: number,
  values: (at: number, size: number) => readonly number[],
  kernels: Partial<Record<typeof kernel, unknown>> = engine().kernels,
): void {
  const { threads } = engine();
  const parts = threads?.partsFor(count * WORK, Math.ceil(count / TILE)) ?? 1;
  if (threads && parts > 1) {
    threads.run(
      kernel,
      ranges(count, parts, TILE).map(({ first, size }) => values(first * 4, size)),
    );
  } else {
    (kernels[kernel] as (...values: number[]) => void)(...values(0, count));
  }
}
