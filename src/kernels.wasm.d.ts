/** What a host that knows .wasm imports gives for one: the compiled module, not yet an instance. */
declare const kernels: WebAssembly.Module;
export default kernels;
