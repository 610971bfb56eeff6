/** The program in a page: what it found, or what went wrong, becomes the text of #outcome. */
import { runAll } from "./program.js";

const told = document.getElementById("outcome");
runAll().then(
  (outcome) => {
    told.textContent = JSON.stringify(outcome);
  },
  (error) => {
    told.textContent = JSON.stringify({ error: String(error?.stack ?? error) });
  },
);
