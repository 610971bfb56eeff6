/** The playground: whoever opens it watches a network learn. Nothing of it leaves the page. */

import { element, show } from "./page/elements.ts";
import { startLanguage, switchLanguage, text } from "./page/language.ts";
import { startMaterial } from "./page/material.ts";
import { settingsChosen, startSettings } from "./page/settingsForm.ts";
import { startTraining } from "./page/training.ts";
import { hashOf } from "./settings.ts";
import "./style.css";

const root = document.documentElement;

function switchScheme(): void {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = root.dataset.scheme ?? (dark ? "dark" : "light");
  root.dataset.scheme = now === "dark" ? "light" : "dark";
}

async function share(): Promise<void> {
  history.replaceState(null, "", hashOf(settingsChosen()));
  await navigator.clipboard.writeText(location.href);
  show("status", text("copied"));
}

startLanguage();
startSettings();
startMaterial(() => undefined);
startTraining();
element("scheme").addEventListener("click", switchScheme);
element("language").addEventListener("click", switchLanguage);
element("share").addEventListener("click", () => {
  share().catch(() => show("status", location.href));
});
// An embedded page asks by its address for what it is to show.
if (new URLSearchParams(location.search).has("embedded")) root.dataset.embedded = "";
root.dataset.ready = "";
