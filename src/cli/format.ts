/** 1234567 → 1,234,567 */
export function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** 12.34 → 12.3 s, 75.25 → 1 min 15 s */
export function seconds(value: number): string {
  return value < 60 ? `${value.toFixed(1)} s` : `${Math.floor(value / 60)} min ${Math.floor(value % 60)} s`;
}

/** A text in lines of at most `width` characters, broken between words where there are any. */
export function wrap(text: string, width: number): string[] {
  return text.split("\n").flatMap((line) => {
    const lines: string[] = [];
    let rest = [...line];
    while (rest.length > width) {
      const space = rest.lastIndexOf(" ", width);
      const at = space > 0 ? space : width;
      lines.push(rest.slice(0, at).join(""));
      rest = rest.slice(space > 0 ? at + 1 : at);
    }
    return [...lines, rest.join("")];
  });
}

/** 0.9733 → 97.33 %, 1 → 100 % */
export function percent(value: number): string {
  return `${Number((value * 100).toFixed(2))} %`;
}
