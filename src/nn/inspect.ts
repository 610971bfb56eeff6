/** Looking into a network from outside, for as long as it takes. */
import type { Module } from "./module.ts";

/** A model and every module inside, each with the path of its names. */
export function modulesIn(model: Module, path = "", found = new Map<Module, string>()): Map<Module, string> {
  if (found.has(model)) return found;
  found.set(model, path);
  for (const [name, child] of model.children()) modulesIn(child, path === "" ? name : `${path}.${name}`, found);
  return found;
}

/** Puts a function in the place of a method of one object, out of sight of those who list its fields; returns what undoes it. */
export function replaceMethod(object: object, name: string, value: unknown): () => void {
  const own = Object.getOwnPropertyDescriptor(object, name);
  Object.defineProperty(object, name, { value, configurable: true, writable: true, enumerable: false });
  return () => {
    if (own) Object.defineProperty(object, name, own);
    else Reflect.deleteProperty(object, name);
  };
}
