/** Who may do what: permissions of packages, asked by user id as Android's activity manager does. */
import type { PackageRecord } from "./package-record.js";
import type { PackageStore } from "./package-store.js";

/** A refusal in the words of Android's Java exceptions. */
export class PermissionError extends Error {
  constructor(
    readonly exception: "java.lang.SecurityException" | "java.lang.IllegalArgumentException",
    message: string,
  ) {
    super(message);
  }
}

/** Root may do everything; another user what one of its packages was granted. */
export function hasPermission(packages: PackageStore, uid: number, permission: string): boolean {
  return uid === 0 || packages.byUid(uid).some((record) => record.grantedPermissions.includes(permission));
}

export async function grantPermission(packages: PackageStore, name: string, permission: string): Promise<void> {
  const record = changeable(packages, name, permission);
  if (record.grantedPermissions.includes(permission)) return;
  await packages.put({ ...record, grantedPermissions: [...record.grantedPermissions, permission] });
}

export async function revokePermission(packages: PackageStore, name: string, permission: string): Promise<void> {
  const record = changeable(packages, name, permission);
  const left = record.grantedPermissions.filter((granted) => granted !== permission);
  await packages.put({ ...record, grantedPermissions: left });
}

/** Only what a package asks for in its manifest can be granted to it (PermissionManagerServiceImpl). */
function changeable(packages: PackageStore, name: string, permission: string): PackageRecord {
  const record = packages.get(name);
  if (!record) throw new PermissionError("java.lang.IllegalArgumentException", `Unknown package: ${name}`);
  if (!/^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)+$/.test(permission)) {
    throw new PermissionError("java.lang.IllegalArgumentException", `Unknown permission: ${permission}`);
  }
  if (!record.requestedPermissions.includes(permission)) {
    throw new PermissionError(
      "java.lang.SecurityException",
      `Package ${name} has not requested permission ${permission}`,
    );
  }
  return record;
}
