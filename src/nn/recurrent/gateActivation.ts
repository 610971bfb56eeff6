import type { Activation } from "../../ops/activation/activation.ts";
import { type ActivationName, activationOf } from "../../ops/activation/builtIn.ts";

/** The activation of a layer's gates. One that leaves 0 … 1 is allowed, but hardly ever meant: a warning says what it does. */
export function gateActivation(layer: string, given: ActivationName | Activation): Activation {
  const gate = activationOf(given);
  const [low, high] = gate.range;
  const dangers = [
    ...(low < 0 ? ["below 0 it turns the sign of what it lets through"] : []),
    ...(high > 1 ? ["above 1 the state grows from step to step, without bound"] : []),
  ];
  if (dangers.length > 0) {
    console.warn(
      `${layer} gateActivation: expected values from 0 to 1, but ${gate.name} gives ${low} … ${high}: ${dangers.join("; ")}`,
    );
  }
  return gate;
}
