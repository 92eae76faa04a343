import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SandboxError } from './error.ts';

/** Somebody who may call: the parts of the API key, and for MAAS 3.8's v3 API a password. */
export interface User {
  id: number;
  username: string;
  admin: boolean;
  consumerKey: string;
  tokenKey: string;
  tokenSecret: string;
  password: string;
}

export interface Users {
  admin: User;
  user: User;
  /** The files that hold the two keys, mode 0600. */
  files: { admin: string; user: string };
}

const ALPHABET = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789';
const SHAPE = /^([A-Za-z0-9]{18}):([A-Za-z0-9]{18}):([A-Za-z0-9]{32})$/;

const letters = (count: number) =>
  Array.from(randomBytes(count), (byte) => ALPHABET[byte % ALPHABET.length]).join('');

export const keyOf = (user: User) => `${user.consumerKey}:${user.tokenKey}:${user.tokenSecret}`;

/**
 * The two accounts of a sandbox: made at the first start, kept beside its data.
 * @param adminKey replaces the administrator's key for this run; not written.
 */
export function loadUsers(dir: string, adminKey?: string): Users {
  const files = { admin: join(dir, 'api-key'), user: join(dir, 'api-key-not-admin') };
  return {
    admin: account(1, 'admin', true, adminKey ?? kept(files.admin), kept(join(dir, 'password'), letters(24))),
    user: account(2, 'user', false, kept(files.user), kept(join(dir, 'password-not-admin'), letters(24))),
    files,
  };
}

function kept(file: string, fresh = `${letters(18)}:${letters(18)}:${letters(32)}`): string {
  if (!existsSync(file)) writeFileSync(file, `${fresh}\n`, { mode: 0o600, flag: 'wx' });
  return readFileSync(file, 'utf8').trim();
}

function account(id: number, username: string, admin: boolean, key: string, password: string): User {
  const [, consumerKey, tokenKey, tokenSecret] = SHAPE.exec(key) ?? [];
  if (!consumerKey || !tokenKey || !tokenSecret)
    throw new SandboxError('API_KEY_INVALID', 'The sandbox key does not have the form of a MAAS API key', {
      hint: 'It is three parts of 18, 18 and 32 letters and digits, joined by colons.',
    });
  return { id, username, admin, consumerKey, tokenKey, tokenSecret, password };
}
