import { createHash } from 'node:crypto';
import { json, type Reply, refuse, removed, text } from '../reply.ts';
import { API, type Call, type Route } from '../route.ts';
import { fieldsOf, REQUIRED, wrongField, wrongForm } from './fields.ts';
import { nextId, type SshKey } from './state.ts';

const TYPES = [
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'sk-ecdsa-sha2-nistp256@openssh.com',
  'sk-ssh-ed25519@openssh.com',
  'ssh-dss',
  'ssh-ed25519',
  'ssh-rsa',
];
const SOURCES = new Map([
  ['lp', 'Launchpad'],
  ['gh', 'Github'],
]);
/** The account that is on neither Launchpad nor GitHub; every other name has one key. */
export const NO_SUCH_USER = 'no-such-user';

export const sshKeyRoutes: Route[] = [
  {
    path: 'account/prefs/sshkeys/',
    operations: {
      GET: { kind: 'sshkeys', run: (call) => json(200, own(call).map(shown)) },
      POST: { kind: 'sshkey-create', run: create },
      'POST import': { kind: 'sshkey-import', run: importKeys },
    },
  },
  {
    path: 'account/prefs/sshkeys/{id}/',
    operations: {
      GET: { kind: 'sshkey-read', for: 'maas command', run: (call) => json(200, shown(found(call))) },
      DELETE: { kind: 'sshkey-delete', run: remove },
    },
  },
];

const shown = ({ id, key, keysource }: SshKey) => ({
  id,
  key,
  keysource,
  resource_uri: `${API}account/prefs/sshkeys/${id}/`,
});

const own = ({ world, user }: Call) =>
  world.store.state.site.sshKeys.filter((key) => key.user === user.username);

function found({ world, at }: Call): SshKey {
  return (
    world.store.state.site.sshKeys.find(({ id }) => String(id) === at.id) ??
    refuse(404, 'No SSHKey matches the given query.')
  );
}

async function create(call: Call): Promise<Reply> {
  const fields = await fieldsOf(call);
  const key = fields.text('key') || wrongField('key', REQUIRED);
  const normal = normalised(key);
  if (own(call).some((other) => other.key === normal && other.keysource === ''))
    wrongForm('This key has already been added for this user.');
  const made = await add(call, normal, '');
  return json(201, { id: made.id, key: made.key, keysource: null });
}

async function add({ world, user }: Call, key: string, keysource: string): Promise<SshKey> {
  const { site } = world.store.state;
  const made = { id: nextId(site, 'sshKey'), user: user.username, key, keysource };
  site.sshKeys.push(made);
  await world.store.save();
  return made;
}

/** Type, data and comment with single spaces, as MAAS keeps it; only the type and the data are looked at. */
function normalised(key: string): string {
  const parts = key.trim().split(/\s+/);
  const bad = (why: string): never => wrongField('key', `Invalid SSH public key: ${why}`);
  if (parts.length < 2)
    bad(
      `Key should contain 2 or more space separated parts (key type, base64-encoded key, optional comments), not ${parts.length}: ${key}`,
    );
  const [type, data] = parts as [string, string];
  if (!TYPES.includes(type)) bad(`Key type ${type} not recognised; it should be one of: ${TYPES.join(' ')}`);
  const blob = Buffer.from(data, 'base64');
  const length = blob.length >= 4 ? blob.readUInt32BE(0) : 0;
  if (blob.subarray(4, 4 + length).toString() !== type) bad('Key could not be converted to RFC4716 form.');
  return parts.join(' ');
}

async function importKeys(call: Call): Promise<Reply> {
  const keysource = (await fieldsOf(call)).text('keysource');
  if (keysource === undefined)
    return refuse(400, 'Importing SSH keys failed. Input needs to be in protocol:auth_id or auth_id format.');
  const [protocol, name] = keysource.includes(':') ? keysource.split(':', 2) : ['lp', keysource];
  const title =
    SOURCES.get(protocol as string) ?? wrongField('protocol', `Value '${protocol}' is not a valid choice.`);
  if (name === NO_SUCH_USER)
    return text(400, `Unable to import SSH keys. ${title} user ${name} doesn't exist.`);
  const source = `${protocol}:${name}`;
  const there = own(call).filter((key) => key.keysource === source);
  const keys = there.length ? there : [await add(call, keyOf(source), source)];
  return json(200, keys.map(shown));
}

/** A key of the right shape that is always the same for one account. */
export function keyOf(source: string): string {
  const type = Buffer.from('ssh-ed25519');
  const point = createHash('sha256').update(source).digest();
  const sized = (part: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, part.length]), part]);
  return `ssh-ed25519 ${Buffer.concat([sized(type), sized(point)]).toString('base64')} ${source}`;
}

async function remove(call: Call): Promise<Reply> {
  const { store } = call.world;
  const key = found(call);
  if (key.user !== call.user.username) refuse(403, "Can't delete a key you don't own.");
  store.state.site.sshKeys = store.state.site.sshKeys.filter((other) => other !== key);
  await store.save();
  return removed();
}
