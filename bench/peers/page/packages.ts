/** The page's own packages.ts: what the build found installed, loaded when asked for. */
import { addresses, loaders, versions } from "virtual:peers";

export async function load<T>(name: string): Promise<T> {
  const loader = loaders[name];
  if (!loader) throw new Error(`${name} is not installed`);
  const module = (await loader()) as { default?: T };
  // A CommonJS package is the default export; a namespace of many names is the package itself.
  return Object.keys(module).length > 1 || module.default === undefined ? (module as T) : module.default;
}

export function packageVersion(name: string): string {
  if (name === "javascript") return navigator.userAgent.match(/(Chrom\w+|Firefox|Version)\/[\d.]+/)?.[0] ?? "";
  return versions[name] ?? "";
}

/** Where the binaries of a package are. */
export function fileAddresses(name: string): Readonly<Record<string, string>> | undefined {
  return addresses[name];
}
