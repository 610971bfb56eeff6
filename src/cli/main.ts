#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import manifest from "../../package.json" with { type: "json" };
import { activationsCommand } from "./activations/command.ts";
import { classifyCommand } from "./classify/command.ts";
import { lineOf } from "./failure.ts";
import { forecastCommand } from "./forecast/command.ts";
import { resumeCommand } from "./run/resume.ts";
import { sampleCommand } from "./sample.ts";
import { trainCommand } from "./train/command.ts";

const examples = `
Example:
  $ unrolled train my-text.txt --steps 1000
  $ unrolled resume runs/my-text --steps 2000
  $ unrolled sample runs/my-text --prompt "Once "
  $ unrolled classify GunPoint_TRAIN.ts
  $ unrolled forecast sunspots.csv --target Sunspots --horizon 12
  $ unrolled activations compare --task adding --cell rnn,gru --activation tanh,relu

Whatever goes wrong is told in one line, with exit code 1.`;

function program(): Command {
  const root = new Command("unrolled")
    .description("Recurrent networks at native speed: write like a text, tell sequences apart, foretell series.")
    .version(manifest.version)
    .addHelpText("after", examples)
    .exitOverride()
    // What commander would print on stderr is thrown as well, and told below.
    .configureOutput({ writeErr: () => undefined });
  const commands = [trainCommand(), resumeCommand(), sampleCommand(), classifyCommand(), forecastCommand()];
  for (const command of commands) root.addCommand(command.copyInheritedSettings(root));
  root.addCommand(activationsCommand(root));
  return root;
}

/** What commander has to complain about, in this program's words. */
function complaintOf({ code, message }: CommanderError): string {
  if (code === "commander.help") return "expected a command, such as train or classify, got none; see unrolled --help";
  const [, option, complaint] =
    /^error: option '(?:-\w, )?(--[\w-]+).*? is invalid\. (expected .*)$/s.exec(message) ?? [];
  if (option && complaint) return `${option}: ${complaint}`;
  return message.replace(/^error: /, "");
}

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // Whoever was reading has seen enough, as in `unrolled sample … | head`.
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

try {
  await program().parseAsync();
} catch (error) {
  const complaint = error instanceof CommanderError ? complaintOf(error) : error;
  if (!(error instanceof CommanderError) || error.exitCode !== 0) {
    console.error(`unrolled: ${lineOf(complaint)}`);
    process.exitCode = 1;
  }
}
