import { tensor } from "unrolled";

if (typeof tensor !== "function") throw new Error("expected the library, got something else");
