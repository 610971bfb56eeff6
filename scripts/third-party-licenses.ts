import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The part of a bundler's plug-in that this one is. */
interface BundlePlugin {
  name: string;
  generateBundle(
    this: { emitFile(file: { type: "asset"; fileName: string; source: string }): unknown },
    options: unknown,
    bundle: Record<string, object>,
  ): void;
}

/** The folder of the package a bundled file came from, or null for a file of our own. */
function packageOf(id: string): string | null {
  return /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id)?.[1] ?? null;
}

/** Name, version and licence of a package, with the texts it asks to be passed on. */
function notice(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const texts = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && /^(licen[cs]e|notice)/i.test(entry.name))
    .map((entry) => readFileSync(join(folder, entry.name), "utf8").trim());
  return [`${name} ${version} (${license})`, ...texts].join("\n\n");
}

/** Leaves the licences of everything bundled beside the bundle, as those licences ask. */
export function thirdPartyLicenses(fileName: string): BundlePlugin {
  return {
    name: "third-party-licenses",
    generateBundle(_options, bundle) {
      const ids = Object.values(bundle).flatMap((chunk) => ("moduleIds" in chunk ? (chunk.moduleIds as string[]) : []));
      const folders = [...new Set(ids.map(packageOf))].filter((folder) => folder !== null).sort();
      const source = `${folders.map(notice).join(`\n\n${"-".repeat(80)}\n\n`)}\n`;
      this.emitFile({ type: "asset", fileName, source });
    },
  };
}
