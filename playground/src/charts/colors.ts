/** Colours of the scheme at hand, which pictures on a canvas cannot take from a style sheet. */

/** The colour that a custom property stands for now. */
export function colorOf(name: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

/** Calls when the scheme has changed, by the system or by the page's switch. */
export function onSchemeChange(changed: () => void): void {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
  new MutationObserver(changed).observe(document.documentElement, { attributeFilter: ["data-scheme"] });
}

type Rgb = readonly [number, number, number];

function rgbOf(name: string): Rgb {
  const canvas = document.createElement("canvas");
  canvas.width = 1;
  canvas.height = 1;
  const context = canvas.getContext("2d", { willReadFrequently: true }) as CanvasRenderingContext2D;
  context.fillStyle = colorOf(name);
  context.fillRect(0, 0, 1, 1);
  const [r, g, b] = context.getImageData(0, 0, 1, 1).data;
  return [r ?? 0, g ?? 0, b ?? 0];
}

const STOPS = 256;

/** A scale of colours from 0 to 1 through those of some custom properties, as 256 stops. */
export function scaleThrough(names: readonly string[]): readonly Rgb[] {
  const fixed = names.map(rgbOf);
  return Array.from({ length: STOPS }, (_, i) => {
    const place = (i / (STOPS - 1)) * (fixed.length - 1);
    const from = Math.min(Math.floor(place), fixed.length - 2);
    const [a, b] = [fixed[from] as Rgb, fixed[from + 1] as Rgb];
    return a.map((value, channel) => value + (place - from) * ((b[channel] as number) - value)) as unknown as Rgb;
  });
}

/** Writes the colour of `share`, from 0 to 1, to a pixel. */
export function paint(data: Uint8ClampedArray, pixel: number, scale: readonly Rgb[], share: number): void {
  const stop = scale[Math.round(Math.min(Math.max(share, 0), 1) * (STOPS - 1))] as Rgb;
  data.set(stop, 4 * pixel);
  data[4 * pixel + 3] = 255;
}
