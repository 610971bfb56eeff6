/** Errors on their way between a worker and its page, and the one of a worker that is gone. */
import {
  AutogradError,
  ConfigurationError,
  DataError,
  ExpressionError,
  FileError,
  LifetimeError,
  MemoryError,
  NumericError,
  OptionError,
  ShapeError,
  ThreadError,
  UnrolledError,
  UnsupportedRuntimeError,
  WeightsError,
} from "../runtime/errors.ts";
import type { TrainingSnapshot, WrittenError } from "./protocol.ts";

/**
 * The worker that trained has ended, or says nothing any more. What it had learned up to its last snapshot is not lost.
 *
 * ```ts
 * const lost = new WorkerLostError("the worker ended", undefined, 7);
 * [lost.snapshot, lost.step]; // [undefined, 7]
 * lost instanceof UnrolledError; // true
 * ```
 */
export class WorkerLostError extends UnrolledError {
  override readonly name = "WorkerLostError";
  /** The last one there was: `trainInWorker` goes on from its `checkpoint`. */
  readonly snapshot: TrainingSnapshot | undefined;
  /** Steps that were done, as far as is known here. */
  readonly step: number;

  constructor(message: string, snapshot: TrainingSnapshot | undefined, step = snapshot?.step ?? 0) {
    super(message);
    this.snapshot = snapshot;
    this.step = step;
  }
}

/** An error as plain data. */
export function written(error: unknown): WrittenError {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  const { name, message, stack } = error;
  return stack === undefined ? { name, message } : { name, message, stack };
}

/** Makes an error of a message alone; whatever else its class knows has stayed behind. */
type ErrorClass = new (message: string) => Error;

/** The library's errors by their names. */
const classes: Readonly<Record<string, ErrorClass>> = {
  AutogradError,
  ConfigurationError,
  DataError,
  ExpressionError: ExpressionError as unknown as ErrorClass,
  FileError,
  LifetimeError,
  MemoryError,
  NumericError,
  OptionError,
  ShapeError,
  ThreadError,
  UnrolledError,
  UnsupportedRuntimeError,
  WeightsError,
};

/** The error that was written: of this library, of the same class. */
export function revived({ name, message, stack }: WrittenError): Error {
  const Class = Object.hasOwn(classes, name) ? classes[name] : undefined;
  const error = Class ? new Class(message) : Object.assign(new Error(message), { name });
  if (stack !== undefined) error.stack = stack;
  return error;
}
