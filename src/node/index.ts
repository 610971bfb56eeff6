/**
 * unrolled/node: what needs Node's files.
 *
 * It is used beside `unrolled` and shares its classes; parsers that it uses are inside.
 *
 * @module unrolled/node
 */

export {
  bestCheckpoint,
  type CheckpointsOptions,
  checkpoints,
  type FoundCheckpoint,
  latestCheckpoint,
} from "./checkpoints.ts";
export { type CsvColumns, type CsvRow, csvColumns, readCsv, readTable, type Table } from "./csv.ts";
export type { CsvOptions } from "./csvOptions.ts";
export { replaceFile, requireFolder } from "./files.ts";
export { searchLog } from "./laboratory/searchLog.ts";
export { type WorkerExecutorOptions, workerExecutor } from "./laboratory/workerExecutor.ts";
export { languageModelFile } from "./languageModel.ts";
export { csvLog, jsonLog } from "./logs.ts";
export { type PlotOptions, type PlottedHistory, plotHistory } from "./plot.ts";
export { type ProgressBarOptions, type ProgressStream, progressBar } from "./progressBar.ts";
export { readSeriesFile } from "./seriesFile.ts";
export { type Recording, type SpeechFolder, type SpeechFolderOptions, speechFolder } from "./speechFolder.ts";
export { tensorBoard } from "./tensorBoard.ts";
export { type JsonLinesOptions, readJsonLines, readLines, type TextOptions } from "./text.ts";
export {
  bytePairTokenizer,
  readTokenizer,
  sentencePieceTokenizer,
  type WordPieceOptions,
  wordPieceTokenizer,
} from "./tokenizers.ts";
