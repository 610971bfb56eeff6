/**
 * unrolled/node: what needs Node's files.
 *
 * It is used beside `unrolled` and shares its classes; parsers that it uses are inside.
 */

export { type CsvColumns, type CsvRow, csvColumns, readCsv, readTable, type Table } from "./csv.ts";
export type { CsvOptions } from "./csvOptions.ts";
export { readSeriesFile } from "./seriesFile.ts";
export { type JsonLinesOptions, readJsonLines, readLines, type TextOptions } from "./text.ts";
