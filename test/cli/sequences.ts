/** Small data for the commands that classify and forecast, and the real ones where they are. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Generator } from "../../src/index.ts";

const shared = process.env.UNROLLED_DATA ?? fileURLToPath(new URL("../../../shared/data", import.meta.url));

/** A file or folder of the shared data, or null, having said that it is absent. */
export function sharedData(name: string): string | null {
  const path = join(shared, name);
  if (existsSync(path)) return path;
  console.log(`${path} is absent: what is measured on it is left out`);
  return null;
}

/** Rows of a table: waves that rise slowly or quickly, with noise, and their class last. */
export function wavesTable(count: number, steps = 24): string {
  const generator = new Generator(5);
  const noise = (): number => generator.below(1000) / 5000;
  const head = [...Array.from({ length: steps }, (_, t) => `t${t}`), "label"].join(",");
  const rows = Array.from({ length: count }, (_, i) => {
    const quick = i % 2 === 1;
    const start = generator.below(100) / 10;
    const values = Array.from({ length: steps }, (_, t) =>
      (Math.sin(start + t * (quick ? 1.3 : 0.4)) + noise()).toFixed(4),
    );
    return [...values, quick ? "quick" : "slow"].join(",");
  });
  return `${head}\n${rows.join("\n")}\n`;
}

/** A WAV file of 16 bits with a tone in it. */
export function toneFile(frequency: number, { sampleRate = 8000, seconds = 0.2, loudness = 0.5 } = {}): Uint8Array {
  const count = Math.round(sampleRate * seconds);
  const bytes = new Uint8Array(44 + 2 * count);
  const view = new DataView(bytes.buffer);
  const name = (at: number, text: string): void => bytes.set(new TextEncoder().encode(text), at);
  name(0, "RIFF");
  view.setUint32(4, 36 + 2 * count, true);
  name(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, 2 * sampleRate, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  name(36, "data");
  view.setUint32(40, 2 * count, true);
  for (let i = 0; i < count; i++) {
    const value = loudness * Math.sin((2 * Math.PI * frequency * i) / sampleRate);
    view.setInt16(44 + 2 * i, Math.round(value * 32767), true);
  }
  return bytes;
}

/** A table of months: a season of 12 that grows, with noise. */
export function monthsTable(rows: number, { start = 2000 } = {}): string {
  const generator = new Generator(3);
  const lines = Array.from({ length: rows }, (_, i) => {
    const month = `${start + Math.floor(i / 12)}-${String((i % 12) + 1).padStart(2, "0")}`;
    const value = 50 + i / 6 + 10 * Math.sin((2 * Math.PI * i) / 12) + generator.below(1000) / 500;
    return `${month},${value.toFixed(3)},${(Math.cos(i) * 3).toFixed(3)}`;
  });
  return `Month,Sales,Price\n${lines.join("\n")}\n`;
}
