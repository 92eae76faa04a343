import { type PasswordState, parsePasswd, parseShadow, passwordState } from '../../parsers/accounts.ts';
import { passwordlessRules } from '../../parsers/sudoers.ts';
import type { Collector } from '../collector.ts';
import type { Account, ImageFacts } from '../facts.ts';
import { shown } from '../names.ts';
import { sshdConfigs, sshdFacts } from './sshd.ts';

const SUDOERS = /^etc\/sudoers(?:\.d\/[^/]+)?$/;
const KEYS =
  /^(?:root|home\/[^/]+|var\/lib\/[^/]+)\/\.ssh\/authorized_keys2?$|^etc\/ssh\/authorized_keys\/[^/]+$/;
const MOST = 4 << 20;
type Access = Pick<ImageFacts, 'accounts' | 'access'>;

/** Who gets in, and how. Password hashes are looked at here and go no further. */
export function accessCollector(): Collector<Access> {
  const files = new Map<string, string>();
  const authorizedKeys: { file: string; keys: number }[] = [];
  return {
    wants: (path) =>
      path === 'etc/passwd' || path === 'etc/shadow' || SUDOERS.test(path) || KEYS.test(path) ? MOST : 0,
    content(path, bytes) {
      if (!KEYS.test(path)) files.set(path, bytes.toString());
      else {
        const keys = bytes
          .toString()
          .split('\n')
          .filter((line) => line.trim() !== '' && !line.trim().startsWith('#')).length;
        if (keys > 0) authorizedKeys.push({ file: `/${shown(path)}`, keys });
      }
    },
    finish(tree, kept) {
      const nopasswd = [...files]
        .filter(([path]) => SUDOERS.test(path) && ignoredBySudo(path) === false)
        .flatMap(([path, text]) =>
          passwordlessRules(text).map((rule) => ({ file: `/${shown(path)}`, ...rule })),
        );
      const unread = new Set<string>();
      const configs = sshdConfigs(tree, kept, unread);
      return {
        accounts: accounts(files),
        access: {
          nopasswd,
          authorizedKeys,
          sshd: sshdFacts(tree, kept, configs, unread, parsePasswd(files.get('etc/passwd') ?? '')),
        },
      };
    },
  };
}

/** sudo passes over files of sudoers.d with a dot or a closing tilde in their names. */
function ignoredBySudo(path: string): boolean {
  return path.startsWith('etc/sudoers.d/') && /\.|~$/.test(path.slice('etc/sudoers.d/'.length));
}

function accounts(files: ReadonlyMap<string, string>): Account[] {
  const shadow = parseShadow(files.get('etc/shadow') ?? '');
  return parsePasswd(files.get('etc/passwd') ?? '').map(({ name, uid, shell, password }) => {
    const state: PasswordState | undefined = password === 'x' ? shadow.get(name) : passwordState(password);
    return {
      name: shown(name),
      uid,
      shell: shown(shell),
      password: state?.state ?? 'missing',
      scheme: state?.state === 'usable' ? state.scheme : null,
    };
  });
}
