import { measurement } from "../build.ts";
import { programs } from "./programs.ts";

const files = [...programs.map(({ file }) => file), "stages"];

export default measurement("startup", {
  main: "startup/main.ts",
  ...Object.fromEntries(files.map((file) => [file, `startup/programs/${file}.ts`])),
});
