import type { Suite } from "../suite.ts";
import { activationSuite } from "./activation.ts";
import { inferenceSuite } from "./inference.ts";
import { kernelSuite } from "./kernel.ts";
import { matmulSuite } from "./matmul.ts";
import { streamingSuite } from "./streaming.ts";
import { trainingSuite } from "./training.ts";

/** Everything that is measured, in the order of the table. */
export const suites: readonly Suite[] = [
  matmulSuite,
  activationSuite,
  kernelSuite,
  trainingSuite,
  inferenceSuite,
  streamingSuite,
];
