import { appendFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { json } from '../../core/escape/json.ts';
import { redact, redactDeep } from '../../core/secrets/registry.ts';
import type { rehearsalFiles } from '../../workspace/layout.ts';
import { ERROR_TAR, INSTALL_LOG } from './configs.ts';
import type { Sign } from './types.ts';

/** Bytes of events that are kept; a guest that floods is not written down to its end. */
const MOST_EVENTS = 16 << 20;

export type Posted = ReturnType<typeof keepPosted>;

/** Keeps what the guest posts: every event as a line, curtin's log, and its archive of logs. Names of the guest are never paths. */
export function keepPosted(files: ReturnType<typeof rehearsalFiles>) {
  let installLog = '';
  let written = 0;
  let writing: Promise<void> = Promise.resolve();
  const keep = (path: string, content: string | Buffer) => {
    // A full disk is seen by the watch on the host.
    writing = writing.then(() => writeFile(path, content, { mode: 0o600 })).catch(() => {});
  };
  return {
    see(sign: Sign, seconds: number): void {
      const shown =
        sign.type !== 'status'
          ? sign
          : {
              ...sign.event,
              type: 'status',
              files: sign.event.files.map(({ path, content }) => ({ path, bytes: content.length })),
            };
      const line = `${json(redactDeep({ seconds, ...shown }), 0)}\n`;
      if (written < MOST_EVENTS) {
        written += line.length;
        try {
          appendFileSync(files.events, line, { mode: 0o600 });
        } catch {
          // as above
        }
      }
      if (sign.type !== 'status') return;
      for (const { path, content } of sign.event.files) {
        if (path === INSTALL_LOG) {
          installLog = redact(content.toString('utf8'));
          keep(files.installLog, installLog);
        } else if (path === ERROR_TAR) keep(files.errorTar, content);
      }
    },
    installLog: () => installLog,
    /** Everything is on the disk. */
    done: () => writing,
  };
}
