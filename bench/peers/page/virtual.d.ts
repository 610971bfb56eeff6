/** Made by the build: the peers that are installed, and the probes of the ceiling. */
declare module "virtual:peers" {
  export const versions: Readonly<Record<string, string>>;
  export const loaders: Readonly<Record<string, () => Promise<unknown>>>;
  export const addresses: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Base64 of each binary. */
  export const probes: readonly string[];
}
