/** Codes of failures that are about labs that devices are leased from. */
export type LabErrorCode =
  | "LAB_ADDRESS"
  | "LAB_ANSWER"
  | "LAB_CONFIG"
  | "LAB_COORDINATOR"
  | "LAB_CREDENTIALS"
  | "LAB_FORGOTTEN"
  | "LAB_KIND"
  | "LAB_NO_DEVICE"
  | "LAB_NO_PLACE"
  | "LAB_REFUSED"
  | "LEASE_LOST";
