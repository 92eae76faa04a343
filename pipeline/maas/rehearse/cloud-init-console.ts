import type { BootTrouble } from './boot-trouble.ts';

/** Each stage of cloud-init begins with it; the first one is long before any login. */
const RUNS = /\bCloud-init v\. ?\S{1,80} running '/;
/** Names of targets of systemd, with and without the unit's own. */
const LOGIN = /Reached target .{0,60}(?:Login Prompts|Multi-User System)/;

/** Follows on the console whether cloud-init runs before the system lets anybody log in. */
export class CloudInitConsole {
  #runs = false;
  #loginAt: number | undefined;
  readonly #now: () => number;

  /** @param now milliseconds */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  see(line: string): void {
    if (RUNS.test(line)) this.#runs = true;
    else if (LOGIN.test(line)) this.#loginAt ??= this.#now();
  }

  /** Whether the system has been up for so many seconds, and cloud-init has not begun. */
  absentFor(seconds: number): boolean {
    return !this.#runs && this.#loginAt !== undefined && this.#now() - this.#loginAt >= seconds * 1000;
  }
}

export const NOT_RUN: BootTrouble = {
  said: 'the installed system is up, and cloud-init has not run',
  cause: 'cloud-init is switched off, or finds no data source: nothing on the disk names MAAS to it',
  remedy:
    'Check what switches cloud-init off in the image (check `cloud-init-enabled` of validate). Curtin up to 23.1 names MAAS by debconf alone, which the package cloud-init of Ubuntu has and that of Debian has not.',
};
