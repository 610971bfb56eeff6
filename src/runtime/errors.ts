/**
 * Every error this library throws on purpose is one of these; the message says what, what was wanted, what came.
 *
 * ```ts
 * let message = "";
 * try {
 *   add(zeros([2]), zeros([3]));
 * } catch (error) {
 *   if (error instanceof ShapeError) message = error.message;
 * }
 * message; // "add: expected shapes that broadcast, got [2] and [3]"
 * ```
 */
export class UnrolledError extends Error {
  override readonly name: string = "UnrolledError";
}

/** A tensor has the wrong shape or element type. */
export class ShapeError extends UnrolledError {
  override readonly name = "ShapeError";
}

/** An option, hyper-parameter, name or index is outside what is allowed. */
export class OptionError extends UnrolledError {
  override readonly name = "OptionError";
}

/** Data to learn from is empty, ragged or unreadable. */
export class DataError extends UnrolledError {
  override readonly name = "DataError";
}

/** A weights file is damaged or belongs to another model. */
export class WeightsError extends UnrolledError {
  override readonly name = "WeightsError";
}

/** A file or a folder cannot be read or written. */
export class FileError extends UnrolledError {
  override readonly name = "FileError";
}

/** Where in a network a number that is not finite came up first, as far as it is known. */
export interface NonFiniteOrigin {
  /** The layer's place in the model and its class, `1 (LSTM)`; or that it was "the input", "the target", "the loss". */
  readonly layer?: string;
  /** The full name of the parameter: one that is not finite, whose gradient is not, or the largest of the layer. */
  readonly parameter?: string;
  /** Time step, from 0. */
  readonly timeStep?: number;
}

/** A number that must be finite is not. */
export class NumericError extends UnrolledError {
  override readonly name = "NumericError";
  /** Where it began, when a training has met it. */
  readonly origin: NonFiniteOrigin;

  constructor(message: string, origin: NonFiniteOrigin = {}, options?: ErrorOptions) {
    super(message, options);
    this.origin = origin;
  }
}

/** A tensor was read after its step had ended. */
export class LifetimeError extends UnrolledError {
  override readonly name = "LifetimeError";
}

/** The engine's memory could not grow. */
export class MemoryError extends UnrolledError {
  override readonly name = "MemoryError";
}

/** `backward` was asked for where no gradient can flow. */
export class AutogradError extends UnrolledError {
  override readonly name = "AutogradError";
}

/** The JavaScript runtime lacks something the engine needs. */
export class UnsupportedRuntimeError extends UnrolledError {
  override readonly name = "UnsupportedRuntimeError";
}

/** The engine was configured after it had started, or with settings that exclude each other. */
export class ConfigurationError extends UnrolledError {
  override readonly name = "ConfigurationError";
}

/** A worker died, or did not come back, in the middle of a pass. */
export class ThreadError extends UnrolledError {
  override readonly name = "ThreadError";
}

/** A text is no expression that an activation can be made of. */
export class ExpressionError extends UnrolledError {
  override readonly name = "ExpressionError";
  /** Where in the text, from 0. */
  readonly position: number;

  constructor(message: string, position: number, options?: ErrorOptions) {
    super(message, options);
    this.position = position;
  }
}
