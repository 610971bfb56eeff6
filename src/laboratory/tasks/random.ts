import type { Generator } from "../../runtime/random.ts";
import type { RandomSource } from "./task.ts";

/** Words that are drawn from a generator at a time. */
const AT_A_TIME = 1024;

/** Numbers from a generator of the engine, one at a time: the same on every host. Each has 32 bits. */
export function randomSource(generator: Generator): RandomSource {
  let words = new Uint32Array(0);
  let next = 0;
  return () => {
    if (next === words.length) {
      words = generator.bits(AT_A_TIME) as Uint32Array<ArrayBuffer>;
      next = 0;
    }
    return (words[next++] as number) / 2 ** 32;
  };
}
