/** Names of the reports that a run leaves in its folder, and a merge in its own. */

/** Results alone, for other programs. */
const RESULT_FILES = ["junit.xml", "test_result.xml"] as const;
export type ResultFile = (typeof RESULT_FILES)[number];

/** All, in the order in which they are written and listed. */
export const REPORT_FILES = ["report.html", "trace.json", ...RESULT_FILES] as const;
export type ReportFile = (typeof REPORT_FILES)[number];
