/** The version of a MAAS, as `version/` answers without a key. */
export interface MaasVersion {
  /** Such as "3.4.10". */
  text: string;
  major: number;
  minor: number;
}

/** Reads "3.4.10", "3.5.0~beta1-…" or "3.8.0"; undefined for anything else. */
export function parseVersion(text: string): MaasVersion | undefined {
  const match = /^(\d+)\.(\d+)/.exec(text);
  return match ? { text, major: Number(match[1]), minor: Number(match[2]) } : undefined;
}

export function atLeast(version: MaasVersion, major: number, minor: number): boolean {
  return version.major > major || (version.major === major && version.minor >= minor);
}
