import { Command } from "commander";
import { compareCommand } from "./compare.ts";
import { listActivations } from "./list.ts";
import { plotCommand } from "./plot.ts";

/** `unrolled activations`: what there is, and what becomes of networks with it. */
export function activationsCommand(root: Command): Command {
  const group = new Command("activations")
    .description("list activation functions, draw them, compare how networks learn with them")
    .copyInheritedSettings(root)
    .action(() => listActivations());
  for (const command of [compareCommand(), plotCommand()]) group.addCommand(command.copyInheritedSettings(root));
  return group;
}
