/**
 * A module of its own, a few hundred bytes: reads the text that the engine's binary is inlined as (scripts/text.js). A
 * JavaScript loop that no compiler has warmed up takes longer for that than all the rest of a start.
 *
 * The memory is the caller's to fill: at `text` the characters, at `table` the byte of each character in each of three
 * planes of 128.
 */

/** out[…] := the bytes that `count` characters at `text` stand for; returns how many. `out` may be `text`: it lags behind. */
export function decode(text: usize, count: usize, table: usize, out: usize): usize {
  const start = out;
  let plane: usize = 0;
  for (const end = text + count; text < end; text++) {
    const code = <usize>load<u8>(text);
    if (code == 126) plane = 128;
    else if (code == 125) plane = 256;
    else {
      store<u8>(out, load<u8>(table + plane + code));
      out++;
      plane = 0;
    }
  }
  return out - start;
}
