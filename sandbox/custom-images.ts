import { createHash, createHmac } from 'node:crypto';
import type { SandboxContext } from './context.ts';
import { FILETYPES, LONGEST_NAME, type NewImage } from './form.ts';
import type { User } from './keys.ts';
import { json, type Reply, ReplyError } from './reply.ts';
import { addImage, findUploaded } from './resources.ts';
import type { Call, Route } from './route.ts';
import { type Resource, UPLOADED } from './store.ts';
import { isSupported, RESERVED } from './systems.ts';

const V3 = '/MAAS/a/v3';

/** MAAS 3.8's second door: a whole image in one request, with a bearer token (an API key is not taken there). */
export const customImageRoutes: Route[] = [
  {
    path: `${V3}/auth/login`,
    anonymous: true,
    operations: { POST: { kind: 'login', run: login } },
  },
  {
    path: `${V3}/custom_images`,
    authenticate: bearer,
    operations: { GET: { kind: 'stream-list', run: list }, POST: { kind: 'stream', run: stream } },
  },
];

const MESSAGES: Record<number, string> = {
  400: 'Bad request.',
  401: 'Unauthorized.',
  403: 'Forbidden.',
  409: 'The request could not be completed due to a conflict with an existing resource.',
  422: 'Failed to validate the request.',
};

interface Detail {
  type: string;
  message: string;
  field?: string;
  location?: string;
}

function fail(status: number, detail: Detail): never {
  throw new ReplyError(
    json(status, { kind: 'Error', code: status, message: MESSAGES[status], details: [detail] }),
  );
}

const invalid = (field: string, message: string): never =>
  fail(422, { type: 'InvalidArgumentViolation', message, field, location: 'header' });

/** A token that needs no memory: it stands as long as the password does. */
function tokenOf(user: User): string {
  const body = Buffer.from(JSON.stringify({ sub: user.username, iss: 'MAAS' })).toString('base64url');
  return `${body}.${createHmac('sha256', user.password).update(body).digest('base64url')}`;
}

async function login({ world, body }: Call): Promise<Reply> {
  const fields = (await body.form()) ?? {};
  const users = [world.users.admin, world.users.user];
  const user = users.find(
    (known) => known.username === fields.username && known.password === fields.password,
  );
  if (!user)
    return fail(401, {
      type: 'UnexistingUserOrInvalidCredentialsViolation',
      message: 'The credentials are not matching or the user does not exist',
    });
  return json(200, { kind: 'Tokens', token_type: 'bearer', access_token: tokenOf(user) });
}

function bearer(world: SandboxContext, headers: Call['headers']): User {
  const [, token] = /^bearer (.+)$/i.exec(headers.authorization ?? '') ?? [];
  if (token === undefined)
    fail(401, { type: 'NotAuthenticatedViolation', message: 'The endpoint requires authentication.' });
  const user = [world.users.admin, world.users.user].find((known) => tokenOf(known) === token);
  return user ?? fail(400, { type: 'InvalidTokenViolation', message: 'Could not decode the token.' });
}

/** One page of the uploaded images: ?page= from 1, ?size=. */
function list({ world, url }: Call): Reply {
  const page = Number(url.searchParams.get('page') ?? 1);
  const size = Number(url.searchParams.get('size') ?? 20);
  const all = world.store.state.resources.filter((resource) => resource.type === UPLOADED);
  const next = page * size < all.length ? `${V3}/custom_images?page=${page + 1}&size=${size}` : null;
  return json(200, {
    items: all.slice((page - 1) * size, page * size).map(show),
    total: all.length,
    next,
    kind: 'ImageList',
  });
}

async function stream({ world, headers, body, user }: Call): Promise<Reply> {
  if (!user.admin)
    fail(403, { type: 'MissingPermissionViolation', message: 'Missing permissions to access the endpoint.' });
  const image = imageOf(world, headers, body.length);
  if (findUploaded(world, image.name, image.architecture))
    fail(409, {
      type: 'UniqueConstraintViolation',
      message: 'A resource with such identifiers already exist.',
    });
  const hash = createHash('sha256');
  const file = await body.intoFile(world.spool, (part) => hash.update(part));
  if (hash.digest('hex') !== image.sha256)
    fail(400, {
      type: 'InvalidArgumentViolation',
      message: `Provided SHA256 does not match calculated one. Make sure the file uploaded has the SHA256 equal to '${image.sha256}'`,
    });
  const resource = await addImage(world, image, file);
  return json(201, show(resource), { etag: `"${image.sha256}"` });
}

/** The metadata headers; underscores in names are hyphens there, and nginx would drop them anyway. */
function imageOf(world: SandboxContext, headers: Call['headers'], size: number): NewImage {
  const header = (name: string): string =>
    headers[name] ??
    fail(422, { type: 'missing', message: 'Field required', field: name, location: 'header' });
  const name = cleanName(world, header('name'));
  const sha256 = header('sha256');
  const architecture = header('architecture').trim().toLowerCase();
  if (!/^[a-z0-9]+\/[a-z0-9.-]+/.test(architecture))
    invalid('architecture', "Not a valid architecture string, needs to be in form '<arch>/<subarch>'");
  if (!world.architectures.includes(architecture))
    invalid('architecture', `${architecture} is not a valid usable architecture`);
  const filetype =
    FILETYPES.get(headers['file-type'] ?? 'tgz') ??
    invalid('file-type', `Input should be ${[...FILETYPES.keys()].map((type) => `'${type}'`).join(', ')}`);
  return {
    name,
    architecture,
    title: headers.title ?? '',
    filetype,
    sha256,
    size,
    baseImage: cleanBaseImage(world, name, headers['base-image'] ?? ''),
    keepOld: false,
  };
}

/** Unlike the older door it leaves "custom/" in the name. */
function cleanName(world: SandboxContext, name: string): string {
  const { osystems } = world.traits;
  const [osystem = '', release] = name.split('/');
  if (name.length > LONGEST_NAME) invalid('name', `${name.slice(0, 20)}… is too long`);
  if (release !== undefined && osystem === 'ubuntu')
    invalid('name', "To upload an Ubuntu custom image you have to specify 'custom' as the OS");
  if (release !== undefined && !osystems.includes(osystem))
    invalid(
      'name',
      `Unsupported operating system ${osystem}, supported operating systems: ${osystems.join(', ')}`,
    );
  if (osystems.includes(name) || RESERVED.has(name) || /^centos\d\d?$/.test(name))
    invalid('name', `${name} is a reserved name`);
  return name;
}

function cleanBaseImage(world: SandboxContext, name: string, given: string): string {
  if (name.includes('/') && !name.startsWith('custom/')) return '';
  if (given === '') return 'ubuntu/jammy';
  const [osystem, series, ...rest] = given.toLowerCase().split('/');
  if (osystem === undefined || series === undefined || rest.length > 0)
    return invalid('base_image', 'Base image must be in the format: <osystem>/<version>');
  if (!world.traits.linux.includes(osystem))
    invalid(
      'base_image',
      `Custom images require a valid non-custom OS type base image: ${osystem} is invalid.`,
    );
  if (!isSupported(osystem, series)) invalid('base_image', `Unsupported base image ${osystem}/${series}`);
  return `${osystem}/${series}`;
}

function show(resource: Resource) {
  const [os, release] = resource.name.includes('/') ? resource.name.split('/') : ['custom', resource.name];
  return {
    _links: { self: { href: `${V3}/custom_images/${resource.id}` } },
    kind: 'Image',
    id: resource.id,
    os,
    release,
    title: resource.title || `${os} ${release}`,
    architecture: resource.architecture.split('/')[0],
  };
}
