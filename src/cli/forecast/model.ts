import { type Dataset, noGrad, Scaler, type ScalerState, tensor } from "../../index.ts";
import { areCounts, decodeModel, encodeModel, type ModelFormat } from "../recipe/modelFile.ts";
import { type Architecture, Forecaster } from "./network.ts";

/** All that is needed to foretell what comes after another series of the same columns. */
export interface ForecastModel {
  readonly architecture: Architecture;
  /** The columns: what is foretold, then what helps to. */
  readonly names: readonly string[];
  readonly timeColumn: string | null;
  readonly scaling: ScalerState;
  /** How far the band reaches to both sides, for each step ahead; none before it is measured. */
  readonly widths: readonly number[];
  readonly network: Forecaster;
}

/** Windows in a batch where nothing is learned. */
const BATCH = 256;

/** What the network says for each window, in the unit of the series. */
export function predict({ network, scaling, architecture }: ForecastModel, windows: Dataset): Float64Array[] {
  const scaler = new Scaler(scaling);
  const { horizon } = architecture;
  network.eval();
  const found: Float64Array[] = [];
  for (let start = 0; start < windows.length; start += BATCH) {
    const indices = Int32Array.from({ length: Math.min(BATCH, windows.length - start) }, (_, i) => start + i);
    const values = scaler.invert(noGrad(() => network.forward(windows.batch(indices).input)).toArray());
    for (let b = 0; b < indices.length; b++) found.push(values.slice(b * horizon, (b + 1) * horizon));
  }
  return found;
}

/** What the network says for the rows after the last. */
export function predictNext(model: ForecastModel, columns: readonly Float64Array[]): Float64Array {
  const { history } = model.architecture;
  const rows = columns[0]?.length ?? 0;
  const scaled = new Scaler(model.scaling).transform(columns.map((column) => column.subarray(rows - history)));
  const input = Float32Array.from({ length: history * columns.length }, (_, i) => {
    return scaled[i % columns.length]?.[Math.floor(i / columns.length)] as number;
  });
  const batch = { input: tensor(input, [history, 1, columns.length]), target: tensor([0]) };
  return predict(model, { length: 1, batch: () => batch })[0] as Float64Array;
}

type Description = Omit<ForecastModel, "network">;

const format: ModelFormat<Description> = {
  name: "unrolled-forecaster-1",
  command: "forecast",
  isDescription: ({ architecture, names, scaling, widths }) =>
    areCounts([architecture?.columns, architecture?.history, architecture?.horizon, architecture?.hidden]) &&
    [names, scaling?.offset, scaling?.scale].every((list) => list?.length === architecture?.columns) &&
    widths?.length === architecture?.horizon,
  shapes: ({ architecture: { columns, history, horizon, hidden } }) => ({
    "gru.weight_ih_l0": [3 * hidden, columns + 1],
    "linear.weight": [horizon, history],
  }),
  build: ({ architecture }) => new Forecaster(architecture),
};

/** A model as the bytes of a safetensors file, with everything in its metadata that forecasting needs. */
export function encodeForecaster({ network, ...description }: ForecastModel): Uint8Array {
  return encodeModel(format, network, description);
}

/**
 * The model in the bytes of a safetensors file.
 * @throws {Failure} when the file is damaged or was not written by `unrolled forecast`.
 */
export function decodeForecaster(path: string, bytes: Uint8Array): ForecastModel {
  const [description, network] = decodeModel(format, path, bytes);
  return { ...description, network: network as Forecaster };
}
