import type { BootTrouble } from './boot-trouble.ts';

/** The description of sshd's unit, in Debian and Ubuntu, and in others; systemd shortens the unit's name. */
const UNIT = '.{0,80}(?:OpenBSD Secure Shell server|OpenSSH server daemon)(?! socket)';
const FAILED = new RegExp(`Failed to start ${UNIT}`);
const STARTED = new RegExp(`Started ${UNIT}`);
/** The block in which cloud-init prints the public host keys (cc_keys_to_console). */
const KEYS_BEGIN = '-----BEGIN SSH HOST KEY KEYS-----';
const KEYS_END = '-----END SSH HOST KEY KEYS-----';
const KEY = /\b(?:ssh|ecdsa|sk)-\S{1,60} AAAA/;

/** Follows on the console whether sshd runs, and whether it has host keys. */
export class SshdConsole {
  #failedAt: number | undefined;
  #inKeys = false;
  /** Null: cloud-init has not printed them. */
  #keys: number | null = null;
  readonly #now: () => number;

  /** @param now milliseconds */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  see(line: string): void {
    if (FAILED.test(line)) this.#failedAt ??= this.#now();
    else if (STARTED.test(line)) this.#failedAt = undefined;
    else if (line.includes(KEYS_BEGIN)) {
      this.#inKeys = true;
      this.#keys = 0;
    } else if (line.includes(KEYS_END)) this.#inKeys = false;
    else if (this.#inKeys && KEY.test(line)) this.#keys!++;
  }

  /** Whether its unit has failed, and has not started again for so many seconds. */
  failedFor(seconds: number): boolean {
    return this.#failedAt !== undefined && this.#now() - this.#failedAt >= seconds * 1000;
  }

  /** The reason for which nobody can log in, as far as the console names it. @param cut whether the power of the first boot was cut */
  trouble(cut: boolean): Pick<BootTrouble, 'cause' | 'remedy'> {
    if (this.#failedAt === undefined)
      return {
        cause: 'The installed system has no network or no sshd',
        remedy: 'openssh-server must be in the image and enabled; boot.log names the units that failed.',
      };
    // After a cut cloud-init may have noted that it has printed them, too.
    if (cut ? (this.#keys ?? 0) > 0 : this.#keys !== 0)
      return {
        cause: 'sshd of the installed system does not start',
        remedy:
          'Check /etc/ssh/sshd_config and sshd_config.d of the image with sshd -t (check `sshd` of validate).',
      };
    return cut
      ? {
          cause:
            'sshd has no host keys: the power was cut before they were on the disk, and cloud-init, which has noted them as made, does not make them again',
          remedy:
            'Deploy such a machine again. An image that survives it has a unit before ssh.service that deletes empty files /etc/ssh/ssh_host_* and runs ssh-keygen -A.',
        }
      : {
          cause: 'sshd has no host keys: cloud-init has made none, or they are empty',
          remedy:
            'Check ssh_deletekeys and ssh_genkeytypes in /etc/cloud of the image, and that cloud_init_modules has `ssh`.',
        };
  }
}
