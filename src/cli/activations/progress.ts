import type { CompareProgress, SearchProgress } from "../../laboratory/index.ts";
import { seconds } from "../format.ts";
import type { Told } from "./display.ts";

/** What there is to say of a comparison. */
export function comparisonTold({ done, total, spec, result }: CompareProgress, spent: number): Told {
  const score = result.score === null ? result.outcome : `score ${result.score.toPrecision(3)}`;
  const left = seconds((spent * (total - done)) / done);
  const text = `${done}/${total}  ${spec.task.name}, ${spec.cell}, ${spec.activation}, seed ${spec.seed}: ${score}  ${left} left`;
  return { share: done / total, text };
}

/** Longer expressions are cut. */
const LONGEST = 40;

/** What there is to say of a search. */
export function searchTold(
  { phase, generation, trials, steps, best, seconds: spent }: SearchProgress,
  budget: { readonly steps: number } | { readonly seconds: number },
): Told {
  const share = "steps" in budget ? steps / budget.steps : spent / budget.seconds;
  const name = best && best.name.length > LONGEST ? `${best.name.slice(0, LONGEST)}…` : best?.name;
  const found = best ? `, best ${best.score.toPrecision(3)} with ${name}` : "";
  const where = phase === "searching" ? `generation ${generation}` : phase;
  const text = `${Math.floor(100 * share)} %  ${where}, ${trials} trainings${found}, ${seconds(spent)}`;
  return { share, text };
}
