import { ownPost } from "./port.ts";
import type { Order, Report } from "./protocol.ts";
import { Service } from "./service.ts";
import type { Questions, ServedPage, ServedWork } from "./work.ts";

/** What a worker serves, as far as types go: `trainInWorker<typeof served>` knows its setup and its questions by it. */
export interface ServedTraining<Setup = unknown, Asked extends Questions = Questions> {
  readonly types?: { readonly setup: Setup; readonly questions: Asked };
}

/**
 * Makes the worker that this runs in train what a page asks for: in a module of its own, which the page starts as a worker
 * and hands to `trainInWorker`.
 *
 * ```ts
 * // train.worker.ts
 * const served = serveTraining(({ text, hiddenSize }: { text: string; hiddenSize: number }) => {
 *   const vocabulary = new CharacterVocabulary(text);
 *   const { size } = vocabulary;
 *   const model = new Sequential(
 *     new Embedding({ count: size, size: 32 }),
 *     new LSTM({ inputSize: 32, hiddenSize }),
 *     new Linear({ inputSize: hiddenSize, outputSize: size }),
 *   );
 *   const trainer = new Trainer({ model, loss: crossEntropy, optimizer: new Adam(model.parameters()) });
 *   const data = textWindows(vocabulary.encode(text), { window: 64 });
 *   return { trainer, data, fit: { epochs: 10 }, questions: { characters: () => size } };
 * });
 * export type Served = typeof served;
 * ```
 *
 * @param make from the `setup` that the page sent to a trainer and its data; may be asynchronous. It is called once, and what
 *   it throws, `trainInWorker`'s `finished` rejects with.
 * @throws {UnsupportedRuntimeError} when it runs in no worker.
 */
export function serveTraining<Setup, Asked extends Questions = Record<never, never>>(
  make: (setup: Setup, page: ServedPage) => ServedWork<Asked> | Promise<ServedWork<Asked>>,
): ServedTraining<Setup, Asked> {
  new Service(ownPost<Order, Report>(), (setup, page) => make(setup as Setup, page));
  return {};
}
