import ssh2 from 'ssh2';

type Options = { comment: string } | { passphrase: string; cipher: string; rounds: number };

/** An Ed25519 key pair that can be read. Of 256 that ssh2 1.17 makes one cannot: it drops a first byte of zero. */
export function keyPair(options?: Options) {
  const passphrase = options && 'passphrase' in options ? options.passphrase : undefined;
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519', options);
    if (!(ssh2.utils.parseKey(pair.private, passphrase) instanceof Error)) return pair;
  }
}
