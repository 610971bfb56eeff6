import type { Run } from "./outcome.ts";

export function run(options?: { threads?: number }): Promise<Run>;
export function runAll(): Promise<Run[]>;
