import { InvalidArgumentError } from "commander";
import type { ExpressionParameters } from "../../index.ts";
import type { Contender, TaskOption, TaskSpec } from "../../laboratory/index.ts";

/** The entries of a list with commas between; commas within brackets are part of an entry, as in max(x, 0). */
export function entriesOf(text: string): string[] {
  const entries = [""];
  let depth = 0;
  for (const character of text) {
    if (character === "(") depth++;
    if (character === ")") depth--;
    if (character === "," && depth === 0) entries.push("");
    else entries[entries.length - 1] += character;
  }
  const trimmed = entries.map((entry) => entry.trim());
  if (trimmed.includes("")) {
    throw new InvalidArgumentError(`expected entries with commas between, got ${JSON.stringify(text)}`);
  }
  return trimmed;
}

/** As `entriesOf`, of an option that may be given several times. */
export function moreEntries(text: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), ...entriesOf(text)];
}

/** Numbers by name, written beta=1,alpha=0.5. */
export function valuesByName(text: string, before: Readonly<Record<string, number>> = {}): Record<string, number> {
  const values = entriesOf(text).map((entry) => {
    const [, name, value] = /^([A-Za-z_]\w*)\s*=\s*(\S+)$/.exec(entry) ?? [];
    if (name === undefined || !Number.isFinite(Number(value))) {
      throw new InvalidArgumentError(`expected a name and a number as in beta=1, got ${JSON.stringify(entry)}`);
    }
    return [name, Number(value)] as const;
  });
  return { ...before, ...Object.fromEntries(values) };
}

/** Numbers that are learned from, by name, written likewise. */
export function learnedByName(text: string, before: ExpressionParameters = {}): ExpressionParameters {
  const values = Object.entries(valuesByName(text)).map(([name, value]) => [name, { learn: value }] as const);
  return { ...before, ...Object.fromEntries(values) };
}

/** A task, written adding or adding:steps=100:hiddenSize=64. */
export function taskOf(text: string): TaskSpec {
  const [name = "", ...rest] = text.split(":").map((part) => part.trim());
  if (rest.length === 0) return { name };
  const options = rest.map((part): [string, TaskOption] => {
    const [, option, value] = /^(\w+)\s*=\s*(\S+)$/.exec(part) ?? [];
    if (option === undefined || value === undefined) {
      throw new InvalidArgumentError(`expected a task's option as in steps=100, got ${JSON.stringify(part)}`);
    }
    return [option, optionValue(value)];
  });
  return { name, options: Object.fromEntries(options) };
}

function optionValue(text: string): TaskOption {
  if (text === "true" || text === "false") return text === "true";
  return Number.isFinite(Number(text)) ? Number(text) : text;
}

/** An activation with those of the parameters that its text mentions. */
export function contenderOf(activation: string, parameters: ExpressionParameters): Contender {
  const words = new Set(activation.match(/[A-Za-z_]\w*/g));
  const own = Object.entries(parameters).filter(([name]) => words.has(name));
  return own.length > 0 ? { activation, parameters: Object.fromEntries(own) } : { activation };
}
