/** What parameters are filled with: constants, and numbers drawn in the engine from the shared generator (`seed`). */
import { engine } from "../runtime/engine.ts";
import { generator } from "../runtime/random.ts";
import type { Parameter } from "../tensor/parameter.ts";

/** Every number from [−bound, bound). */
export function fillUniform(parameter: Parameter, bound: number): void {
  drawUniform(parameter, -bound, bound);
}

/** Every number from [low, high). */
export function drawUniform(parameter: Parameter, low: number, high: number): void {
  const { seedLow, seedHigh, counterLow, counterHigh } = generator.draw(parameter.size);
  const { kernels } = engine();
  kernels.fillUniform(parameter.address, parameter.size, low, high, seedLow, seedHigh, counterLow, counterHigh);
  parameter.version++;
}

/** Every number the same; returns the parameter. */
export function fillConstant(parameter: Parameter, value: number): Parameter {
  engine().kernels.fill(parameter.address, parameter.size, value);
  return parameter;
}

/** Every number from the normal distribution with mean 0. */
export function fillNormal(parameter: Parameter, standardDeviation: number): void {
  drawNormal(parameter, 0, standardDeviation);
}

/** Every number from the normal distribution with this mean and deviation. */
export function drawNormal(parameter: Parameter, mean: number, deviation: number): void {
  const { seedLow, seedHigh, counterLow, counterHigh } = generator.draw(parameter.size);
  const { kernels } = engine();
  kernels.fillNormal(parameter.address, parameter.size, mean, deviation, seedLow, seedHigh, counterLow, counterHigh);
  parameter.version++;
}
