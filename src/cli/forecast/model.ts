import { type Dataset, decodeSafetensors, noGrad, Scaler, type ScalerState, tensor } from "../../index.ts";
import { Failure, lineOf } from "../failure.ts";
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

const FORMAT = "unrolled-forecaster-1";

/** A model as the bytes of a safetensors file, with everything in its metadata that forecasting needs. */
export function encodeForecaster({ network, ...rest }: ForecastModel): Uint8Array {
  return network.save({ format: FORMAT, model: JSON.stringify(rest) });
}

/**
 * The model in the bytes of a safetensors file.
 * @throws {Failure} when the file is damaged or was not written by `unrolled forecast`.
 */
export function decodeForecaster(path: string, bytes: Uint8Array): ForecastModel {
  try {
    const { tensors, metadata } = decodeSafetensors(bytes);
    if (metadata.format !== FORMAT) {
      throw new Failure("expected a model that `unrolled forecast` has saved, got another safetensors file");
    }
    const description = describe(metadata.model ?? "");
    const { columns, history, horizon, hidden } = description.architecture;
    // Compared before anything is built: sizes decide how much memory that takes.
    const wanted = `[${3 * hidden}, ${columns + 1}] and [${horizon}, ${history}]`;
    const got = ["gru.weight_ih_l0", "linear.weight"]
      .map((name) => `[${tensors[name]?.shape.join(", ")}]`)
      .join(" and ");
    if (wanted !== got) throw new Failure(`expected weights of ${wanted}, as its metadata says, got ${got}`);
    const network = new Forecaster(description.architecture);
    network.loadStateDict(tensors);
    network.eval();
    return { ...description, network };
  } catch (error) {
    throw new Failure(`${path}: ${lineOf(error)}`);
  }
}

type Description = Omit<ForecastModel, "network">;

function describe(text: string): Description {
  let value: Partial<Description> | null;
  try {
    value = JSON.parse(text);
  } catch {
    value = null;
  }
  const { architecture: sizes, names, scaling, widths } = value ?? {};
  const readable =
    [sizes?.columns, sizes?.history, sizes?.horizon, sizes?.hidden].every(
      (n) => Number.isSafeInteger(n) && Number(n) > 0,
    ) &&
    [names, scaling?.offset, scaling?.scale].every((list) => list?.length === sizes?.columns) &&
    widths?.length === sizes?.horizon;
  if (!readable) throw new Failure("its metadata has no readable description of the model");
  return value as Description;
}
