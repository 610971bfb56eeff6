/** The page's language: the browser's at first, then the visitor's choice. */
import { en, type Texts } from "../texts/en.ts";
import { zh } from "../texts/zh.ts";

const languages = { en, zh } as const;
type Language = keyof typeof languages;

export type TextName = keyof Texts;
type Details = Readonly<Record<string, string | number>>;

let language: Language = navigator.languages.find((name) => /^(en|zh)\b/.test(name))?.startsWith("zh") ? "zh" : "en";

const watchers: (() => void)[] = [];

/** A text with its details filled in. */
export function text(name: TextName, details: Details = {}): string {
  return languages[language][name].replace(/\{(\w+)\}/g, (all, detail) => formatted(details[detail] ?? all));
}

function formatted(value: string | number): string {
  return typeof value === "number" ? number(value) : value;
}

/** A number as the language writes it. */
export function number(value: number, digits = 0): string {
  return value.toLocaleString(language === "zh" ? "zh-CN" : "en", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

/** Writes the texts of all elements that name one: `data-text`, and `data-title` for those that show a picture. */
function writeTexts(): void {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.title = text("title");
  for (const place of document.querySelectorAll<HTMLElement>("[data-text]")) {
    place.textContent = text(place.dataset.text as TextName, { most: 20, paths: 64 });
  }
  for (const place of document.querySelectorAll<HTMLElement>("[data-title]")) {
    const label = text(place.dataset.title as TextName);
    place.title = label;
    place.setAttribute("aria-label", label);
  }
}

export function startLanguage(): void {
  writeTexts();
}

export function switchLanguage(): void {
  language = language === "zh" ? "en" : "zh";
  writeTexts();
  for (const changed of watchers) changed();
}

/** Calls when another language was chosen. */
export function onLanguageChange(changed: () => void): void {
  watchers.push(changed);
}
