/** What a sweep found, as a page. */
import type { Finding } from "./sweep.ts";

/** Results by the names of builds and of activations. */
export type Findings = Readonly<Record<string, Readonly<Record<string, Finding>>>>;

const count = (value: number): string => value.toLocaleString("en-US");
const at = (x: number): string => String(Number(x.toPrecision(9)));

/** A Markdown page with a table for each build. */
export function pageOf(findings: Findings): string {
  const tables = Object.entries(findings).map(([build, byName]) => {
    const rows = Object.entries(byName).map(([name, { inputs, value, slope, wrong }]) => {
      const cells = [name, value.error.toFixed(2), at(value.x), slope.error.toFixed(2), at(slope.x), count(wrong)];
      return `| ${[...cells, count(inputs)].join(" | ")} |`;
    });
    return [
      `## The ${build} build`,
      "",
      "| activation | largest error, ulp | at x | largest error of f′, 2⁻²³ | at x | wrong specials | inputs |",
      "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
      ...rows,
      "",
    ].join("\n");
  });
  return `# How accurate the activations are

Every float32 there is, 4,294,967,296 of them, NaN, infinities, zeros and subnormal numbers among them, goes through every
activation and its derivative with their default options, and what comes out is held to the formula in float64
(bench/accuracy/references.ts). An ulp is the distance of float32 numbers where the exact value lies, 2⁻¹⁴⁹ for subnormal ones;
values of hardSigmoid and modifiedElliott below 0.5, and of snake below 1, are differences of numbers of that size and are held
to its ulp. Errors of derivatives are in units of 2⁻²³, an ulp of 1; derivatives from 2 on in their own. A wrong special is a
NaN, an infinity or a number where the formula's limit is another.

Where a row has fewer inputs, a stride was taken over the bit patterns. Expressions that are written as texts follow the
arithmetic of IEEE 754: x * sigmoid(x) is −∞·0 = NaN at −∞, where swish and silu give their limit.

Made by \`npm run accuracy\`, which goes on where it was when it is ended; \`--only NAME,NAME\` takes some, \`--stride N\` every
N-th number, \`--deterministic\` the build that gives the same bits on every machine.

${tables.join("\n")}`;
}
