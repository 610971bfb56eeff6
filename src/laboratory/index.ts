/**
 * unrolled/laboratory: what goes on inside a recurrent network while it learns, and which activation makes it learn best.
 *
 * Runs wherever the library does, on the library's own engine.
 *
 * @module unrolled/laboratory
 */

export { type CompareOptions, type CompareProgress, compareActivations } from "./compare/compareActivations.ts";
export type {
  Comparison,
  ComparisonGroup,
  ComparisonSettings,
  ComparisonTable,
  Standing,
} from "./compare/comparison.ts";
export type { Combination, ComparisonRow, Contender, SeedResult } from "./compare/row.ts";
export type { Estimate } from "./compare/statistics.ts";
export { type DiagnoseOptions, diagnose } from "./diagnose/diagnose.ts";
export { type DiagnosingOptions, diagnosing } from "./diagnose/diagnosing.ts";
export type { Diagnosis, NotLookedAt } from "./diagnose/diagnosis.ts";
export { type Eigenvalue, eigenvalues, spectralRadius } from "./diagnose/eigenvalues.ts";
export type { Finding, FindingKind } from "./diagnose/findings.ts";
export type { GradientFlow } from "./diagnose/gradientFlow.ts";
export type { LayerDiagnosis } from "./diagnose/layerDiagnosis.ts";
export type { GateShare, UnitShares } from "./diagnose/shares.ts";
export type { Thresholds } from "./diagnose/thresholds.ts";
export type { Finalist, Verdict } from "./search/confirm.ts";
export type { LoggedTrial, SearchFingerprint, SearchLog, TrialOutcome } from "./search/log.ts";
export type { Generation, Ranked, SearchFacts, SearchResult, SearchSettings } from "./search/result.ts";
export { searchActivation } from "./search/searchActivation.ts";
export type { SearchOptions, SearchProgress } from "./search/settings.ts";
export type { SearchClock } from "./search/trials.ts";
export type { FilterName } from "./search/vet.ts";
export { addingBatch } from "./tasks/adding.ts";
export { type CopyOptions, copyBatch } from "./tasks/copy.ts";
export {
  type DefineTaskOptions,
  defineTask,
  provideData,
  type TaskNeeds,
  taskNamed,
  taskNames,
  taskNeeds,
} from "./tasks/registry.ts";
export type { Problem, RandomSource, Task, TaskDefaults, TrainingDefaults } from "./tasks/task.ts";
export {
  type CellName,
  type GradientMap,
  type LearningCurve,
  type TaskOption,
  type TaskSpec,
  type TrialExecutor,
  type TrialResult,
  type TrialSpec,
  trialHash,
} from "./trial.ts";
export {
  type ExecutorOptions,
  type ExecutorParts,
  inProcessExecutor,
  type TrialResults,
  trialExecutor,
} from "./trials/executor.ts";
export { runTrial } from "./trials/runTrial.ts";
