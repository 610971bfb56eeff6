/** Random masks over a whole pass, from the seeded generator: the same numbers on every host. */
import { engine } from "../../runtime/engine.ts";
import { drawForPass, generator } from "../../runtime/random.ts";
import type { Layout } from "./layout.ts";

/**
 * The address of a mask of variational dropout [B, width] in the step's memory: 0 with the probability, else 1/(1 − p);
 * or 0 when nothing is dropped. It is the same for all segments of a pass, and of a sequence wherever it stands.
 * Source: Gal & Ghahramani 2016, "A Theoretically Grounded Application of Dropout in Recurrent Neural Networks".
 */
export function dropoutMask({ batch, order }: Layout, width: number, probability: number, training: boolean): number {
  if (!training || probability === 0) return 0;
  const { kernels } = engine();
  const count = batch * width;
  const mask = engine().allocate(count);
  const { seedLow, seedHigh, counterLow, counterHigh } = drawForPass(count);
  kernels.fill(mask, count, 1);
  kernels.dropout(mask, mask, count, probability, seedLow, seedHigh, counterLow, counterHigh);
  if (!order) return mask;
  const ordered = engine().allocate(count);
  kernels.gatherRows(mask, order.address, ordered, batch, width);
  return ordered;
}

/**
 * The address of a mask of zoneout [count]: 1 with the probability and else 0 while training, the probability itself
 * otherwise; or 0 when nothing is kept.
 * Source: Krueger et al. 2017, "Zoneout".
 */
export function zoneoutMask(count: number, probability: number, training: boolean): number {
  if (probability === 0) return 0;
  const { kernels } = engine();
  const mask = engine().allocate(count);
  if (!training) {
    kernels.fill(mask, count, probability);
    return mask;
  }
  const { seedLow, seedHigh, counterLow, counterHigh } = generator.draw(count);
  kernels.bernoulli(mask, count, probability, seedLow, seedHigh, counterLow, counterHigh);
  return mask;
}
