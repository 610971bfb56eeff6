/** What a file of weights says of itself. */
import { DataError, decodeSafetensors } from "unrolled/io";
import { hashOf, settingsFrom } from "../settings.ts";
import type { FileCard } from "./setup.ts";

/** The name of the card in a file's metadata. */
export const CARD = "playground";

/**
 * The card of a file.
 * @throws {WeightsError} when the file is damaged; {DataError} with the `code` of what is wrong when it is no file of this
 *   page, or of another version of it.
 */
export function cardOf(bytes: Uint8Array): FileCard {
  const text = decodeSafetensors(bytes).metadata[CARD];
  if (text === undefined) throw new DataError("foreign");
  let card: Partial<FileCard>;
  try {
    card = JSON.parse(text);
  } catch {
    throw new DataError("foreign");
  }
  if (card.version !== 1) throw new DataError("version");
  const { settings, kind, characters, scale } = card;
  const complete =
    (kind === "text" && Array.isArray(characters) && characters.every((character) => typeof character === "string")) ||
    (kind === "series" && Number.isFinite(scale?.mean) && Number.isFinite(scale?.deviation));
  // Settings that this page cannot have would be read as others.
  if (!complete || !settings || hashOf(settingsFrom(hashOf(settings))) !== hashOf(settings))
    throw new DataError("foreign");
  return card as FileCard;
}
