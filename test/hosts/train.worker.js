import { serveTraining } from "unrolled/worker";
import { makeWork } from "./work.js";

serveTraining(makeWork);
