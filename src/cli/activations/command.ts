import { Command } from "commander";
import { Failure } from "../failure.ts";
import { compareCommand } from "./compare.ts";
import { listActivations } from "./list.ts";
import { plotCommand } from "./plot.ts";
import { searchCommand } from "./search.ts";

/** `unrolled activations`: what there is, and what becomes of networks with it. */
export function activationsCommand(root: Command): Command {
  const commands = [compareCommand(), plotCommand(), searchCommand()];
  const group = new Command("activations")
    .description("list activation functions, draw them, compare how networks learn with them, search for better ones")
    .copyInheritedSettings(root)
    .allowExcessArguments()
    .action((_, { args: [other] }: Command) => {
      if (other !== undefined) {
        const names = commands.map((command) => command.name()).join(", ");
        throw new Failure(`activations: expected ${names}, or nothing to list them all, got ${JSON.stringify(other)}`);
      }
      listActivations();
    });
  for (const command of commands) group.addCommand(command.copyInheritedSettings(root));
  return group;
}
