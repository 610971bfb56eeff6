/** Initial values of parameters, drawn in the engine from the shared generator (`seed`). */
import { engine } from "../runtime/engine.ts";
import { generator } from "../runtime/random.ts";
import type { Parameter } from "../tensor/parameter.ts";

/** Every number from [−bound, bound). */
export function fillUniform(parameter: Parameter, bound: number): void {
  const { seedLow, seedHigh, counterLow, counterHigh } = generator.draw(parameter.size);
  const { kernels } = engine();
  kernels.fillUniform(parameter.address, parameter.size, -bound, bound, seedLow, seedHigh, counterLow, counterHigh);
}

/** Every number from the normal distribution with mean 0. */
export function fillNormal(parameter: Parameter, standardDeviation: number): void {
  const { seedLow, seedHigh, counterLow, counterHigh } = generator.draw(parameter.size);
  const { kernels } = engine();
  kernels.fillNormal(
    parameter.address,
    parameter.size,
    0,
    standardDeviation,
    seedLow,
    seedHigh,
    counterLow,
    counterHigh,
  );
}

/** Every number the same; returns the parameter. */
export function fillConstant(parameter: Parameter, value: number): Parameter {
  engine().kernels.fill(parameter.address, parameter.size, value);
  return parameter;
}
