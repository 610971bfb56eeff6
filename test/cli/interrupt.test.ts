/** Ctrl-C, once and twice, from a shell and under npm, which passes it on a second time. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { onInterrupt } from "../../src/cli/run/interrupt.ts";

/** Who else listens, such as the test runner, is left in peace. */
let others: NodeJS.SignalsListener[] = [];
const exit = vi.spyOn(process, "exit").mockImplementation(() => undefined as never);
const first = vi.fn();

beforeEach(() => {
  others = process.listeners("SIGINT") as NodeJS.SignalsListener[];
  process.removeAllListeners("SIGINT");
  vi.useFakeTimers({ toFake: ["performance"] });
  exit.mockClear();
  first.mockClear();
});

afterEach(() => {
  process.removeAllListeners("SIGINT");
  for (const listener of others) process.on("SIGINT", listener);
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

function interrupt(times: number, apart = 0): void {
  for (let i = 0; i < times; i++) {
    if (i > 0) vi.advanceTimersByTime(apart);
    process.emit("SIGINT");
  }
}

test("from a shell the second one ends the process, however soon it comes", () => {
  vi.stubEnv("npm_lifecycle_event", undefined);
  onInterrupt(first);
  interrupt(1);
  expect(first).toHaveBeenCalledTimes(1);
  expect(exit).not.toHaveBeenCalled();
  interrupt(1);
  expect(first).toHaveBeenCalledTimes(1);
  expect(exit).toHaveBeenCalledWith(130);
});

test("under npm a second one at the same time is the first one's echo", () => {
  vi.stubEnv("npm_lifecycle_event", "start");
  onInterrupt(first);
  interrupt(2, 5);
  expect(exit).not.toHaveBeenCalled();
  interrupt(1);
  expect(exit).toHaveBeenCalledWith(130);
});

test("under npm a later one ends the process", () => {
  vi.stubEnv("npm_lifecycle_event", "start");
  onInterrupt(first);
  interrupt(2, 1000);
  expect(exit).toHaveBeenCalledWith(130);
});

test("afterwards Ctrl-C is what it was", () => {
  onInterrupt(first)();
  expect(process.listenerCount("SIGINT")).toBe(0);
});
