/** What the program of a host says, and what of it has to be so. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export interface Network {
  /** SHA-256 of all weights after the last step. */
  readonly hash: string;
  /** The loss of the first step and of the last. */
  readonly first: number;
  readonly last: number;
  /** Whether a sample at a time gave what the sequence gives. */
  readonly streamed: boolean;
}

/** One run of program.js. */
export interface Run {
  readonly build: string;
  readonly asked: number;
  /** How many threads there were. */
  readonly threads: number;
  readonly networks: Readonly<Record<string, Network>>;
}

/** The hashes that every host has to come to. */
export const hashes: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(fileURLToPath(new URL("hashes.json", sourceFolder())), "utf8"),
);

/** The folder of these sources, from itself and from what is bundled out of them. */
export function sourceFolder(): URL {
  const here = import.meta.url;
  return here.includes("/build/") ? new URL("../../test/hosts/", here) : new URL("./", here);
}

/** @returns what is wrong with the runs of a host, a line each; none when all is well. */
export function complaintsAbout(runs: readonly Run[], wantedThreads: number): string[] {
  return runs.flatMap((run) => {
    const where = `asked for ${run.asked} thread${run.asked === 1 ? "" : "s"}`;
    const complaints = run.build === "simd" ? [] : [`${where}: expected the simd build, got ${run.build}`];
    const wanted = Math.min(run.asked, wantedThreads);
    if (run.threads !== wanted) complaints.push(`${where}: expected ${wanted}, got ${run.threads}`);
    for (const [name, hash] of Object.entries(hashes)) {
      const network = run.networks[name];
      if (network === undefined) complaints.push(`${where}: ${name} is missing`);
      else complaints.push(...about(`${where}: ${name}`, network, hash));
    }
    return complaints;
  });
}

function about(name: string, { hash, first, last, streamed }: Network, wanted: string): string[] {
  const complaints = hash === wanted ? [] : [`${name}: expected weights ${wanted}, got ${hash}`];
  if (!(last < first / 2)) complaints.push(`${name}: expected a loss below half of ${first}, got ${last}`);
  if (!streamed) complaints.push(`${name}: a sample at a time gave something else than the sequence`);
  return complaints;
}
