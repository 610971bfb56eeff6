/** How a table is written, told by its first lines. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { tableFormat } from "../../src/cli/table.ts";
import { readTable } from "../../src/node/index.ts";

const folder = mkdtempSync(join(tmpdir(), "unrolled-table-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  { name: "plain", rows: ["1234.5", "-2"], delimiter: ",", values: [1234.5, -2] },
  {
    name: "grouped, quoted",
    rows: ['"1,234,567.5"', '"-1,200"', "12"],
    delimiter: ",",
    values: [1234567.5, -1200, 12],
  },
  { name: "grouped between semicolons", rows: ["1,234.5", "1,234"], delimiter: ";", values: [1234.5, 1234] },
  { name: "decimal commas", rows: ["1,5", "2,25"], delimiter: ";", values: [1.5, 2.25] },
  { name: "decimal commas, grouped by points", rows: ["1.234,5", "7,25"], delimiter: ";", values: [1234.5, 7.25] },
  { name: "three digits behind a comma are a fraction", rows: ["1,234", "1,5"], delimiter: ";", values: [1.234, 1.5] },
])("numbers that are $name", async ({ name, rows, delimiter, values }) => {
  const path = join(folder, `${name}.csv`);
  const lines = rows.map((row, i) => [`day ${i}`, row].join(delimiter));
  writeFileSync(path, `${["day", "value"].join(delimiter)}\n${lines.join("\n")}\n`);
  const { numbers } = await readTable(path, { ...(await tableFormat(path)), numbers: ["value"], text: ["day"] });
  expect(Array.from(numbers.get("value") ?? [])).toEqual(values);
});
