import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Generator, seed, type Tensor, tensor } from "unrolled";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findNames, holdOut, LETTERS, type Names, readNames, toAscii, toLetters } from "../../examples/names/names.ts";
import { LinearNetwork, SigmoidNetwork } from "../../examples/names/networks.ts";
import { confusionTable } from "../../examples/names/table.ts";
import { askAll, askAtRandom, predict, train } from "../../examples/names/training.ts";

const lists = join(process.env.UNROLLED_DATA ?? join("..", "shared", "data"), "text", "names", "names");

/** Names of three made-up languages, which their letters and endings tell apart. */
function madeUp(): Names {
  const generator = new Generator(11);
  const word = (letters: string): string =>
    Array.from({ length: 3 + generator.below(4) }, () => letters[generator.below(letters.length)]).join("");
  const list = (letters: string, ending: string): string[] => Array.from({ length: 60 }, () => word(letters) + ending);
  return { languages: ["Alo", "Bek", "Cim"], names: [list("aeilo", "o"), list("bekst", "ek"), list("acimn", "im")] };
}

describe("names to tensors", () => {
  test.each([
    ["Ślusàrski", "Slusarski"],
    ["O'Néàl", "O'Neal"],
    ["Béringer-Ξ", "Beringer"],
    ["---", ""],
  ])("%s → %j", (name, ascii) => expect(toAscii(name)).toBe(ascii));

  test("a name is one row a letter with a single one in it", () => {
    const rows = toLetters("Ab'");
    expect(rows.map((row) => row.shape)).toEqual([
      [1, 57],
      [1, 57],
      [1, 57],
    ]);
    expect(rows.map((row) => row.toArray().indexOf(1))).toEqual([..."Ab'"].map((letter) => LETTERS.indexOf(letter)));
    for (const row of rows) expect([...row.toArray()].reduce((sum, x) => sum + x)).toBe(1);
  });
});

describe("the lists", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "names-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test("languages are the files in order, lines are names", () => {
    writeFileSync(join(folder, "Bek.txt"), "Bek\r\nTék\n\n");
    writeFileSync(join(folder, "Alo.txt"), "Alo");
    expect(readNames(folder)).toEqual({ languages: ["Alo", "Bek"], names: [["Alo"], ["Bek", "Tek"]] });
  });

  test("an empty list is refused by name", () => {
    writeFileSync(join(folder, "Bek.txt"), "\n");
    expect(() => readNames(folder)).toThrow(/Bek\.txt: expected names, got none/);
  });

  test("a folder without lists is refused in one line", () => {
    expect(() => findNames(folder)).toThrow(/no lists of names in .*--data/);
    expect(() => findNames(join(folder, "none"))).toThrow(/no lists of names in /);
  });
});

test("a spelling that is held out is in no training list, and nothing else is lost", () => {
  const all: Names = { languages: ["Alo", "Bek"], names: [["a", "a", "b", "c", "d"], [..."abefghijklmn"]] };
  for (let round = 0; round < 20; round++) {
    const { training, heldOut } = holdOut(all, new Generator(round));
    expect(heldOut.names.map((list) => list.length)).toEqual([1, 2]);
    const asked = new Set(heldOut.names.flat());
    all.names.forEach((list, language) => {
      expect(training.names[language]).toEqual(list.filter((name) => !asked.has(name)));
    });
  }
  expect(() => holdOut({ languages: ["One"], names: [["x"]] }, new Generator(0))).toThrow(/One: expected more names/);
});

describe("the networks", () => {
  test.each([
    { Network: LinearNetwork, iterations: 3000 },
    { Network: SigmoidNetwork, iterations: 6000 },
  ])("$Network.name learns three made-up languages", ({ Network, iterations }) => {
    seed(1);
    const { training, heldOut } = holdOut(madeUp(), new Generator(1));
    const network = new Network({ inputSize: LETTERS.length, hiddenSize: 16, outputSize: 3 });
    const before = askAll(network, heldOut).accuracy;
    const losses = train(network, training, {
      iterations,
      learningRate: 0.02,
      printEvery: 500,
      generator: new Generator(2),
    });
    expect(losses).toHaveLength(iterations / 500);
    expect(losses.at(-1)).toBeLessThan(losses[0] / 2);
    expect(before).toBeLessThan(0.7);
    expect(askAll(network, heldOut).accuracy).toBeGreaterThan(0.9);
    expect(askAtRandom(network, training, new Generator(3), 300).accuracy).toBeGreaterThan(0.9);
    expect(predict(network, "leilao", 1)[0].language).toBe(0);
  });

  test("the two are the equations of the article", () => {
    const sizes = { inputSize: 2, hiddenSize: 3, outputSize: 4 };
    for (const network of [new LinearNetwork(sizes), new SigmoidNetwork(sizes)]) {
      const named = Object.fromEntries(network.namedParameters());
      expect(Object.keys(named)).toEqual(["i2h.weight", "i2h.bias", "i2o.weight", "i2o.bias"]);
      const combined = [0.5, -1, 0.25, 0.75, 0];
      const affine = (name: string): number[] => {
        const weight = named[`${name}.weight`].toArray();
        return Array.from(named[`${name}.bias`].toArray(), (bias, row) =>
          combined.reduce((sum, x, column) => sum + x * weight[row * combined.length + column], bias),
        );
      };
      const answer = network.forward(row(combined.slice(0, 2)), row(combined.slice(2)));
      const squash = network instanceof SigmoidNetwork ? (x: number): number => 1 / (1 + Math.exp(-x)) : Number;
      const scores = affine("i2o");
      const total = Math.log(scores.reduce((sum, score) => sum + Math.exp(score), 0));
      near(answer.hidden.toArray(), affine("i2h").map(squash));
      near(
        answer.output.toArray(),
        scores.map((score) => score - total),
      );
    }
  });
});

test("the confusion matrix has a row and a column for each language, in hundredths", () => {
  const network = new LinearNetwork({ inputSize: LETTERS.length, hiddenSize: 4, outputSize: 3 });
  const names = madeUp();
  const confusion = askAll(network, names);
  const lines = confusionTable(names, confusion).split("\n");
  expect(lines).toHaveLength(4);
  expect(lines[0].trim().split(/\s+/)).toEqual(["Al", "Be", "Ci"]);
  lines.slice(1).forEach((line, i) => {
    const cells = line.slice(5).match(/.{4}/g) ?? [];
    expect(line.slice(0, 3)).toBe(names.languages[i]);
    expect(cells.map((cell) => (cell.includes("·") ? 0 : Number.parseInt(cell, 10)))).toEqual(
      Array.from(confusion.counts[i], (count) => Math.round((100 * count) / 60)),
    );
    expect(cells[i]).toMatch(/\*$/);
  });
  expect(confusion.total).toBe(180);
});

// Copies of the lists differ by a few Russian names (20,050 or 20,074 in all).
test.skipIf(!existsSync(lists))(`the real lists (skipped when ${lists} is absent)`, () => {
  const { languages, names } = readNames(lists);
  expect(languages).toHaveLength(18);
  expect(languages[0]).toBe("Arabic");
  expect(languages[17]).toBe("Vietnamese");
  const sizes = Object.fromEntries(languages.map((language, i) => [language, names[i].length]));
  expect(sizes).toMatchObject({ Arabic: 2000, English: 3668, Polish: 139, Vietnamese: 73 });
  const total = names.reduce((sum, list) => sum + list.length, 0);
  expect([20_050, 20_074]).toContain(total);
  for (const list of names) for (const name of list) expect(name).toMatch(/^[A-Za-z .,;']+$/);
});

function row(numbers: number[]): Tensor {
  return tensor(numbers, [1, numbers.length]);
}

function near(actual: ArrayLike<number>, expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  expected.forEach((value, i) => {
    expect(actual[i]).toBeCloseTo(value, 5);
  });
}
