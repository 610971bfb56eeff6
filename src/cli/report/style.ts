/** The colours of a report, light or dark as the reader's system is. */
export const colors = `
:root {
  color-scheme: light dark;
  --paper: #fbfaf7; --card: #ffffff; --ink: #1d232b; --quiet: #66707c; --line: #e3e2dc;
  --raw: #c5d7ee; --training: #2563b8; --validation: #d0562b; --band: #f5ddd3;
  --series-0: #2563b8; --series-1: #d0562b; --series-2: #1f8a5b; --series-3: #a3429c;
  --series-4: #a87700; --series-5: #0d8fa8; --series-6: #c2255c; --series-7: #5c6672;
  --heat-0: #f1eefa; --heat-1: #dbd5f0; --heat-2: #bfbde3; --heat-3: #9fa6d8; --heat-4: #7c8ecc;
  --heat-5: #5a77bd; --heat-6: #3f60a8; --heat-7: #2d4a8c; --heat-8: #1f356d; --heat-9: #12214a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171c; --card: #1b2027; --ink: #e6e8eb; --quiet: #97a1ad; --line: #2d343d;
    --raw: #3a587f; --training: #6fa8f5; --validation: #f28b5e; --band: #4a3128;
    --series-0: #6fa8f5; --series-1: #f28b5e; --series-2: #5cc795; --series-3: #d58ad0;
    --series-4: #e0b341; --series-5: #5cc8dd; --series-6: #f2789f; --series-7: #a9b3bf;
    --heat-0: #1d2440; --heat-1: #25305a; --heat-2: #2d3f76; --heat-3: #365092; --heat-4: #4264ad;
    --heat-5: #557cc4; --heat-6: #7096d6; --heat-7: #93b2e4; --heat-8: #bcd0f0; --heat-9: #ebf2fc;
  }
}
`;

/** The dress of a report: light or dark as the reader's system is, readable in print, nothing from the network. */
export const style = `
${colors}* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
main { max-width: 60rem; margin: 0 auto; padding: 3rem 1.5rem 4rem; }
h1 { margin: 0; font-size: 2rem; letter-spacing: -0.02em; line-height: 1.2; overflow-wrap: anywhere; }
h2 { margin: 2.75rem 0 0.9rem; font-size: 1.15rem; }
.subtitle { margin: 0.35rem 0 0; color: var(--quiet); overflow-wrap: anywhere; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr)); gap: 0.9rem; margin: 2rem 0 0; }
.figures div { padding: 0.9rem 1.1rem; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.figures dt { color: var(--quiet); font-size: 0.85rem; }
.figures dd { margin: 0.1rem 0 0; font-size: 1.6rem; font-weight: 600; font-variant-numeric: tabular-nums; }
figure { margin: 0; padding: 1rem; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
figure svg { display: block; width: 100%; height: auto; }
figcaption { display: flex; flex-wrap: wrap; gap: 0.3rem 1.4rem; padding: 0 0.5rem 0.4rem; color: var(--quiet); font-size: 0.88rem; }
.key { display: inline-block; width: 1.3rem; height: 3px; margin-right: 0.5rem; border-radius: 2px; vertical-align: middle; }
.tables { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 2.75rem 2.5rem; margin-top: 2.75rem; }
table { width: 100%; border-collapse: collapse; font-size: 0.93rem; }
caption { padding: 0 0 0.5rem; text-align: left; font-weight: 600; font-size: 1.15rem; }
th, td { padding: 0.38rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { padding-right: 1rem; color: var(--quiet); font-weight: 400; white-space: nowrap; }
td { text-align: right; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.wide { margin-top: 2.75rem; overflow-x: auto; }
.grid th[scope="col"] { text-align: right; padding: 0.38rem 0 0.38rem 1rem; }
.grid th[scope="col"]:first-child { text-align: left; padding-left: 0; }
.grid td { padding-left: 1rem; overflow-wrap: normal; }
.confusion { border-collapse: separate; border-spacing: 3px; width: auto; font-size: 0.88rem; }
.confusion td, .confusion th { border: 0; padding: 0.3rem 0.5rem; }
.confusion td { min-width: 2.6rem; text-align: center; border-radius: 4px; background: var(--line); }
.confusion thead th { text-align: center; }
.several { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 0.9rem; margin-top: 0.9rem; }
.several.small { grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr)); }
.several figure { padding: 0.8rem 0.7rem 0.5rem; min-width: 0; }
.several h4 { margin: 0 0.3rem 0.4rem; font-size: 0.93rem; font-weight: 600; overflow-wrap: anywhere; }
.several h4 .key { height: 0.6rem; width: 0.6rem; border-radius: 50%; margin-right: 0.4rem; }
.setting h2 { margin-bottom: 0; }
.setting .wide { margin-top: 0.6rem; }
.setting .grid td { white-space: nowrap; }
.setting .grid th[scope="row"] { min-width: 7rem; max-width: 18rem; white-space: normal; overflow-wrap: anywhere; }
.setting .reasons td:last-child { white-space: normal; text-align: left; min-width: 14rem; padding-left: 1.5rem; }
.setting .reasons th[scope="col"]:last-child { text-align: left; padding-left: 1.5rem; }
.setting .reasons { margin-top: 1.6rem; }
.reasons caption { font-size: 0.93rem; }
.heats { display: flex; flex-wrap: wrap; align-items: center; gap: 0.3rem 0.6rem; margin: 1.6rem 0 0; color: var(--quiet); font-size: 0.88rem; }
.heats i { display: inline-block; width: 1.1rem; height: 0.8rem; }
.heats .scale { display: inline-flex; }
.heats .none { background: var(--line); vertical-align: -0.1rem; }
.note { color: var(--quiet); font-size: 0.93rem; margin: 0.6rem 0 0; }
.sample {
  margin: 0; padding: 1.1rem 1.3rem; background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  font: 0.98rem/1.6 Georgia, "Times New Roman", serif; white-space: pre-wrap; overflow-wrap: anywhere;
}
.earlier { display: grid; gap: 0.8rem; }
.earlier .sample { font-size: 0.9rem; }
.earlier h3 { margin: 0.6rem 0 0.35rem; color: var(--quiet); font-size: 0.88rem; font-weight: 400; }
@media print { main { padding: 0; } figure, .sample, .figures div { break-inside: avoid; } }
`;
