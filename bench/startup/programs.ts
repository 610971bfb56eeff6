/** A program whose life, from start to exit, is measured. */
export interface Program {
  readonly name: string;
  /** Its name in `programs/`, compiled beside main.js. */
  readonly file: string;
}

/** Each does what the one before it does, and more. `node -e 0`, which all are compared with, needs no file. */
export const programs: readonly Program[] = [
  { name: "an empty module", file: "empty" },
  { name: "import", file: "import" },
  { name: "import, sigmoid of 1,024 numbers", file: "sigmoid" },
  { name: "import, LSTM 128 → 128, first push", file: "push" },
  { name: "import, LSTM 32, first training step", file: "training" },
];
