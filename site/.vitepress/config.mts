import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitepress";

interface Entry {
  readonly text: string;
  readonly link?: string;
  readonly items?: Entry[];
}

/** The reference's own contents, which TypeDoc has written. */
const api: Entry[] = JSON.parse(
  readFileSync(fileURLToPath(new URL("../pages/api/typedoc-sidebar.json", import.meta.url)), "utf8"),
);

const guides = [
  ["start", "Start", "开始"],
  ["text", "A model of text", "文本模型"],
  ["forecasting", "Forecasting", "时间序列预测"],
  ["weights", "Weights in and out", "权重的读写"],
  ["expressions", "Activations of your own", "自定义激活函数"],
  ["activations", "Which activation", "该用哪种激活函数"],
  ["browser", "In the browser", "在浏览器中"],
  ["determinism", "The same bits everywhere", "处处相同的比特"],
] as const;

const english = guides.map(([name, text]) => ({ text, link: `/${name}` }));
const chinese = guides.map(([name, , text]) => ({ text, link: `/zh/${name}` }));

export default defineConfig({
  title: "unrolled",
  description: "Recurrent networks at native speed, anywhere JavaScript runs",
  srcDir: "pages",
  outDir: "../build/site",
  cacheDir: "../build/site-cache",
  cleanUrls: true,
  lastUpdated: false,
  // Files as they are, which the site hands out beside its pages.
  ignoreDeadLinks: [/^\/comparisons\//],
  themeConfig: { search: { provider: "local" } },
  locales: {
    root: {
      label: "English",
      lang: "en",
      themeConfig: {
        nav: [
          { text: "Guides", link: "/start" },
          { text: "API", link: "/api/" },
          { text: "Accuracy", link: "/accuracy" },
          { text: "Changelog", link: "/changelog" },
        ],
        sidebar: {
          "/api/": api,
          "/": [
            { text: "Guides", items: english },
            { text: "Accuracy", link: "/accuracy" },
          ],
        },
      },
    },
    zh: {
      label: "简体中文",
      lang: "zh-CN",
      link: "/zh/",
      themeConfig: {
        nav: [
          { text: "指南", link: "/zh/start" },
          { text: "API", link: "/api/" },
        ],
        sidebar: [{ text: "指南", items: chinese }],
        outline: { label: "本页目录" },
        docFooter: { prev: "上一页", next: "下一页" },
        darkModeSwitchLabel: "外观",
        returnToTopLabel: "回到顶部",
      },
    },
  },
});
