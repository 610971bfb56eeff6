/** What a host that knows .wasm imports gives for one: the compiled module, not yet an instance. */
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
