import { type Outcome, trainDeterministically } from "./deterministic-training.ts";

/** Trains when asked and answers with the outcome. */
self.addEventListener("message", () => {
  trainDeterministically().then(
    (outcome: Outcome) => self.postMessage(outcome),
    (error: unknown) => self.postMessage({ error: String(error) }),
  );
});
