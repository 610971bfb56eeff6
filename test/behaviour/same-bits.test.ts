/** The program that test/hosts runs everywhere, here against the sources: its weights are those that every host comes to. */
import { expect, test } from "vitest";
import { complaintsAbout, hashes } from "../hosts/outcome.ts";
import { run } from "../hosts/program.js";

test.each([1, 2])("200 steps of an LSTM, a GRU and an Elman network on %i threads", async (threads) => {
  const outcome = await run({ threads });
  expect(complaintsAbout([outcome], threads)).toEqual([]);
  expect(Object.keys(hashes)).toEqual(["lstm", "gru", "elman"]);
});

test("other weights, a loss that stays, a stream that differs and missing networks are told", () => {
  const network = { hash: "0", first: 1, last: 0.9, streamed: false };
  const complaints = complaintsAbout([{ build: "relaxed", asked: 2, threads: 1, networks: { lstm: network } }], 2);
  expect(complaints).toEqual([
    "asked for 2 threads: expected the simd build, got relaxed",
    "asked for 2 threads: expected 2, got 1",
    `asked for 2 threads: lstm: expected weights ${hashes.lstm}, got 0`,
    "asked for 2 threads: lstm: expected a loss below half of 1, got 0.9",
    "asked for 2 threads: lstm: a sample at a time gave something else than the sequence",
    "asked for 2 threads: gru is missing",
    "asked for 2 threads: elman is missing",
  ]);
});
