/** The form of the network's settings, the address that holds them, and the curve of the activation. */
import { activation, activationCatalogue, activationMap, ExpressionError, OptionError } from "unrolled/activations";
import { UnsupportedRuntimeError } from "unrolled/wasm";
import { LineChart } from "../charts/lineChart.ts";
import { type CellName, cells, hashOf, type Settings, settingsFrom } from "../settings.ts";
import { element } from "./elements.ts";
import { onLanguageChange, text } from "./language.ts";

const cell = element<HTMLSelectElement>("cell");
const activationField = element<HTMLInputElement>("activation");
const note = element("activation-note");
const numbers = {
  hiddenSize: element<HTMLInputElement>("hidden"),
  layers: element<HTMLInputElement>("layers"),
  window: element<HTMLInputElement>("window"),
  learningRate: element<HTMLInputElement>("rate"),
} as const;
const curve = new LineChart(element("activation-chart"), {
  height: 110,
  lines: [{ color: "--accent" }, { color: "--second", width: 1.5 }],
});

const x = Float32Array.from({ length: 121 }, (_, i) => (i - 60) / 15);

/** Names that a layer takes besides those of the catalogue. */
const builtIn = ["tanh", "sigmoid", "relu", "leakyRelu", "elu", "softplus", "gelu", "silu"];

/** What the form says; the browser has checked the numbers. */
export function settingsChosen(): Settings {
  return {
    cell: cells.find((name) => name === cell.value) as CellName,
    hiddenSize: Number(numbers.hiddenSize.value),
    layers: Number(numbers.layers.value),
    window: Number(numbers.window.value),
    learningRate: Number(numbers.learningRate.value),
    activation: activationField.value.trim(),
  };
}

export function chooseSettings(settings: Settings): void {
  cell.value = settings.cell;
  activationField.value = settings.activation;
  for (const [name, field] of Object.entries(numbers)) field.value = String(settings[name as keyof typeof numbers]);
  showActivation();
}

/** Draws the function and its derivative, or says where the text is wrong; whether it can be used. */
function showActivation(): boolean {
  let message = "";
  try {
    const map = activationMap(activation(activationField.value.trim()));
    curve.show([x, map(x), map.derivative(x)]);
  } catch (error) {
    if (error instanceof UnsupportedRuntimeError) message = text("noWasm");
    else if (error instanceof ExpressionError || error instanceof OptionError) message = error.message;
    else throw error;
  }
  note.textContent = message || text("activationHint");
  note.classList.toggle("wrong", message !== "");
  activationField.setCustomValidity(message === "" ? "" : text("badActivation"));
  activationField.setAttribute("aria-invalid", String(message !== ""));
  return message === "";
}

/** Fills the form from the address, and keeps the address as the form is. */
export function startSettings(): void {
  const names = [...new Set([...builtIn, ...Object.keys(activationCatalogue)])];
  element("activations").replaceChildren(...names.map((name) => new Option(name)));
  chooseSettings(settingsFrom(location.hash));
  activationField.addEventListener("input", showActivation);
  element<HTMLFormElement>("form").addEventListener("change", () => {
    if (element<HTMLFormElement>("form").checkValidity()) history.replaceState(null, "", hashOf(settingsChosen()));
  });
  addEventListener("hashchange", () => chooseSettings(settingsFrom(location.hash)));
  onLanguageChange(showActivation);
}
