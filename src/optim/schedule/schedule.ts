/** Learning rates over the steps of a training. */
export interface Schedule {
  /** The learning rate before step `step`, from 0: a pure function of the step, and of what was observed. */
  rateAt(step: number): number;
  /** Told what a validation has found, where the rate depends on it. */
  observe?(value: number): void;
  /** What has been observed, for a checkpoint. */
  stateDict?(): Record<string, number>;
  /** Puts back what `stateDict` gave. */
  loadStateDict?(state: Record<string, number>): void;
}
