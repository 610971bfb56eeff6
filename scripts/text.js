/**
 * Bytes as text that src/runtime/binary.ts reads, given an order of the 256 bytes: the first ones are one character each,
 * the others one of two marks and a character. All characters are printable and mean themselves inside double quotes and in a page.
 *
 * What repeats in the bytes repeats in the text, so a server's compression finds it: the result is as small as the
 * compressed bytes, where base64 comes to five quarters of that and hexadecimal digits to eleven tenths.
 */

const MARKS = "~}";

/** What a byte may be written as: printable, but for marks, quote, backslash, and what could end a script. */
const characters = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).filter(
  (character) => !`${MARKS}"\\<`.includes(character),
);

/** The 256 bytes, the most frequent first. */
export function orderOf(bytes) {
  const counts = new Array(256).fill(0);
  for (const byte of bytes) counts[byte]++;
  return [...counts.keys()].sort((a, b) => counts[b] - counts[a] || a - b);
}

/** An order in hexadecimal digits, which texts in that order are read with. */
export const headerOf = (order) => Buffer.from(order).toString("hex");

export function toText(bytes, order) {
  const written = new Array(256);
  order.forEach((byte, place) => {
    const plane = Math.floor(place / characters.length);
    written[byte] = (plane === 0 ? "" : MARKS[plane - 1]) + characters[place % characters.length];
  });
  return Array.from(bytes, (byte) => written[byte]).join("");
}
