/** How trees come to be: at random, and from others. */
import type { RandomSource } from "../tasks/task.ts";
import {
  type BinaryName,
  binaryNames,
  partAt,
  sizeOf,
  type Tree,
  type UnaryName,
  unaryNames,
  withPart,
} from "./tree.ts";

/** Larger ones than this are hardly understood, nor fast. */
const LARGEST = 12;

/** How many units a random tree has: one, or with this probability two. */
const TWO_UNITS = 0.4;

export function pick<Entry>(random: RandomSource, entries: readonly Entry[]): Entry {
  return entries[Math.floor(random() * entries.length)] as Entry;
}

const anyUnary = (random: RandomSource): UnaryName => pick(random, unaryNames);
const anyBinary = (random: RandomSource): BinaryName => pick(random, binaryNames);

/** A unit over two parts. */
function unit(random: RandomSource, left: Tree, right: Tree): Tree {
  return {
    binary: anyBinary(random),
    left: { unary: anyUnary(random), of: left },
    right: { unary: anyUnary(random), of: right },
  };
}

/** A unit over x, or one over such a unit. */
export function randomTree(random: RandomSource): Tree {
  const first = unit(random, "x", "x");
  if (random() >= TWO_UNITS) return first;
  return unit(random, first, random() < 0.5 ? "x" : first);
}

/** Another tree that differs from this one in one place. */
export function mutated(tree: Tree, random: RandomSource): Tree {
  const place = Math.floor(random() * sizeOf(tree));
  const part = partAt(tree, place);
  const kind = random();
  // Another function of the same parts is the smallest step, and the most frequent one.
  if (kind < 0.5 && part !== "x") {
    const other = "unary" in part ? { ...part, unary: anyUnary(random) } : { ...part, binary: anyBinary(random) };
    return withPart(tree, place, other);
  }
  if (kind < 0.65) return withPart(tree, place, { unary: anyUnary(random), of: part });
  if (kind < 0.8 && part !== "x") {
    return withPart(tree, place, "unary" in part ? part.of : pick(random, [part.left, part.right]));
  }
  if (kind < 0.9) return withPart(tree, place, unit(random, part, "x"));
  return withPart(tree, place, pick<Tree>(random, ["x", { unary: anyUnary(random), of: "x" }]));
}

/** A tree with a part of another one in it. */
export function crossed(tree: Tree, other: Tree, random: RandomSource): Tree {
  const part = partAt(other, Math.floor(random() * sizeOf(other)));
  return withPart(tree, Math.floor(random() * sizeOf(tree)), part);
}

/** Whether a tree is small enough. */
export function isHandy(tree: Tree): boolean {
  return sizeOf(tree) <= LARGEST;
}
