/** What becomes of a comparison when not every peer can be had; npm runs, but asks no registry. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { installPeers, obstacleOf } from "../../bench/peers/install.ts";
import { type PeerDescription, peers } from "../../bench/peers/peers.ts";
import { processesOf } from "../../bench/peers/processes.ts";

const folder = `${mkdtempSync(join(tmpdir(), "unrolled-peers-"))}/`;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function describe(name: string): PeerDescription {
  return { ...peers[3], package: name };
}

test("a peer that cannot be installed is named with its reason; the others are there", async () => {
  mkdirSync(`${folder}good`);
  writeFileSync(`${folder}good/package.json`, JSON.stringify({ name: "good", version: "1.0.0" }));
  execFileSync("npm", ["pack"], { cwd: `${folder}good`, stdio: "ignore", shell: process.platform === "win32" });
  const dependencies = { good: `file:${folder}good/good-1.0.0.tgz`, bad: `file:${folder}nowhere.tgz` };
  writeFileSync(`${folder}package.json`, JSON.stringify({ private: true, dependencies }));
  const failures = await installPeers(folder);
  expect(Object.keys(failures)).toEqual(["bad"]);
  expect(await obstacleOf(describe("good"), failures, folder)).toBeUndefined();
  expect(await obstacleOf(describe("bad"), failures, folder)).toMatch(/^not installed: .*(ENOENT|no such file)/);
  expect(existsSync(`${folder}build`)).toBe(false);
});

test("a process that cannot start, ends badly or gets stuck is told apart", async () => {
  const request = { peer: "javascript", threads: 1, cases: [], check: false, seconds: 0 } as const;
  const nothing = () => undefined;
  const script = (name: string, body: string) => {
    writeFileSync(`${folder}${name}`, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    return `${folder}${name}`;
  };
  await expect(processesOf(`${folder}none`)(request, nothing)).rejects.toThrow("ENOENT");
  const crash = processesOf(script("crash", "kill -SEGV $$"));
  await expect(crash(request, nothing)).rejects.toThrow("its process failed: ended with SIGSEGV");
  const complain = processesOf(script("complain", "echo 'Error: out of luck' >&2; exit 3"));
  await expect(complain(request, nothing)).rejects.toThrow("its process failed: Error: out of luck");
  const stuck = processesOf(script("stuck", "exec sleep 60"), 200);
  await expect(stuck(request, nothing)).rejects.toThrow("took longer than 0.2 s");
});
