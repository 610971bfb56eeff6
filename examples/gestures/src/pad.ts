/** A place to draw. */
import type { Point, Stroke } from "./stroke.ts";

/** Fewer points than this are a tap. */
const LEAST_POINTS = 6;

export interface PadWatcher {
  /** A stroke that goes on. */
  drawing(stroke: Stroke): void;
  /** A stroke that has ended. */
  drawn(stroke: Stroke): void;
}

/** Follows one pointer at a time, pen, finger or mouse, and shows its stroke. */
export function startPad(canvas: HTMLCanvasElement, watcher: PadWatcher): void {
  let stroke: Point[] = [];
  let pointer: number | undefined;

  const resize = (): void => {
    const { width, height } = canvas.getBoundingClientRect();
    canvas.width = Math.round(width * devicePixelRatio);
    canvas.height = Math.round(height * devicePixelRatio);
  };
  new ResizeObserver(resize).observe(canvas);

  const draw = (): void => {
    const context = canvas.getContext("2d");
    if (!context) return;
    context.clearRect(0, 0, canvas.width, canvas.height);
    drawStroke(context, stroke, devicePixelRatio, getComputedStyle(canvas).color);
  };

  const pointOf = (event: PointerEvent): Point => {
    const { left, top } = canvas.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };

  canvas.addEventListener("pointerdown", (event) => {
    if (pointer !== undefined) return;
    pointer = event.pointerId;
    canvas.setPointerCapture(pointer);
    stroke = [pointOf(event)];
    draw();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer) return;
    // What came between two pictures is part of the stroke too.
    const events = event.getCoalescedEvents?.() ?? [];
    for (const each of events.length > 0 ? events : [event]) stroke.push(pointOf(each));
    draw();
    if (stroke.length >= LEAST_POINTS) watcher.drawing(stroke);
  });
  const end = (event: PointerEvent): void => {
    if (event.pointerId !== pointer) return;
    pointer = undefined;
    if (stroke.length >= LEAST_POINTS) watcher.drawn(stroke);
  };
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", end);
}

export function drawStroke(context: CanvasRenderingContext2D, stroke: Stroke, scale: number, color: string): void {
  context.lineWidth = 3 * scale;
  context.lineCap = "round";
  context.lineJoin = "round";
  context.strokeStyle = color;
  context.beginPath();
  for (const { x, y } of stroke) context.lineTo(x * scale, y * scale);
  context.stroke();
}
