/** ONNX's own operator tests, one test a case: outputs within 1e-5 of the largest magnitude (ONNX asks for 1e-3). */

import { describe, expect, test } from "vitest";
import { expectClose } from "../oracle/compare.ts";
import { ONNX_TESTS, onnxTestNames, operatorOf, readOnnxCase } from "./onnx-files.ts";
import { OPERATORS } from "./onnx-operators.ts";

const names = onnxTestNames();
if (names.length === 0) process.stderr.write(`ONNX operator tests skipped: no folders in ${ONNX_TESTS}\n`);

const cases = names.filter((name) => operatorOf(name) in OPERATORS).map(readOnnxCase);

describe.skipIf(names.length === 0)(
  `ONNX operator tests${names.length === 0 ? ` (no folders in ${ONNX_TESTS})` : ""}`,
  () => {
    test("every operator here has cases", () => {
      const tested = new Set(cases.map(({ operator }) => operator));
      expect([...tested].sort()).toEqual(Object.keys(OPERATORS).sort());
    });

    for (const onnx of cases) {
      test(onnx.name, () => {
        const actual = OPERATORS[onnx.operator](onnx);
        expect(onnx.outputs.some((wanted) => wanted !== undefined)).toBe(true);
        for (const [index, wanted] of onnx.outputs.entries()) {
          const subject = { family: `ONNX ${onnx.operator}`, case: onnx.name, tensor: `output ${index}` };
          if (wanted) expectClose(subject, actual[index]!, wanted);
        }
      });
    }
  },
);
