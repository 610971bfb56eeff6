/** Measures in a page when it is asked. */
import { measure } from "./step.ts";

declare global {
  interface Window {
    measure: typeof measure;
  }
}

window.measure = measure;
