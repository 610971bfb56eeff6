import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/** The folder of the peers' package.json, from the source and from the compiled program alike. */
export const peersFolder = fileURLToPath(new URL("../../bench/peers/", import.meta.url));

const require = createRequire(new URL("../../bench/peers/package.json", import.meta.url));

/** A peer's package, which may or may not be installed; `T` names the part of it that is used. */
export function load<T>(name: string): Promise<T> {
  return Promise.resolve(require(name) as T);
}

/** The version of a peer's package, of this one, or of what runs plain JavaScript. */
export function packageVersion(name: string): string {
  if (name === "javascript") return `V8 of Node ${process.version}`;
  const folder = name === "unrolled" ? "../../" : `${peersFolder}node_modules/${name}/`;
  return (require(`${folder}package.json`) as { version: string }).version;
}

/** Where the binaries of a package are; nothing here, for in Node each finds its own. The page has others. */
export function fileAddresses(_name: string): Readonly<Record<string, string>> | undefined {
  return undefined;
}
