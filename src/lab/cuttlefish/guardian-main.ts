/** The program that removes a device that was made for a process when that dies, for an orchestrator keeps it. */
import { runGuardian } from "../guardian/run-guardian.js";
import { removeAbandoned, type GuardedGroup } from "./notes.js";

void runGuardian((guarded: GuardedGroup) => removeAbandoned(guarded));
