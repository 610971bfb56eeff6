/** The program in workerd: what it found answers the request. */
import { runAll } from "./program.js";

export default {
  async fetch() {
    try {
      return Response.json(await runAll());
    } catch (error) {
      return Response.json({ error: String(error?.stack ?? error) });
    }
  },
};
