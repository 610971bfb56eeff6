/** A worker's end over a channel of one process: everything that is said is really cloned, or handed over. */
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { afterEach } from "vitest";
import { postOn } from "../../src/worker/port.ts";
import { Service } from "../../src/worker/service.ts";
import { makeWork, type Setup } from "./work.ts";

const ports: MessagePort[] = [];

afterEach(() => {
  for (const port of ports.splice(0)) port.close();
});

/** Two ends of a channel that is closed after the test, the first as something that `trainInWorker` takes. */
export function channel() {
  const { port1, port2 } = new MessageChannel();
  ports.push(port1, port2);
  const worker = Object.assign(port1, {
    terminate: () => {
      port1.close();
      return Promise.resolve(0);
    },
  });
  return { worker, inside: port2 };
}

/** A worker's end that serves `make`. */
export function fakeWorker(make: ConstructorParameters<typeof Service>[1] = (setup) => makeWork(setup as Setup)) {
  const { worker, inside } = channel();
  new Service(postOn(inside), make);
  return worker;
}
