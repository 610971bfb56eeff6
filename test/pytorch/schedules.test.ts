/** Every schedule against torch.optim.lr_scheduler. */

import { describe, expect, test } from "vitest";
import {
  constantSchedule,
  cosineSchedule,
  exponentialSchedule,
  multiStepSchedule,
  oneCycleSchedule,
  polynomialSchedule,
  reduceOnPlateauSchedule,
  type Schedule,
  stepSchedule,
  warmUpSchedule,
} from "../../src/index.ts";
import { expectClose } from "../oracle/compare.ts";
import { readFixtures } from "./fixtures.ts";

interface Options {
  schedule: string;
  options: Record<string, unknown> & { learningRate: number };
}

// biome-ignore lint/suspicious/noExplicitAny: options come from the fixture.
const schedules: Record<string, (options: any) => Schedule> = {
  constant: constantSchedule,
  step: stepSchedule,
  multiStep: multiStepSchedule,
  exponential: exponentialSchedule,
  cosine: cosineSchedule,
  oneCycle: oneCycleSchedule,
  polynomial: polynomialSchedule,
  reduceOnPlateau: reduceOnPlateauSchedule,
  warmUp: ({ learningRate, before, mainOptions, ...options }) =>
    warmUpSchedule({ ...options, schedule: schedules[before]({ learningRate, ...mainOptions }) }),
};

describe("schedules = torch.optim.lr_scheduler", () => {
  for (const fixture of readFixtures<Options>("schedules")) {
    test(fixture.name, () => {
      const wanted = fixture.tensor("rates");
      const schedule = schedules[fixture.options.schedule](fixture.options.options);
      const values = fixture.has("values") ? fixture.tensor("values").data : null;
      const data = Array.from(wanted.data, (_, step) => {
        const rate = schedule.rateAt(step);
        if (values) schedule.observe?.(values[step]);
        return rate;
      });
      const subject = { family: "schedules", case: fixture.name, tensor: "rates" };
      expectClose(subject, { shape: wanted.shape, data }, wanted, { tolerance: 1e-7 });
      if (fixture.options.schedule === "reduceOnPlateau") expect(new Set(data).size).toBeGreaterThan(2);
      else expect(data.map((_, step) => schedule.rateAt(step))).toEqual(data);
    });
  }
});
