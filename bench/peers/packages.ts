import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/** The folder of the peers' package.json, from the source and from the compiled program alike. */
export const peersFolder = fileURLToPath(new URL("../../bench/peers/", import.meta.url));

const require = createRequire(new URL("../../bench/peers/package.json", import.meta.url));

/** A peer's package, which may or may not be installed; `T` names the part of it that is used. */
export function load<T>(name: string): T {
  return require(name) as T;
}

/** The version in a package.json beside the peers', or in the folder of an installed peer. */
export function packageVersion(name: string): string {
  const path = name.startsWith(".") ? name : `${peersFolder}node_modules/${name}/package.json`;
  return (require(path) as { version: string }).version;
}
