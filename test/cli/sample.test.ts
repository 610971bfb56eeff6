/** `unrolled sample`: length, prompt, temperature and seed. */
import { beforeAll, expect, test } from "vitest";
import { commandLine, refrain, small } from "./command-line.ts";

const cli = commandLine();

/** What `sample` writes with these options. */
async function sample(...options: string[]): Promise<string> {
  const { code, stdout, stderr } = await cli.run("sample", ...options);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

beforeAll(async () => {
  cli.write("fox.txt", refrain);
  expect((await cli.run("train", "fox.txt", ...small, "--steps", "40")).code).toBe(0);
});

test("writes 500 characters of the text's alphabet unless told otherwise", async () => {
  const text = await sample("runs/fox");
  expect(text).toHaveLength(500);
  expect([...text].every((character) => refrain.includes(character))).toBe(true);
});

test("takes the file itself as well as its folder", async () => {
  const [a, b] = [await sample("runs/fox", "--seed", "1"), await sample("runs/fox/model.safetensors", "--seed", "1")];
  expect(a).toBe(b);
});

test("begins with the prompt, and --length counts what comes after", async () => {
  const text = await sample("runs/fox", "--prompt", "the lazy ", "--length", "33");
  expect(text.startsWith("the lazy ")).toBe(true);
  expect(text).toHaveLength(9 + 33);
});

test("the same seed gives the same text, another seed another one", async () => {
  const [a, b, c] = [
    await sample("runs/fox", "--seed", "1"),
    await sample("runs/fox", "--seed", "1"),
    await sample("runs/fox", "--seed", "2"),
  ];
  expect(a).toBe(b);
  expect(a).not.toBe(c);
});

test("temperature 0 leaves nothing to chance, and the lowest temperatures come to the same", async () => {
  const greedy = await sample("runs/fox", "--temperature", "0", "--seed", "1");
  expect(await sample("runs/fox", "--temperature", "0", "--seed", "2")).toBe(greedy);
  expect(await sample("runs/fox", "--temperature", "1e-30", "--seed", "3")).toBe(greedy);
});

test("a high temperature uses the whole alphabet", async () => {
  const text = await sample("runs/fox", "--temperature", "1000", "--seed", "1", "--length", "3000");
  expect(new Set(text).size).toBe(new Set(refrain).size);
});

test("whoever reads may stop reading", async () => {
  const { child, ended } = cli.start("sample", "runs/fox", "--length", "10000000");
  await new Promise((read) => child.stdout?.once("data", read));
  child.stdout?.destroy();
  expect(await ended).toMatchObject({ code: 0, stderr: "" });
});
