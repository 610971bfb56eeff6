import { configure } from "unrolled";
import { inProcessExecutor, type TrialResult, type TrialSpec } from "unrolled/laboratory";

/** A trial of each cell, with a built-in activation and one of a text, in the deterministic build; without times. */
export async function runTrials(): Promise<Omit<TrialResult, "secondsPerStep">[]> {
  configure({ deterministic: true });
  const executor = inProcessExecutor();
  const specs: TrialSpec[] = [
    { activation: "tanh", cell: "rnn", task: { name: "characters" }, seed: 5, budget: 15 },
    {
      activation: "x * sigmoid(beta * x)",
      parameters: { beta: 1.5 },
      cell: "gru",
      task: { name: "copy" },
      seed: 6,
      budget: 15,
    },
    { activation: "softplus", cell: "lstm", task: { name: "digits" }, seed: 7, budget: 15 },
  ];
  const results = await Promise.all(specs.map((spec) => executor.submit(spec)));
  await executor.close();
  return results.map(({ secondsPerStep: _, ...lasting }) => lasting);
}
