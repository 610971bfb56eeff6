import { binaryOf, type Inlined } from "./binary.ts";
import { engine, moduleBeside } from "./engine.ts";
import { ConfigurationError, UnsupportedRuntimeError } from "./errors.ts";
import type { BesideCore } from "./instance.ts";

/**
 * Starts a module beside the core: the one that was handed over, or the inlined one of the engine's build.
 * @throws {UnsupportedRuntimeError} when the runtime compiles no bytes and no compiled module was handed over;
 * {ConfigurationError} when what was handed over does not start.
 */
export function attach<Name extends keyof BesideCore>(name: Name, inlined: Inlined): BesideCore[Name] {
  const running = engine();
  const given = moduleBeside(name);
  try {
    return running.attach(name, given ?? binaryOf(running.build, inlined));
  } catch (cause) {
    if (given) {
      throw new ConfigurationError(
        `configure ${name}: expected the module unrolled/${name}.wasm of the engine's own build, got one that does not start`,
        { cause },
      );
    }
    throw new UnsupportedRuntimeError(
      `this runtime does not allow WebAssembly to be compiled from bytes; hand over both compiled modules with configure({ module, ${name} })`,
      { cause },
    );
  }
}
