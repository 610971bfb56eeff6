/** Examples that say what comes out: `expression; // value` on a line of its own. */
import { Tensor } from "unrolled";
import { expect } from "vitest";

function isExpression(text: string): boolean {
  try {
    new Function(`return (${text});`);
    return true;
  } catch {
    return false;
  }
}

/** `expression; // value` on a line of its own as a call of `expectValue`. */
export function withChecks(code: string): string {
  return code.replace(
    /^(?!(?:const|let|class|function|for|if|\/\/)\b)(\S.*); \/\/ (.+)$/gm,
    (all, expression, value) =>
      isExpression(value) ? `globalThis.expectValue(() => (${expression}), ${value});` : all,
  );
}

/** A tensor or an array as nested lists of numbers; anything else as it is. */
export function plain(value: unknown): unknown {
  if (value instanceof Tensor) return nested([...value.toArray()], value.shape);
  return ArrayBuffer.isView(value) ? [...(value as Float32Array)] : value;
}

function nested(numbers: number[], [length, ...rest]: readonly number[]): unknown {
  if (length === undefined) return numbers[0];
  const size = numbers.length / length;
  return Array.from({ length }, (_, i) => nested(numbers.slice(i * size, (i + 1) * size), rest));
}

/** Numbers are the same to a millionth; everything else is equal. */
export function expectSame(actual: unknown, wanted: unknown, code: string): void {
  if (typeof wanted === "number") {
    expect(actual, code).toBeTypeOf("number");
    expect(Math.abs((actual as number) - wanted), `${code} is ${actual}, not ${wanted}`).toBeLessThanOrEqual(
      1e-6 * Math.max(1, Math.abs(wanted)),
    );
  } else if (Array.isArray(wanted) && Array.isArray(actual)) {
    expect(actual.length, `${code}: how many`).toBe(wanted.length);
    wanted.forEach((value, i) => {
      expectSame(actual[i], value, code);
    });
  } else {
    expect(actual, code).toEqual(wanted);
  }
}
