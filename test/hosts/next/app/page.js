"use client";
import { useEffect, useState } from "react";
import { runAll } from "../program.js";

export default function Page() {
  const [outcome, setOutcome] = useState("");
  useEffect(() => {
    runAll().then(
      (found) => setOutcome(JSON.stringify(found)),
      (error) => setOutcome(JSON.stringify({ error: String(error?.stack ?? error) })),
    );
  }, []);
  return <pre id="outcome">{outcome}</pre>;
}
