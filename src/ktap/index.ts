/** KTAP, the format in which the kernel's tests tell their results: lines in, results out. */
export { parseKtap, KtapParser } from "./parse.js";
export { caseName, countCases, countsText, isFailure, ktapCases } from "./cases.js";
export type { KtapCase, KtapCounts } from "./cases.js";
export { LIMITS } from "./model.js";
export type { KtapDirective, KtapDocument, KtapProblem, KtapReport, KtapStatus, KtapTest } from "./model.js";
