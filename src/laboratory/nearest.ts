import { editDistance } from "../metrics/distance.ts";

/** More than so many edits away, a name was not meant. */
const FARTHEST = 3;

/** "; did you mean …?" with the known names that are nearest to one that is not, or nothing when none is near. */
export function meant(name: string, known: readonly string[]): string {
  const distances = known.map((other) => editDistance(name.toLowerCase(), other.toLowerCase()));
  const least = Math.min(FARTHEST, Math.ceil(name.length / 2), ...distances);
  const near = known.filter((_, i) => (distances[i] as number) <= least);
  return near.length > 0 ? `; did you mean ${near.join(" or ")}?` : "";
}
