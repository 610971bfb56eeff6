#!/usr/bin/env python3
"""
Minimax polynomials for assembly/base/math.ts, sine.ts and normal.ts: run it and paste what it prints.

Each fit but the last is a weighted Remez exchange in 40-digit arithmetic: the polynomial p of the given degree for which the largest
|weight(x) * (p(x) - f(x))| over [a, b] is smallest. The printed error is that of the polynomial with its coefficients
rounded to float32.
Needs Python 3 with numpy and mpmath.
"""
import mpmath as mp
import numpy as np

mp.mp.dps = 40


def exchange(f, weight, degree, a, b, rounds=12):
    """Coefficients of the polynomial closest to f on [a, b], lowest power first, by Remez' exchange."""
    count = degree + 2
    nodes = [(a + b) / 2 - (b - a) / 2 * mp.cos(mp.pi * (i + mp.mpf("0.5")) / count) for i in range(count)]
    grid = [a + (b - a) * (1 - mp.cos(mp.pi * i / 600)) / 2 for i in range(601)]
    grid = [x for x in grid if abs(x) > mp.mpf("1e-9")]
    targets = [f(x) for x in grid]
    weights = [weight(x) for x in grid]
    coefficients = None
    for _ in range(rounds):
        matrix = mp.matrix(count, count)
        right = mp.matrix(count, 1)
        for i, x in enumerate(nodes):
            for power in range(degree + 1):
                matrix[i, power] = x**power
            matrix[i, count - 1] = (-1) ** i / weight(x)
            right[i] = f(x)
        solution = mp.lu_solve(matrix, right)
        coefficients = [solution[j] for j in range(count - 1)]
        errors = [
            w * (sum(c * x**power for power, c in enumerate(coefficients)) - t)
            for x, t, w in zip(grid, targets, weights)
        ]
        # One extremum from each run of equal signs; keep the `count` consecutive ones with the largest errors.
        extrema, run = [], [0]
        for i in range(1, len(grid)):
            if mp.sign(errors[i]) == mp.sign(errors[run[0]]):
                run.append(i)
            else:
                extrema.append(max(run, key=lambda k: abs(errors[k])))
                run = [i]
        extrema.append(max(run, key=lambda k: abs(errors[k])))
        while len(extrema) > count:
            extrema.pop(0 if abs(errors[extrema[0]]) < abs(errors[extrema[-1]]) else -1)
        if len(extrema) < count:
            break
        nodes = [grid[i] for i in extrema]
    return coefficients


def fit(name, f, weight, degree, a, b):
    """Prints the float32 coefficients, lowest power first, and the largest weighted error that they leave."""
    a, b = mp.mpf(a), mp.mpf(b)
    coefficients = exchange(f, weight, degree, a, b)
    rounded = [mp.mpf(float(np.float32(float(c)))) for c in coefficients]
    worst = max(
        abs(weight(x) * (sum(c * x**i for i, c in enumerate(rounded)) - f(x)))
        for x in (a + (b - a) * i / 4001 for i in range(4002))
        if abs(x) > mp.mpf("1e-9")
    )
    print(f"{name}: degree {degree} on [{mp.nstr(a, 6)}, {mp.nstr(b, 6)}], error 2^{mp.nstr(mp.log(worst, 2), 4)}")
    print("  " + ", ".join(f"{float(np.float32(float(c))):.9g}" for c in rounded))


def upper_tail_ratio(a):
    """Q(a) * exp(a^2/2), Q the upper tail of the standard normal distribution (half of erfcx(a/sqrt 2))."""
    return mp.erfc(a / mp.sqrt(2)) / 2 * mp.exp(a * a / 2)


def fit_tail(top, bottom, end, rounds=300, count=1200):
    """
    Prints R and N, of degrees `top` and `bottom`, with Q(a) e^(a^2/2) close to N / (sqrt(2 pi) a N + R) on [0, end]: R / N
    by least squares whose weights grow where the error is large (Lawson's algorithm), N starting with 1.
    """
    points = end / 2 * (1 - np.cos(np.pi * (np.arange(count) + 0.5) / count))
    ratio = [upper_tail_ratio(mp.mpf(a)) for a in points]
    target = np.array([float(1 / q - mp.sqrt(2 * mp.pi) * mp.mpf(a)) for q, a in zip(ratio, points)])
    slope = np.array([float(q) for q in ratio])  # what an error of R / N makes of the relative error of Q
    denominator, emphasis, best = np.ones(count), np.ones(count), (np.inf, None, None)
    for _ in range(rounds):
        weight = np.sqrt(emphasis) * slope / denominator
        columns = [points**i * weight for i in range(top + 1)]
        columns += [-target * points**i * weight for i in range(1, bottom + 1)]
        matrix = np.array(columns).T
        size = np.linalg.norm(matrix, axis=0)
        solution = np.linalg.lstsq(matrix / size, target * weight, rcond=None)[0] / size
        r, n = solution[: top + 1], np.concatenate([[1], solution[top + 1 :]])
        denominator = np.polyval(n[::-1], points)
        error = np.abs((np.polyval(r[::-1], points) / denominator - target) * slope)
        if error.max() < best[0]:
            best = (error.max(), r, n)
        emphasis *= np.sqrt(error / error.max() + 1e-3)
        emphasis /= emphasis.mean()
    error, r, n = best
    print(f"normal tail: R and N of degrees {top} and {bottom} on [0, {end}], relative error 2^{np.log2(error):.4}")
    for coefficients in (r, n):
        print("  " + ", ".join(f"{np.float32(c):.9g}" for c in coefficients))


SIGMOID_UNIT = mp.mpf("1.625") * 2**25  # what numerator and denominator of the sigmoid are multiplied by

if __name__ == "__main__":
    half_ln2 = mp.log(2) / 2 * mp.mpf("1.001")
    fit(
        "exp: (e^r - 1 - r - r^2/2) / r^3, error relative to e^r - 1",
        lambda r: (mp.expm1(r) - r - r * r / 2) / r**3,
        lambda r: max(r**2 / abs(mp.expm1(r) / r), mp.mpf("1e-3")),  # not 0 at 0: the exchange divides by it
        4, -half_ln2, half_ln2,
    )
    fit(
        "exp: (e^r - 1 - r) / r^2, error relative to e^r",
        lambda r: (mp.expm1(r) - r) / r**2,
        lambda r: max(r**2 * mp.exp(-r), mp.mpf("1e-4")),
        4, -half_ln2, half_ln2,
    )
    fit(
        "sigmoid: (e^-r - 1 + r) / r^2 times the unit, error relative to the unit times e^-r",
        lambda r: SIGMOID_UNIT * (mp.expm1(-r) + r) / r**2,
        lambda r: max(r**2 * mp.exp(r), mp.mpf("1e-4")) / SIGMOID_UNIT,
        4, -half_ln2, half_ln2,
    )
    fit(
        "tanh: (e^2r - 1 - 2r) / 2r^2, error relative to (e^2r - 1) / 2 for r < 0, absolute above, where 0.3 is the least numerator",
        lambda r: (mp.expm1(2 * r) / 2 - r) / r**2,
        lambda r: max(r**2 / (abs(mp.expm1(2 * r) / 2) if r < 0 else mp.mpf("0.3")), mp.mpf("1e-3")),
        4, -half_ln2 / 2, half_ln2 / 2,
    )
    fit(
        "log: (log(1 + f) - f + f^2/2) / f^3, error relative to log(1 + f)",
        lambda f: (mp.log1p(f) - f + f * f / 2) / f**3,
        lambda f: f**3 / mp.log1p(f),
        8, mp.sqrt(mp.mpf("0.5")) - 1, mp.sqrt(2) - 1,
    )
    fit(
        "sine of turns: sin(2 pi f) / f in f^2, relative error",
        lambda z: mp.sin(2 * mp.pi * mp.sqrt(z)) / mp.sqrt(z),
        lambda z: mp.sqrt(z) / mp.sin(2 * mp.pi * mp.sqrt(z)),
        3, mp.mpf("1e-12"), mp.mpf(1) / 64,
    )
    fit(
        "cosine of turns: (cos(2 pi f) - 1) / f^2 in f^2, error relative to the cosine",
        lambda z: (mp.cos(2 * mp.pi * mp.sqrt(z)) - 1) / z,
        lambda z: z / mp.cos(2 * mp.pi * mp.sqrt(z)),
        3, mp.mpf("1e-12"), mp.mpf(1) / 64,
    )
    eighth_turn = mp.pi / 4 * mp.mpf("1.0001")
    fit(
        "sine: (sin r - r) / r^3 in r^2, relative error",
        lambda z: (mp.sin(mp.sqrt(z)) / mp.sqrt(z) - 1) / z,
        lambda z: max(z * mp.sqrt(z) / mp.sin(mp.sqrt(z)), mp.mpf("1e-3")),
        2, mp.mpf("1e-6"), eighth_turn**2,
    )
    fit(
        "cosine: (cos r - 1 + r^2/2) / r^4 in r^2, error relative to the cosine",
        lambda z: (mp.cos(mp.sqrt(z)) - 1 + z / 2) / z**2,
        lambda z: max(z**2 / mp.cos(mp.sqrt(z)), mp.mpf("1e-3")),
        2, mp.mpf("1e-6"), eighth_turn**2,
    )
    fit_tail(3, 4, 15)
