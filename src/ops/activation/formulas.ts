/** Formulas of the catalogue that are longer than a line. */

/**
 * (x + r)/2 above 0 and b/2/(r − x) below, where the sum would cancel, with r = √(x² + b), which is |x| where the square would
 * be infinite.
 */
export const SQUAREPLUS = /* @__PURE__ */ squareplus();

function squareplus(): string {
  const root = "max(sqrt(clamp(x, -1e18, 1e18) ^ 2 + b), abs(x))";
  return `where(x < 0, 0.25 * b / (0.5 * ${root} - 0.5 * x), 0.5 * x + 0.5 * ${root})`;
}

/**
 * Near 0, where x − tanh x would cancel, x³ times its minimax polynomial in x²; from 1 on ((|x| − 1) + (|x| + 1)·E)/(1 + E)
 * with E = e^(−2|x|), a sum of what is positive; as it stands where nothing cancels.
 */
export const TANH_SHRINK = /* @__PURE__ */ tanhShrink();

function tanhShrink(): string {
  const polynomial = [
    ...["2.29848429e-5", "-0.000218291127", "0.00101187301", "-0.00324418023", "0.00869274326", "-0.0218208134"],
    ...["0.0539611243", "-0.133332923", "0.333333343"],
  ].reduce((higher, coefficient) => `(${higher} * x ^ 2 + ${coefficient})`);
  const magnitude = "((abs(x) - 1) + (abs(x) + 1) * exp(-2 * abs(x))) / (1 + exp(-2 * abs(x)))";
  const middle = `where(abs(x) < 4, where(x < 0, -${magnitude}, ${magnitude}), x - tanh(x))`;
  return `where(abs(x) < 1, x ^ 3 * ${polynomial}, ${middle})`;
}

export const RATIONAL = /* @__PURE__ */ rational();

/** P(z)/Q(z) with a denominator of 1 at least, z = x held within ±10⁶, beyond which powers of it would be infinite. */
function rational(): string {
  const numerator = "(a0 + z * (a1 + z * (a2 + z * (a3 + z * (a4 + z * a5)))))";
  const denominator = "(1 + abs(z * (b1 + z * (b2 + z * (b3 + z * b4)))))";
  return `${numerator} / ${denominator}`.replaceAll("z", "clamp(x, -1e6, 1e6)");
}

/** The continued fraction of tanh, cut off: x·(945 + 105x² + x⁴)/(945 + 420x² + 15x⁴). */
export const RATIONAL_TANH = {
  a0: 0,
  a1: 1,
  a2: 0,
  a3: 0.1111111111111111,
  a4: 0,
  a5: 0.0010582010582010583,
  b1: 0,
  b2: 0.4444444444444444,
  b3: 0,
  b4: 0.015873015873015872,
};

export const SPLINE = /* @__PURE__ */ spline();

/** Cubic B-splines B(t) = ((2 − |t|)₊³ − 4·(1 − |t|)₊³)/6 round −4, −3, … 4, of x held within ±3. */
function spline(): string {
  const parts = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((i) => {
    const t = `abs(clamp(x, -3, 3) - ${i - 4})`;
    return `c${i} * (relu(2 - ${t}) ^ 3 - 4 * relu(1 - ${t}) ^ 3) / 6`;
  });
  return parts.join(" + ");
}

/** Meets tanh at −3, −2, … 3, and its slope at the ends. */
export const SPLINE_TANH = {
  c0: -0.9902321157382277,
  c1: -1.002399091243702,
  c2: -0.9705000414073472,
  c3: -0.8997662235818105,
  c4: 0,
  c5: 0.8997662235818105,
  c6: 0.9705000414073472,
  c7: 1.002399091243702,
  c8: 0.9902321157382277,
};
