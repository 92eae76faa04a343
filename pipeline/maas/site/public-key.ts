/** Key types that MAAS takes. */
const TYPES = [
  'ssh-ed25519',
  'ssh-rsa',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'sk-ssh-ed25519@openssh.com',
  'sk-ecdsa-sha2-nistp256@openssh.com',
  'ssh-dss',
];

/** Why a text is not a public key in OpenSSH's form; undefined when it is one. Never repeats what may be a private one. */
export function keyProblem(text: string): string | undefined {
  if (/PRIVATE KEY/.test(text)) return 'this is a private key; use the public key';
  const [type = '', data = ''] = text.trim().split(/\s+/);
  if (/\n/.test(text.trim())) return 'a public key is one line';
  if (!TYPES.includes(type)) return `it does not start with a key type (${TYPES.slice(0, 3).join(', ')}, …)`;
  const blob = Buffer.from(data, 'base64');
  const length = blob.length > 4 ? blob.readUInt32BE(0) : 0;
  // The type stands once more inside, with its length before it.
  const inside = blob.subarray(4, 4 + length).toString();
  if (inside !== type || blob.length <= 4 + length) return 'its second part is not the data of such a key';
  return undefined;
}

/** Type and data: what makes two keys the same, whatever their comments. */
export function keyIdentity(text: string): string {
  return text.trim().split(/\s+/).slice(0, 2).join(' ');
}

/** The key as a person knows it: type, the end of its data, comment. */
export function keyName(text: string): string {
  const [type = '', data = '', ...comment] = text.trim().split(/\s+/);
  return [type, `…${data.slice(-12)}`, ...comment].join(' ');
}
