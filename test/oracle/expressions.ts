/** Random expressions, and bounds on how far float32 may be from float64. */
import fc from "fast-check";

/** Functions that are smooth and defined everywhere. */
const smooth = ["sin", "cos", "tanh", "atan", "asinh", "erf", "sigmoid", "softplus"];
const cornered = ["abs", "relu"];

/** The texts of expressions in x and the parameter `a`, so deep at most, that have a value everywhere. */
export function expressions({ corners = true, depth = 3 } = {}): fc.Arbitrary<string> {
  const functions = corners ? [...smooth, ...cornered] : smooth;
  return fc.letrec<{ tree: string }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: depth, depthSize: "small" },
      fc.oneof(
        { weight: 4, arbitrary: fc.constant("x") },
        { weight: 1, arbitrary: fc.constant("a") },
        { weight: 1, arbitrary: fc.integer({ min: -3, max: 3 }).map((n) => `(${n / 2})`) },
      ),
      fc.tuple(fc.constantFrom(...functions), tie("tree")).map(([name, inner]) => `${name}(${inner})`),
      fc
        .tuple(fc.constantFrom("+", "-", "*"), tie("tree"), tie("tree"))
        .map(([sign, left, right]) => `(${left} ${sign} ${right})`),
      fc.tuple(tie("tree"), tie("tree")).map(([left, right]) => `(${left} / (1 + ${right} ^ 2))`),
      ...(corners
        ? [
            fc
              .tuple(fc.constantFrom("min", "max"), tie("tree"), tie("tree"))
              .map(([name, left, right]) => `${name}(${left}, ${right})`),
            fc
              .tuple(fc.constantFrom("<", "<=", ">", ">="), tie("tree"), tie("tree"))
              .map(([sign, left, right]) => `where(x ${sign} 0.5, ${left}, ${right})`),
          ]
        : []),
    ),
  })).tree;
}
