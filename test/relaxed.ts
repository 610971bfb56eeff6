/** Makes sure that a suite meant for the relaxed build runs on it. */
import { runtimeInfo } from "../src/index.ts";

const { build } = runtimeInfo();
if (build !== "relaxed") throw new Error(`expected the relaxed build, got ${build}`);
