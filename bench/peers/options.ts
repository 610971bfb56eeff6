import { parseArgs } from "node:util";
import { isSelected } from "../suite.ts";
import { type PeerDescription, peers } from "./peers.ts";
import { type Case, cases } from "./workloads.ts";

export const help = `npm run bench:peers -- [options]

Times the same work in this library and in its alternatives, each in processes of its own, in turns.

  --only PATTERN   only cases whose workload and name contain this, such as "lstm", "matmul 64", "B = 32"
  --peers LIST     only these, comma-separated: ${peers.map(({ name }) => name).join(", ")}
  --threads LIST   with these numbers of threads, where a peer can be told: 1, or 1,2 (default: 1)
  --turns N        turns for each implementation (default: 3)
  --seconds S      seconds of sampling for each case in each turn (default: 0.25)
  --quick          one turn of 0.1 seconds: a first look, and whether all agree
  --json FILE      write rows, versions and machine as JSON
  --html FILE      where the page of charts goes (default: build/peers/report.html)
  --node PATH      the Node.js to measure in (default: this one)
  --help`;

export interface Options {
  readonly cases: readonly Case[];
  readonly peers: readonly PeerDescription[];
  readonly threads: readonly number[];
  readonly turns: number;
  readonly seconds: number;
  readonly json?: string;
  readonly html: string;
  readonly node: string;
}

function selectedPeers(list: string | undefined): readonly PeerDescription[] {
  if (list === undefined) return peers;
  return list.split(",").map((wanted) => {
    const found = peers.find(({ name }) => name === wanted.trim());
    if (!found) throw new Error(`--peers: expected some of ${peers.map(({ name }) => name).join(", ")}, got ${wanted}`);
    return found;
  });
}

function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${option}: expected a whole number ≥ 1, got ${text}`);
  return value;
}

/** What the command line asks for; nothing when it asks for help. */
export function readOptions(defaultHtml: string): Options | undefined {
  const { values } = parseArgs({
    options: {
      only: { type: "string", default: "" },
      peers: { type: "string" },
      threads: { type: "string", default: "1" },
      turns: { type: "string" },
      seconds: { type: "string" },
      quick: { type: "boolean", default: false },
      json: { type: "string" },
      html: { type: "string", default: defaultHtml },
      node: { type: "string", default: process.execPath },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const seconds = Number(values.seconds ?? (values.quick ? 0.1 : 0.25));
  if (!(seconds > 0 && seconds <= 60)) throw new Error(`--seconds: expected 0 < S ≤ 60, got ${values.seconds}`);
  const selected = cases.filter(({ workload, name }) => isSelected(values.only, workload, name));
  if (selected.length === 0) throw new Error(`--only: no case contains "${values.only}"`);
  return {
    cases: selected,
    peers: selectedPeers(values.peers),
    threads: [...new Set(values.threads.split(",").map((text) => wholeNumber("threads", text)))],
    turns: wholeNumber("turns", values.turns ?? (values.quick ? "1" : "3")),
    seconds,
    json: values.json,
    html: values.html,
    node: values.node,
  };
}
