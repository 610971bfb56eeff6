/** What the terminal shows. */
import type { Names } from "./names.ts";
import type { Confusion, Report } from "./training.ts";

/** 0.4567 → "45.7 %" */
export function percent(part: number): string {
  return `${(100 * part).toFixed(1)} %`;
}

/** `  5000   5 %  0:03  loss 2.6913  Satoshi → Italian ✗ (Japanese)` */
export function reportLine({ languages }: Names, report: Report, iterations: number, seconds: number): string {
  const { iteration, loss, name, guess, language } = report;
  const right = guess === language;
  const verdict = `${languages[guess]} ${right ? "✓" : `✗ (${languages[language]})`}`;
  const done = `${String(iteration).padStart(7)} ${String(Math.round((100 * iteration) / iterations)).padStart(3)} %`;
  return `${done}  ${clock(seconds)}  loss ${loss.toFixed(4)}  ${name} → ${verdict}`;
}

function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/**
 * The confusion matrix: a row for each language, in it how many in a hundred of its names were taken for the language
 * of each column. The diagonal, marked *, is what was right; a dot is less than one in two hundred.
 */
export function confusionTable({ languages }: Names, confusion: Confusion): string {
  const width = Math.max(...languages.map((language) => language.length));
  const codes = columnCodes(languages);
  const head = `${" ".repeat(width)}  ${codes.map((code) => code.padStart(3).padEnd(4)).join("")}`;
  const rows = confusion.counts.map((row, i) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    const cells = Array.from(row, (count, j) => cell((100 * count) / total, i === j));
    return `${(languages[i] as string).padStart(width)}  ${cells.join("")}`;
  });
  return [head, ...rows].join("\n");
}

function cell(hundredth: number, diagonal: boolean): string {
  const text = Math.round(hundredth) === 0 ? "·" : String(Math.round(hundredth));
  return text.padStart(3) + (diagonal ? "*" : " ");
}

/** The shortest beginnings, of two letters or more, that tell the languages apart. */
function columnCodes(languages: readonly string[]): string[] {
  return languages.map((language) => {
    for (let length = 2; length < language.length; length++) {
      const start = language.slice(0, length);
      if (languages.every((other) => other === language || !other.startsWith(start))) return start;
    }
    return language;
  });
}
