/** The variables by which a tool learns of the site's proxy. */
export const PROXY_VARIABLES = [
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
];

/** The part of our environment that a tool inherits; everything else (keys, tokens) is withheld. */
const ALLOWED = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'XDG_CACHE_HOME',
  'XDG_RUNTIME_DIR',
  'XDG_STATE_HOME',
  ...PROXY_VARIABLES,
];

/** The environment of a tool: the allowed part of ours, and what is added for it. */
export function toolEnvironment(added: Record<string, string> = {}): Record<string, string> {
  const env: Record<string, string> = { LC_ALL: 'C.UTF-8' };
  for (const name of ALLOWED) if (process.env[name] !== undefined) env[name] = process.env[name] as string;
  return Object.assign(env, added);
}
