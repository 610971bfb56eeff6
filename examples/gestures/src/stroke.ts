/** Strokes: the points of one, what the network reads of it, and others like it. */

export interface Point {
  readonly x: number;
  readonly y: number;
}

export type Stroke = readonly Point[];

/** Steps that the network reads of a stroke, whatever its length. */
export const STEPS = 32;

/** Numbers of a step: where it goes, and where it is. */
export const FEATURES = 4;

const distance = (a: Point, b: Point): number => Math.hypot(b.x - a.x, b.y - a.y);

/** Points at equal distances along a stroke; speed does not matter then. */
export function resampled(stroke: Stroke, count = STEPS + 1): Stroke {
  const lengths = stroke.slice(1).map((point, i) => distance(stroke[i] as Point, point));
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const points: Point[] = [];
  let [segment, before] = [0, 0];
  for (let i = 0; i < count; i++) {
    const wanted = (total * i) / (count - 1);
    while (segment < lengths.length - 1 && before + (lengths[segment] as number) < wanted)
      before += lengths[segment++] as number;
    const [a, b] = [stroke[segment] as Point, (stroke[segment + 1] ?? stroke[segment]) as Point];
    const share = Math.min((wanted - before) / (lengths[segment] || 1), 1);
    points.push({ x: a.x + share * (b.x - a.x), y: a.y + share * (b.y - a.y) });
  }
  return points;
}

/** What the network reads: directions, and places within the stroke's own box; [STEPS, FEATURES]. */
export function featuresOf(stroke: Stroke): Float32Array {
  const points = resampled(stroke);
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  // One scale for both: a flat stroke stays flat.
  const size = Math.max(Math.max(...xs) - left, Math.max(...ys) - top, 1e-6);
  return Float32Array.from({ length: STEPS * FEATURES }, (_, at) => {
    const [a, b] = [points[Math.floor(at / FEATURES)] as Point, points[Math.floor(at / FEATURES) + 1] as Point];
    const step = Math.max(distance(a, b), 1e-6);
    return [(b.x - a.x) / step, (b.y - a.y) / step, (b.x - left) / size - 0.5, (b.y - top) / size - 0.5][
      at % FEATURES
    ] as number;
  });
}

/**
 * A stroke like another: turned, stretched and bent a little, begun and ended a little earlier or later.
 * @param random numbers from 0 to 1.
 */
export function variationOf(stroke: Stroke, random: () => number): Stroke {
  const around = (reach: number): number => (2 * random() - 1) * reach;
  const [angle, wide, high] = [around(0.25), 1 + around(0.2), 1 + around(0.2)];
  const [bendX, bendY, phase] = [around(0.06), around(0.06), random() * 2 * Math.PI];
  const points = resampled(stroke, 48);
  const size = Math.max(...points.map((point) => distance(points[0] as Point, point)), 1e-6);
  const [first, last] = [Math.floor(random() * 4), points.length - Math.floor(random() * 4)];
  return points.slice(first, last).map(({ x, y }, i) => {
    const wave = Math.sin(phase + i / 7) * size;
    const [u, v] = [x * wide + bendX * wave, y * high + bendY * wave];
    return { x: u * Math.cos(angle) - v * Math.sin(angle), y: u * Math.sin(angle) + v * Math.cos(angle) };
  });
}
