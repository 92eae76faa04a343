/** The meaning of ssh's last lines for somebody who waits for a machine. */
export type SshFailure =
  /** Nobody answers yet, or not to the end. */
  | 'unreachable'
  /** The other side answers and takes none of our keys. */
  | 'denied'
  /** A host key is not the one that was pinned. */
  | 'host-key'
  /** The key here is the problem: unreadable, too open, a passphrase that nobody can type. */
  | 'own-key'
  /** Nothing known: as good as unreachable. */
  | 'unknown';

const SIGNS: readonly [RegExp, SshFailure][] = [
  [/REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed/i, 'host-key'],
  [
    /UNPROTECTED PRIVATE KEY|bad permissions|invalid format|error in libcrypto|incorrect passphrase/i,
    'own-key',
  ],
  [/Identity file .* not accessible|no such identity/i, 'own-key'],
  [/Permission denied|Too many authentication failures/i, 'denied'],
  [
    /Connection (refused|timed out|closed|reset)|Operation timed out|No route to host|unreachable|Could not resolve|banner exchange|kex_exchange|stdio forwarding failed|Broken pipe|not responding/i,
    'unreachable',
  ],
];

/** Reads ssh's stderr; the gravest sign in it counts. */
export function sshFailureOf(stderr: string): SshFailure {
  return SIGNS.find(([sign]) => sign.test(stderr))?.[1] ?? 'unknown';
}
