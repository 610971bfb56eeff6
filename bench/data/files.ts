import { once } from "node:events";
import { createWriteStream, existsSync, renameSync, statSync } from "node:fs";
import { randomSource } from "../random.ts";
import type { Pipeline } from "./pipelines.ts";

/** One line of each kind of file; `random` gives numbers from 0 to 1. */
const lines: Readonly<Record<Pipeline["file"], (random: () => number, n: number) => string>> = {
  csv: (random, n) =>
    `2020-01-01T00:${String(n % 60).padStart(2, "0")}:00,"station, ${n % 7}",${(random() * 10).toFixed(4)},${(n % 1000) / 8},${n % 13},${(random() * 100).toFixed(3)},-1.5e-3,${n}\n`,
  jsonl: (random, n) =>
    `{"values":[${(random() * 10).toFixed(4)},${(n % 1000) / 8},${(random() * 100).toFixed(3)},${n}],"station":"station, ${n % 7}"}\n`,
  text: (random) => {
    const word = () =>
      Array.from({ length: 2 + Math.floor(random() * 8) }, () => "etaoinshrdlu"[Math.floor(random() * 12)]).join("");
    return `${Array.from({ length: 4 + Math.floor(random() * 20) }, word).join(" ")}.\n`;
  },
};

const heads: Readonly<Partial<Record<Pipeline["file"], string>>> = { csv: "time,station,a,b,c,d,e,f\n" };

/** Makes a file of this kind and size, unless it is there. */
export async function makeFile(kind: Pipeline["file"], path: string, bytes: number): Promise<void> {
  if (existsSync(path) && statSync(path).size >= bytes) return;
  const random = randomSource(1);
  const stream = createWriteStream(`${path}.part`);
  let part = heads[kind] ?? "";
  let written = 0;
  for (let n = 0; written < bytes; n++) {
    part += lines[kind](random, n);
    if (part.length < 2 ** 20) continue;
    written += part.length;
    if (!stream.write(part)) await once(stream, "drain");
    part = "";
  }
  stream.end();
  await once(stream, "finish");
  renameSync(`${path}.part`, path);
}
