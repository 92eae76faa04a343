import { sshdSettings } from '../../parsers/sshd-config.ts';
import type { Collector } from '../collector.ts';
import type { ImageFacts } from '../facts.ts';
import { Accounts, type CredentialFacts, credentialFacts } from './accounts.ts';
import { consoleLogins } from './console-logins.ts';
import { type Grant, grants } from './grants.ts';
import { type KeyFile, KeyFiles } from './keys.ts';
import { type SshdFacts, sshdConfigs, sshdFacts } from './sshd.ts';
import { type SudoFacts, sudoFacts } from './sudo.ts';

export interface AccessFacts {
  sudo: SudoFacts;
  keys: KeyFile[];
  credentials: CredentialFacts;
  grants: Grant[];
  sshd: SshdFacts;
}

const MOST_KEYS = 1 << 20;

/** Accounts with access, and how. Password hashes and keys are examined here and not passed on. */
export function accessCollector(): Collector<Pick<ImageFacts, 'accounts' | 'access'>> {
  const keys = new KeyFiles();
  return {
    wants: (path) => (keys.wants(path) ? MOST_KEYS : 0),
    content: (path, bytes) => keys.content(path, bytes),
    finish(tree, files) {
      const accounts = new Accounts(files);
      const unread = new Set<string>();
      const configs = sshdConfigs(tree, files, unread);
      const patterns = configs.flatMap((config) => {
        const settings = sshdSettings(config, 'authorizedkeysfile');
        // Without a general setting sshd's default holds beside those of Match blocks.
        const general = settings.some((s) => s.match === null || s.match.length === 0);
        return [...(general ? [] : DEFAULT_KEYS), ...settings.flatMap((s) => s.values)];
      });
      return {
        accounts: [...accounts.facts],
        access: {
          sudo: sudoFacts(tree, files, accounts),
          keys: keys.find([...new Set(patterns)], accounts.passwd, tree, files),
          credentials: credentialFacts(files),
          grants: [...grants(files), ...consoleLogins(files)],
          sshd: sshdFacts(tree, files, configs, unread, accounts.passwd),
        },
      };
    },
  };
}

const DEFAULT_KEYS = ['.ssh/authorized_keys', '.ssh/authorized_keys2'];
